"""The one error every load problem is reported as."""


class ModelError(RuntimeError, ValueError):
    """A model cannot be found, downloaded, read or run; the message is one sentence that names the next step."""

"""Downloads one file of a Hugging Face repository into a model folder, whole or not at all.

huggingface_hub says where a file lies, signs in and transfers; `hf_hub_download` itself is not called, since it leaves a
`.cache` folder among ComfyUI's models, takes a progress callback in its newest releases only, and compares no SHA-256.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..geometry.progress import OnProgress
from .model_error import ModelError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1 << 22


def download(repository: str, filename: str, target: Path, on_progress: OnProgress | None = None) -> Path:
    """Fetches `filename` of a hub repository to `target` and returns it; on_progress(bytes done, bytes in all).

    An earlier, interrupted download is continued. `target` appears once the size, and the SHA-256 where the hub gives
    one, are right. HF_TOKEN (or a stored login), HF_ENDPOINT and HF_HUB_OFFLINE are honoured. What on_progress raises
    stops the download and passes through. Raises ModelError for everything else that can go wrong.
    """
    hub = _import_hub()
    if _is_offline(hub):
        raise ModelError(
            f"{repository} is not on this machine and HF_HUB_OFFLINE is set: unset it, or put {filename} "
            f"from https://huggingface.co/{repository} at {target}."
        )
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    url = hub.hf_hub_url(repository, filename, endpoint=endpoint)
    with _explained(hub, repository, filename, target):
        token = hub.get_token()
        metadata = hub.get_hf_file_metadata(url, token=token)
        if metadata.commit_hash is None:
            raise ModelError(
                f"What answered for {repository} is not a Hugging Face hub: check HF_ENDPOINT and the proxy."
            )
        headers = hub.utils.build_hf_headers(token=token)
        if _host(metadata.location) != _host(url):
            # The file lies on a storage service with a signed address, which must not see the token.
            headers.pop("authorization", None)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{_short(metadata.etag)}.partial")
        with _quiet(hub) if on_progress else contextlib.nullcontext():
            _fetch(metadata, headers, partial, on_progress)
        _verify(partial, metadata, target)
        os.replace(partial, target)
    return target


def _fetch(metadata: Any, headers: dict[str, str], partial: Path, on_progress: OnProgress | None) -> None:
    from huggingface_hub.file_download import http_get

    done = partial.stat().st_size if partial.exists() else 0
    if metadata.size is not None:
        if done > metadata.size:
            partial.unlink()
            done = 0
        free = shutil.disk_usage(partial.parent).free
        if free < metadata.size - done:
            raise OSError(errno.ENOSPC, f"{metadata.size - done:,} bytes needed, {free:,} free")
        if done == metadata.size:
            return
    with _ReportingFile(partial, metadata.size or 0, on_progress) as file:
        http_get(metadata.location, file, resume_size=done, headers=headers, expected_size=metadata.size)


def _verify(partial: Path, metadata: Any, target: Path) -> None:
    size = partial.stat().st_size
    if metadata.size is not None and size != metadata.size:
        raise ModelError(
            f"The download of {target.name} stopped at {size:,} of {metadata.size:,} bytes: "
            "load the model again to continue it."
        )
    if not _SHA256.fullmatch(metadata.etag or ""):
        return
    digest = hashlib.sha256()
    with partial.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != metadata.etag:
        partial.unlink()
        raise ModelError(
            f"The download of {target.name} was damaged on the way (SHA-256 differs): load the model again."
        )


class _ReportingFile(io.FileIO):
    """Appends to the partial file and says how far it has come."""

    def __init__(self, path: Path, total: int, on_progress: OnProgress | None):
        super().__init__(path, "ab")
        self._total, self._on_progress = total, on_progress

    def write(self, data: ReadableBuffer, /) -> int:
        count = super().write(data)
        if self._on_progress is not None:
            done = self.tell()
            self._on_progress(done, max(self._total, done))
        return count


@contextlib.contextmanager
def _explained(hub: Any, repository: str, filename: str, target: Path) -> Iterator[None]:
    """Turns what the hub, the network and the disk raise into one sentence each."""
    page = f"https://huggingface.co/{repository}"
    by_hand = f"download {filename} from {page} by hand to {target}"
    try:
        yield
    except hub.utils.GatedRepoError as error:
        if hub.get_token() is None:
            raise ModelError(
                f"{repository} is gated and no Hugging Face token is set: ask for access on {page}, "
                "then set HF_TOKEN or run `hf auth login`."
            ) from error
        raise ModelError(
            f"{repository} is gated and your Hugging Face account has not been given access: "
            f"accept its terms on {page} and try again when the request is granted."
        ) from error
    except hub.utils.EntryNotFoundError as error:
        raise ModelError(f"{repository} has no file {filename}: check the repository name on {page}.") from error
    except hub.utils.RepositoryNotFoundError as error:
        raise ModelError(
            f"{repository} does not exist on the hub or is private to others: check the name, or set HF_TOKEN of an "
            f"account that can open {page}."
        ) from error
    except hub.utils.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no answer")
        if status in (401, 403):
            raise ModelError(
                f"The hub refused {repository} (HTTP {status}): check that HF_TOKEN is valid, or unset it."
            ) from error
        raise ModelError(
            f"The hub could not give {repository} (HTTP {status}): try again later, or {by_hand}."
        ) from error
    except ModelError:
        raise
    except (*_transport_errors(), OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                f"The disk of {target.parent} has no room for {target.name} ({error.strerror}): "
                "free some space and try again."
            ) from error
        if isinstance(error, PermissionError):
            raise ModelError(
                f"{target.parent} is not writable: choose another model folder or change its permissions."
            ) from error
        if "onsistency check" in str(error):
            raise ModelError(
                f"The download of {target.name} was cut short: load the model again to continue it."
            ) from error
        raise ModelError(
            f"The hub cannot be reached for {repository} ({type(error).__name__}): check the network and the proxy, "
            f"set HF_ENDPOINT to a mirror, or {by_hand}."
        ) from error


@contextlib.contextmanager
def _quiet(hub: Any) -> Iterator[None]:
    """Without the hub's own progress bar, where the caller shows one."""
    if hub.utils.are_progress_bars_disabled():
        yield
        return
    hub.utils.disable_progress_bars()
    try:
        yield
    finally:
        hub.utils.enable_progress_bars()


def _import_hub() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.utils
    except ImportError as error:
        raise ModelError(
            "Downloading needs the Python package huggingface_hub: run `pip install huggingface_hub`."
        ) from error
    return huggingface_hub


def _is_offline(hub: Any) -> bool:
    switched_off = os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}
    return switched_off or bool(hub.constants.HF_HUB_OFFLINE)


def _transport_errors() -> tuple[type[BaseException], ...]:
    # huggingface_hub has changed its HTTP client twice; only the errors of the first, requests, are OSErrors.
    return tuple(sys.modules[name].TransportError for name in ("httpx", "httpx2") if name in sys.modules)


def _host(url: str) -> str:
    return url.split("/")[2] if "//" in url else ""


def _short(etag: str | None) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", etag or "")[:16] or "unknown"

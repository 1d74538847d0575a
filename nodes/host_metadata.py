"""The workflow and prompt that made a file, as ComfyUI's own savers keep them; nothing where it runs with --disable-metadata."""

from __future__ import annotations

import json

from comfy_api.latest import io


def workflow_texts(node: type[io.ComfyNode]) -> dict[str, str]:
    """What goes into a node's files by name, JSON each: `prompt`, and what the page sends along, such as `workflow`."""
    from comfy.cli_args import args

    hidden = getattr(node, "hidden", None)
    if args.disable_metadata or hidden is None:
        return {}
    prompt, more = getattr(hidden, "prompt", None), getattr(hidden, "extra_pnginfo", None)
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    return texts | {name: json.dumps(value) for name, value in (more or {}).items()}

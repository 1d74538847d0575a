"""The weight file as the pack ships it: float16 safetensors with a name, a version and a date."""

from __future__ import annotations

import datetime
from pathlib import Path

import torch
from safetensors.torch import save_file

NETWORK, VERSION = "sam3d-geometry-preview", "2"
LARGEST_BYTES = 10_000_000


def save_weights(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write `state` as float16; the file appears whole. Raises ValueError when a weight does not fit float16."""
    half = {name: value.detach().cpu().half().contiguous() for name, value in state.items()}
    broken = [name for name, value in half.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise ValueError(f"The weights {', '.join(broken)} are not finite in float16: train again with a smaller rate.")
    metadata = {"network": NETWORK, "version": VERSION, "date": datetime.date.today().isoformat(), "format": "pt"}
    part = path.with_suffix(".part")
    save_file(half, part, metadata=metadata)
    if part.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"The weight file is {part.stat().st_size} bytes; at most {LARGEST_BYTES} may ship.")
    part.replace(path)

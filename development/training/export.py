"""The weight file as the pack ships it: float16 safetensors with a name, a version, a date and its layout."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from sam3d_geometry.models.preview_layout import LAYOUT_KEY, VERSION_2, PreviewLayout

NETWORK = "sam3d-geometry-preview"
LARGEST_BYTES = 20_000_000


def save_weights(state: dict[str, torch.Tensor], path: Path, layout: PreviewLayout) -> None:
    """Write `state` as float16; the file appears whole. Raises ValueError when a weight does not fit float16."""
    half = {name: value.detach().cpu().half().contiguous() for name, value in state.items()}
    broken = [name for name, value in half.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise ValueError(f"The weights {', '.join(broken)} are not finite in float16: train again with a smaller rate.")
    metadata = {
        "network": NETWORK,
        "version": "2" if layout == VERSION_2 else "3",
        "date": datetime.date.today().isoformat(),
        "format": "pt",
        LAYOUT_KEY: json.dumps(asdict(layout)),
    }
    part = path.with_suffix(".part")
    save_file(half, part, metadata=metadata)
    if part.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"The weight file is {part.stat().st_size} bytes; at most {LARGEST_BYTES} may ship.")
    part.replace(path)

"""The photos that come with the pack: something to look at before one's own are loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

FOLDER = Path(__file__).parents[2] / "docs" / "photos"
EXAMPLE_PHOTOS = {
    "temple": "temple.jpg",
    "astronaut": "astronaut.jpg",
    "cat": "cat.jpg",
    "coffee": "coffee.jpg",
    "rocket": "rocket.jpg",
    "balloon": "layers/balloon.png",
    "mannequins": "people/mannequins.jpg",
    "mug": "mug/*.webp",  # all of one size
    "single mug": "mug/01.webp",
}


def read_example(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (B, H, W, 3) float32 in [0, 1] and transparency (B, H, W), 1 where they are transparent, of an example.

    Colours are as the file has them, also where they are transparent: as a layer's edge needs them. ValueError for a name that
    is none, FileNotFoundError in one sentence where the pack came without its photos.
    """
    if name not in EXAMPLE_PHOTOS:
        raise ValueError(f"Input example came as {name!r}; one of {', '.join(EXAMPLE_PHOTOS)} is needed.")
    paths = sorted(FOLDER.glob(EXAMPLE_PHOTOS[name]))
    if not paths:
        raise FileNotFoundError(
            f"The example photo {FOLDER / EXAMPLE_PHOTOS[name]} is missing; install the pack again with its folder docs/photos, or use "
            "Load Image."
        )
    pictures = torch.from_numpy(np.stack([_four_channels(path) for path in paths]))
    return pictures[..., :3].contiguous(), 1 - pictures[..., 3]


def _four_channels(path: Path) -> np.ndarray:
    """(H, W, 4) float32 in [0, 1]."""
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGBA"), dtype=np.float32) / 255

"""The photos that come with the pack: something to look at before one's own are loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

FOLDER = Path(__file__).parents[2] / "docs" / "photos"
EXAMPLES = {
    "temple": "temple.jpg",
    "astronaut": "astronaut.jpg",
    "cat": "cat.jpg",
    "coffee": "coffee.jpg",
    "rocket": "rocket.jpg",
    "balloon": "layers/balloon.png",
    "mannequins": "people/mannequins.jpg",
}


def read_example(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Image (1, H, W, 3) float32 in [0, 1] and transparency (1, H, W), 1 where it is transparent, of an example.

    Colours are as the file has them, also where they are transparent: as a layer's edge needs them. ValueError for a name that
    is none, FileNotFoundError in one sentence where the pack came without its photos.
    """
    if name not in EXAMPLES:
        raise ValueError(f"Input example came as {name!r}; one of {', '.join(EXAMPLES)} is needed.")
    path = FOLDER / EXAMPLES[name]
    if not path.is_file():
        raise FileNotFoundError(
            f"The example photo {path} is missing; install the pack again with its folder docs/photos, or use Load Image."
        )
    with Image.open(path) as opened:
        rgba = np.asarray(opened.convert("RGBA"), dtype=np.float32) / 255
    picture = torch.from_numpy(rgba)[None]
    return picture[..., :3].contiguous(), 1 - picture[..., 3]

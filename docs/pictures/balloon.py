"""The pictures that Load Example gives, and the balloon among them, which is drawn here.

python docs/pictures/balloon.py    draws docs/photos/layers/balloon.png
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageDraw
from sheet import PHOTOS, sheet

from sam3d_geometry.files.example_photos import EXAMPLE_PHOTOS, read_example

SIZE = (480, 640)  # width, height
FINER = 4  # drawn larger and averaged down, so that its edges are smooth
GORES = 16
COLOURS = np.array([[0.86, 0.16, 0.13], [0.98, 0.79, 0.24], [0.13, 0.34, 0.62], [0.96, 0.94, 0.88]])
LIGHT = np.array([-0.45, -0.55, 0.70]) / np.linalg.norm([-0.45, -0.55, 0.70])  # from the upper left, from in front


def balloon() -> Image.Image:
    """RGBA picture of SIZE; the balloon fills its height."""
    width, height = SIZE[0] * FINER, SIZE[1] * FINER
    y, x = np.mgrid[0:height, 0:width]
    x = (x + 0.5) / width * 1.5 - 0.75
    y = (y + 0.5) / height * 2.0 - 0.66
    # the envelope: a sphere above, drawn out to its mouth below
    radius = np.where(y < 0, np.sqrt(np.clip(0.62**2 - y**2, 0, None)), 0.62 * np.cos(np.clip(y, 0, 0.9) / 0.9 * 1.42))
    inside = (np.abs(x) < radius) & (y > -0.62) & (y < 0.88)
    across = np.clip(x / np.maximum(radius, 1e-6), -1, 1)
    toward = np.sqrt(1 - across**2)
    slope = np.gradient(radius, axis=0) * height / 2.0
    normal = np.stack([across, -slope, toward], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    gore = (np.floor((np.arcsin(across) / np.pi + 0.5) * GORES)).astype(int) % len(COLOURS)
    bulge = np.abs(np.sin((np.arcsin(across) + np.pi / 2) * GORES)) ** 0.5
    shade = 0.35 + 0.65 * np.clip(normal @ LIGHT, 0, 1)
    colour = COLOURS[gore] * (shade * (0.86 + 0.14 * bulge))[..., None]
    rgba = np.concatenate([np.clip(colour, 0, 1), inside[..., None]], -1)
    picture = Image.fromarray((rgba * 255 + 0.5).astype(np.uint8), "RGBA")
    _hang_basket(ImageDraw.Draw(picture), width, height)
    premultiplied = picture.convert("RGBa").resize(SIZE, Image.Resampling.BOX)
    return premultiplied.convert("RGBA")


def _hang_basket(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """Ropes and basket below the mouth of the envelope."""
    middle, mouth, rim, bottom = width // 2, int(0.765 * height), int(0.875 * height), int(0.975 * height)
    for x in (-1.0, -0.4, 0.4, 1.0):
        draw.line([(middle + x * 0.05 * width, mouth), (middle + x * 0.075 * width, rim)], (70, 52, 38, 255), FINER)
    half = int(0.08 * width)
    draw.rounded_rectangle([middle - half, rim, middle + half, bottom], 4 * FINER, (138, 92, 50, 255))
    for row in range(rim + 5 * FINER, bottom - 2 * FINER, 6 * FINER):
        draw.line([(middle - half, row), (middle + half, row)], (108, 70, 36, 255), FINER)
    draw.rounded_rectangle([middle - half, rim, middle + half, rim + 5 * FINER], 2 * FINER, (92, 58, 30, 255))


def load_example() -> Image.Image:
    """All examples beside each other, the transparent one over gray."""
    panels = {}
    for name in EXAMPLE_PHOTOS:
        image, transparency = read_example(name)
        panels[name] = torch.lerp(image, torch.full_like(image, 0.35), transparency[..., None])
    return sheet(panels, columns=3, aspect=4 / 3)


PICTURES: dict[str, Callable[[], Image.Image]] = {"load_example": load_example}

if __name__ == "__main__":
    balloon().save(PHOTOS / "layers" / "balloon.png", optimize=True)

"""Crops of free photos as surface textures: those that ship in scikit-image and scikit-learn, never the test photo."""

from __future__ import annotations

import logging

import numpy as np
import torch
from PIL import Image

log = logging.getLogger(__name__)

# stereo_motorcycle is what the network is judged by and must never be seen in training
SKIMAGE_NAMES = (
    "astronaut", "brick", "camera", "cat", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass", "gravel",
    "hubble_deep_field", "immunohistochemistry", "moon", "page", "rocket", "text",
)  # fmt: skip
SKLEARN_NAMES = ("china.jpg", "flower.jpg")


def source_photos() -> dict[str, np.ndarray]:
    """The photos (H, W, 3) uint8 that the installed packages hold without a download, by name."""
    import skimage.data

    found = {}
    for name in SKIMAGE_NAMES:
        try:
            photo = getattr(skimage.data, name)()
        except (FileNotFoundError, ModuleNotFoundError, OSError, ValueError) as error:
            log.info("scikit-image's %s is not in the installed package: %s", name, error)
            continue
        found[name] = np.repeat(photo[..., None], 3, -1) if photo.ndim == 2 else photo[..., :3]
    try:
        from sklearn.datasets import load_sample_image
    except ModuleNotFoundError:
        log.warning("scikit-learn is not installed: its two photos are missing from the textures.")
        return found
    for name in SKLEARN_NAMES:
        found[name.split(".")[0]] = load_sample_image(name)
    return found


def photo_textures(count: int = 384, size: int = 160, seed: int = 0) -> torch.Tensor:
    """Random square crops, recoloured and turned, as linear RGB (count, 3, size, size) float32 in [0, 1]."""
    random = np.random.default_rng(seed)
    sources = list(source_photos().values())
    textures = np.empty((count, size, size, 3), np.float32)
    for index in range(count):
        photo = sources[index % len(sources)]
        height, width = photo.shape[:2]
        side = int(min(height, width) * random.uniform(0.25, 1.0))
        top, left = random.integers(height - side + 1), random.integers(width - side + 1)
        crop = Image.fromarray(photo[top : top + side, left : left + side]).resize(
            (size, size), Image.Resampling.BICUBIC
        )
        texture = (np.asarray(crop, np.float32) / 255) ** 2
        if index >= len(sources):
            texture = np.rot90(
                texture[..., random.permutation(3)] * random.uniform(0.6, 1.4, 3), int(random.integers(4))
            )
        textures[index] = texture.clip(0, 1)
    return torch.from_numpy(textures).permute(0, 3, 1, 2).contiguous()

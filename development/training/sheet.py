"""A sheet of photos beside the depth that networks give them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from sam3d_geometry.estimate.inference import AS_GIVEN, infer_pointmap
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.models.geometry_model import GeometryModel

from .known_pictures import motorcycle

SKIMAGE_PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "brick", "gravel", "clock")
SKLEARN_PHOTOS = ("china.jpg", "flower.jpg")
TILE = (240, 320)


def sheet_photos() -> dict[str, np.ndarray]:
    """Varied photos that ship in scikit-image and, where it is installed, scikit-learn."""
    import skimage.data

    photos = {name: getattr(skimage.data, name)() for name in SKIMAGE_PHOTOS}
    photos["motorcycle"] = motorcycle().photo
    if importlib.util.find_spec("sklearn"):
        from sklearn.datasets import load_sample_image

        photos.update({name: load_sample_image(name) for name in SKLEARN_PHOTOS})
    return {name: np.repeat(p[..., None], 3, -1) if p.ndim == 2 else p[..., :3] for name, p in photos.items()}


def disparity_tile(model: GeometryModel, photo: np.ndarray) -> np.ndarray:
    """The disparity of a photo by a model, colored (H, W, 3) uint8, black where it says sky."""
    pointmap = infer_pointmap(model, torch.from_numpy(photo)[None].float() / 255, refine_edges=AS_GIVEN)
    mask, disparity = pointmap.mask[0].numpy(), 1 / pointmap.depth[0].clamp_min(1e-6).numpy()
    low, high = np.percentile(disparity[mask], [1, 99]) if mask.any() else (0.0, 1.0)
    value = torch.from_numpy(((disparity - low) / max(high - low, 1e-9)).clip(0, 1))[None].float()
    return (apply_colormap(value, "inferno")[0].numpy() * mask[..., None] * 255).astype(np.uint8)


def write_sheet(models: list[GeometryModel], path: Path, photos: dict[str, np.ndarray] | None = None) -> None:
    """A picture of photos (left) and the disparity of each model (columns), in two halves side by side."""
    rows = []
    for photo in (photos or sheet_photos()).values():
        tiles = [photo, *(disparity_tile(model, np.array(photo)) for model in models)]
        rows.append(np.concatenate([np.asarray(Image.fromarray(tile).resize(TILE[::-1])) for tile in tiles], 1))
    half = (len(rows) + 1) // 2
    rows += [np.zeros_like(rows[0])] * (2 * half - len(rows))
    Image.fromarray(np.concatenate([np.concatenate(rows[:half]), np.concatenate(rows[half:])], 1)).save(path)

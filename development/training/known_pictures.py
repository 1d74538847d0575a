"""Pictures whose geometry is known and that no network here was trained on: measured photos and rendered scenes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

from .dataset import SKY
from .scores import Known

# of the Middlebury 2014 Motorcycle at a quarter of its size, as skimage.data.stereo_motorcycle documents it
MOTORCYCLE_FOCAL, MOTORCYCLE_CENTRE, MOTORCYCLE_OFFSET = 994.978, (311.193, 254.877), 31.086
# focal lengths and principal point of the depth camera in pixels of 640 x 480 (slambook, ch. 5, joinMap)
DINING_ROOM_CAMERA = (518.0, 519.0, 325.5, 253.5)
DINING_ROOM_FRAMES = 5
NEAREST_MEASURED, FARTHEST_MEASURED = 0.3, 7.0  # meters, between which the depth camera measures


def motorcycle() -> Known:
    """The one measured photo that needs no file: it lies in scikit-image's wheel (0.26)."""
    import skimage.data

    photo, _, disparity = skimage.data.stereo_motorcycle()
    valid = np.isfinite(disparity) & (disparity > 0)
    disparity = np.where(valid, disparity, 0)
    # the two pictures' principal points differ, by which disparity is less than that of infinity
    depth = np.where(valid, MOTORCYCLE_FOCAL / (disparity + MOTORCYCLE_OFFSET), 0)
    height, width = photo.shape[:2]
    (x, y), focal = MOTORCYCLE_CENTRE, MOTORCYCLE_FOCAL
    intrinsics = np.array([[focal / width, 0, x / width], [0, focal / height, y / height], [0, 0, 1]])
    return Known("motorcycle", photo, disparity, depth, valid, intrinsics)


def dining_room(folder: Path) -> list[Known]:
    """Frames with measured depth of a dining room: `color_N.png` and `depth_N.png` (millimeters), N from 1 to 5."""
    frames = []
    for number in range(1, DINING_ROOM_FRAMES + 1):
        photo = np.array(Image.open(folder / f"color_{number}.png").convert("RGB"))
        depth = np.asarray(Image.open(folder / f"depth_{number}.png")).astype(np.float64) / 1000
        valid = (depth > NEAREST_MEASURED) & (depth < FARTHEST_MEASURED)
        height, width = depth.shape
        fx, fy, cx, cy = DINING_ROOM_CAMERA
        intrinsics = np.array([[fx / width, 0, (cx + 0.5) / width], [0, fy / height, (cy + 0.5) / height], [0, 0, 1]])
        depth = np.where(valid, depth, 0)
        frames.append(Known(f"dining room {number}", photo, _inverse(depth), depth, valid, intrinsics))
    return frames


def held_out(folder: Path) -> list[Known]:
    """Rendered pictures of the shards in a folder, whose seeds were not trained on."""
    pictures = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as shard:
            parts = [shard[name] for name in ("images", "log_depths", "focals", "seeds")]
        for image, log_depth, focal, seed in zip(*parts):
            valid = log_depth > SKY / 2
            depth = np.where(valid, np.exp(np.where(valid, log_depth, 0).astype(np.float64)), 0)
            height, width = depth.shape
            pixels = float(focal) * 0.5 * math.hypot(height, width)
            intrinsics = np.array([[pixels / width, 0, 0.5], [0, pixels / height, 0.5], [0, 0, 1]])
            pictures.append(Known(f"scene {seed}", image, _inverse(depth), depth, valid, intrinsics))
    return pictures


def _inverse(depth: np.ndarray) -> np.ndarray:
    return np.where(depth > 0, 1 / np.maximum(depth, 1e-9), 0)

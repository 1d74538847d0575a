"""The geometry of a frame as named arrays, in one .npz file."""

from __future__ import annotations

from typing import BinaryIO

import numpy

from ..geometry.camera import unproject
from ..geometry.normals import normals_from_pointmap
from ..geometry.pointmap import Pointmap
from ..maps.depth import true_depth


def geometry_arrays(
    pointmap: Pointmap, normal_source: str = "auto", normal_smoothing: int = 0
) -> list[dict[str, numpy.ndarray]]:
    """Per frame, at the photo's size in OpenCV camera axes: points (H, W, 3), depth (H, W), mask (H, W), intrinsics
    (3, 3), normals (H, W, 3); float32, the mask bool; 0 where there is no geometry.
    """
    depth, mask = true_depth(pointmap)
    arrays = {
        "points": unproject(depth, pointmap.intrinsics),
        "depth": depth,
        "mask": mask,
        "intrinsics": pointmap.intrinsics,
        "normals": normals_from_pointmap(pointmap, normal_source, normal_smoothing)[0],
    }
    held = {name: value.cpu().numpy() for name, value in arrays.items()}
    return [{name: values[frame] for name, values in held.items()} for frame in range(len(pointmap))]


def write_arrays(arrays: dict[str, numpy.ndarray], file: BinaryIO) -> None:
    """Writes one frame's arrays as .npz, not packed: float noise hardly packs."""
    numpy.savez(file, **arrays)  # pyright: ignore[reportArgumentType]

"""The geometry of a frame as one EXR with all channels, as the command line writes it of a photo and of each frame of a clip."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

import torch

from ..geometry.pointmap import Pointmap
from ..geometry.resize import pointmap_at_image
from .depth_frame import AT_ZERO, frame_from_pointmap
from .exr import SHOW_DEPTH, ExrLayers, write_exr


def write_geometry_exr(
    pointmap: Pointmap,
    normals: torch.Tensor,
    file: BinaryIO,
    *,
    invalid_depth: str = AT_ZERO,
    pixel_aspect: float = 1.0,
) -> None:
    """Z, mask, N, P, and the depth again as R, G, B, at the photo's size, with unit and camera in the header.

    `pointmap` holds one frame, `normals` (1, H, W, 3) are at the photo's size; the rest is as `exr.write_exr` has it.
    """
    held = replace(frame_from_pointmap(pointmap_at_image(pointmap), normals=normals), image=None)
    layers = ExrLayers(position=True, picture=SHOW_DEPTH, invalid_depth=invalid_depth)
    write_exr(held, layers, file, pixel_aspect=pixel_aspect)

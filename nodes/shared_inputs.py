"""Inputs and conversions that nodes with distances share: the unit, and which way is up."""

from __future__ import annotations

import torch
from comfy_api.latest import io

from ..sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from ..sam3d_geometry.geometry.pointmap import Pointmap
from ..sam3d_geometry.geometry.scene_scale import LENGTH_UNITS
from .fields import advanced
from .sockets import require_option

UPRIGHT = ["ground of whole batch", "ground of each frame", "camera is level"]


def unit_input(lengths: str) -> io.Input:
    """The menu of units for the inputs named in `lengths`."""
    return io.Combo.Input(
        "unit",
        options=list(LENGTH_UNITS),
        default=LENGTH_UNITS[0],
        tooltip=f"What {lengths} count in. scene depth: 1 is the median depth of all frames, for any model; units: "
        "the pointmap's unit, which is the metre for metric models (MoGe 2, 3) and unknown for others.",
    )


def upright_input() -> io.Input:
    """The menu of ways to find out which way is up."""
    return advanced(
        io.Combo.Input(
            "upright",
            options=UPRIGHT,
            default=UPRIGHT[0],
            tooltip="Which way is up. From the ground, once for the whole batch (steady) or for each frame (moving camera); or "
            "take the camera to be level.",
        )
    )


def upright_rotation(pointmap: Pointmap, upright: str) -> torch.Tensor:
    """world_from_camera (B, 3, 3) by the choice of `upright_input`."""
    require_option("upright", upright, UPRIGHT)
    if upright == UPRIGHT[2]:
        return world_from_pitch_roll(0.0, 0.0, len(pointmap))
    return level_world(pointmap, shared=upright == UPRIGHT[0])

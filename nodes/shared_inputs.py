"""Inputs that several nodes share in one wording, and which way is up."""

from __future__ import annotations

import torch
from comfy_api.latest import io

from ..sam3d_geometry.geometry.gravity import DOUBTFUL, find_up, world_from_pitch_roll
from ..sam3d_geometry.geometry.pointmap import Pointmap
from . import host
from .fields import field
from .sockets import require_option
from .vocabulary import VOCABULARY

GROUND_WHOLE_CLIP, GROUND_PER_FRAME, CAMERA_LEVEL, PITCH_AND_ROLL = UP = VOCABULARY["up"].options
UP_AS_SEEN = (GROUND_WHOLE_CLIP, GROUND_PER_FRAME, CAMERA_LEVEL)
UP_BY_ANGLES = (GROUND_WHOLE_CLIP, GROUND_PER_FRAME, PITCH_AND_ROLL)


def photo_input() -> io.Input:
    """The optional photo or clip at full size."""
    return field(
        "image",
        "The photo or clip at full size, one picture for each frame or one for all. Without it the pointmap's own, smaller "
        "picture is used.",
        optional=True,
    )


def up_input() -> io.Input:
    """The menu of ways to find out which way is up, without angles that the user has to know."""
    return field(
        "up",
        "Which way is up. ground whole clip: by the ground, once (steady); ground per frame: for a moving camera; camera "
        "level: the camera was held level.",
        options=UP_AS_SEEN,
        is_advanced=True,
    )


def ground_rotation(pointmap: Pointmap, shared: bool = True, source: str = "auto") -> torch.Tensor:
    """world_from_camera (B, 3, 3) as the geometry tells it; the page says it where that is doubtful."""
    found = find_up(pointmap, shared, source)
    worst = int(found.confidence.argmin())
    if float(found.confidence[worst]) < DOUBTFUL:
        advice = "Look at Pointmap Info; where this is wrong, set up to camera level or to pitch and roll."
        host.notify_once(f"Which way is up is {found.word(worst)}", f"{found.describe(worst)}. {advice}")
    return found.world_from_camera


def up_rotation(pointmap: Pointmap, up: str) -> torch.Tensor:
    """world_from_camera (B, 3, 3) by the choice of `up_input`."""
    require_option("up", up, UP_AS_SEEN)
    if up == CAMERA_LEVEL:
        return world_from_pitch_roll(0.0, 0.0, len(pointmap))
    return ground_rotation(pointmap, shared=up == GROUND_WHOLE_CLIP)


def up_rotation_by_angles(
    pointmap: Pointmap, up: str, pitch_degrees: float, roll_degrees: float, source: str
) -> torch.Tensor:
    """world_from_camera (B, 3, 3) by one of UP_BY_ANGLES; the ground is found with the normals of `source`."""
    require_option("up", up, UP_BY_ANGLES)
    if up == PITCH_AND_ROLL:
        return world_from_pitch_roll(pitch_degrees, roll_degrees, len(pointmap))
    return ground_rotation(pointmap, shared=up == GROUND_WHOLE_CLIP, source=source)


def smoothing_input(default: int | None = None, is_advanced: bool = False) -> io.Input:
    """How far the geometry is averaged before its surfaces are looked at."""
    return field(
        "smoothing",
        "Radius in pointmap pixels over which the geometry is averaged first (0 to 64), never across edges. Raise it for noisy "
        "geometry (16 for the built-in preview).",
        default=default,
        is_advanced=is_advanced,
    )


def follow_surface_input() -> io.Input:
    """Whether what is placed by a surface stays where the first frame put it."""
    return field(
        "follow_surface",
        "For clips. On: what is placed by surface follows what is seen at x, y. Off: it stays where the first frame put it.",
        is_advanced=True,
    )


def fill_holes_input() -> io.Input:
    """What becomes of places that only the new camera sees."""
    return field(
        "fill_holes",
        "On: what becomes visible is painted with the surface behind it. Off: it stays black, for an inpainting model that "
        "takes the mask.",
    )


def edge_margin_input() -> io.Input:
    """How much of the blurred outline of the foreground is painted over beside a hole."""
    return field(
        "edge_margin",
        "Pixels behind depth edges that are painted over beside a hole (0 to 64), because their colors are mixed. Raise it "
        "where an outline of the foreground stays behind.",
        is_advanced=True,
    )


def sharpen_edges_input() -> io.Input:
    """Whether blurred depth edges become steps."""
    return field(
        "sharpen_edges",
        "Turns blurred depth edges into steps, so that nothing is stretched. Off for exact depth.",
        is_advanced=True,
    )


def render_quality_input() -> io.Input:
    """Whether an effect is computed at the photo's size or quickly at half of it."""
    return field(
        "render_quality",
        "final: at the photo's size. draft: at half its width and height, for turning knobs, in a fourth to three fourths of the "
        "time; all outputs come at that size.",
        optional=True,
    )

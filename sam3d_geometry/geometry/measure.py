"""Lengths in a pointmap, and the scale that makes a known one come out right."""

from __future__ import annotations

from dataclasses import replace

import torch

from .picking import PICK_RADIUS, Place, pick
from .pointmap import Pointmap
from .transform import scale_pointmap


def length_between(pointmap: Pointmap, first: Place, second: Place, radius: int = PICK_RADIUS) -> torch.Tensor:
    """The straight distance (B,) between the surfaces at two places (x, y), in the pointmap's unit; see `picking.pick`."""
    ends = [pick(pointmap, place, radius).points() for place in (first, second)]
    distance = (ends[0] - ends[1]).norm(dim=-1)
    if not bool((distance > 0).all()):
        raise ValueError(
            f"Both places, x {first[0]:g}, y {first[1]:g} and x {second[0]:g}, y {second[1]:g}, are the same; pick two that lie "
            "apart."
        )
    return distance


def metric_pointmap(pointmap: Pointmap, measured: float | torch.Tensor, metres: float) -> tuple[Pointmap, torch.Tensor]:
    """The pointmap in metres, given that what measures `measured` (one number or (B,)) in it is `metres` long; the scale too.

    One measurement gives the whole batch one scale; one per frame gives each frame its own.
    """
    lengths = torch.as_tensor(measured, dtype=torch.float32, device=pointmap.device).reshape(-1)
    if not 0 < metres < float("inf") or not bool((torch.isfinite(lengths) & (lengths > 0)).all()):
        raise ValueError(
            f"The known length came as {metres:g} m and measures {lengths.tolist()} in the pointmap; both must be greater than 0."
        )
    scale = metres / lengths
    return replace(scale_pointmap(pointmap, scale), metric=True), scale


def scale_from_known_length(
    pointmap: Pointmap,
    length_m: float,
    *,
    places: tuple[Place, Place],
    frame: int | None = 0,
    radius: int = PICK_RADIUS,
    measured: float = 0.0,
) -> tuple[Pointmap, torch.Tensor]:
    """The pointmap in metres, given the real distance in metres between two places (x, y in shares), and the scale (1 or B,).

    The places are picked in `frame`, which scales the whole clip, or for None in every frame, each with its own scale.
    `measured` above 0 is the same distance in the pointmap's unit, in place of the places.
    """
    if not measured and frame is not None and frame >= len(pointmap):
        raise ValueError(f"Frame {frame} was asked of a pointmap of {len(pointmap)} frames; choose a lower frame.")
    picked = pointmap if frame is None or measured else pointmap[frame]
    length = measured or length_between(picked, *places, radius)
    return metric_pointmap(pointmap, length, length_m)

"""Ring: cameras at equal steps about one object, as on a turntable. A guess, which the views say of themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from ..geometry.resize import resize_mask
from .camera_poses import turned_about
from .posed import Group, PosedViews
from .view import View

GUESSED_STEPS = "guessed: equal steps about the object, not found from the photos"
MIDDLE_BEHIND = 1.0  # of half the width between EXTENT: how far the middle of a ball lies behind its visible points
EXTENT = 0.05, 0.95  # of the points across, which are the object's


def guessed_ring(views: Sequence[View], sweep_degrees: float = 360.0, elevation_degrees: float = 0.0) -> PosedViews:
    """Views at equal steps about the object in their middle, which is as far from every camera.

    A sweep of a whole circle or more does not repeat its first view. Positive: the camera goes to its right; an object on a
    turntable then turns clockwise, seen from above. The cameras look down by `elevation_degrees`. The world is the first
    camera's. ValueError where no view has depth inside its mask.
    """
    if not views:
        raise ValueError("No photo came in; a ring needs at least one.")
    pivots, widths = zip(*(_middle_and_half_width(view) for view in views))
    usual = torch.stack(pivots).median(0).values
    width = float(torch.tensor(widths).median())
    middle = usual * (1 + MIDDLE_BEHIND * width / float(usual[2]))
    e = math.radians(elevation_degrees)
    up = torch.tensor([0.0, -math.cos(e), -math.sin(e)], dtype=torch.float64)
    steps = len(views) if abs(sweep_degrees) >= 360 else max(len(views) - 1, 1)
    placed = []
    for i, (view, pivot) in enumerate(zip(views, pivots)):
        rotation = turned_about(up, sweep_degrees * i / steps)
        pose = torch.eye(4, dtype=torch.float64)
        pose[:3, :3] = rotation
        pose[:3, 3] = middle - rotation @ middle
        scale = math.log(float(usual[2]) / float(pivot[2]))
        placed.append(
            replace(view, world_from_camera=pose, log_scale=scale, state="guessed", reason=GUESSED_STEPS, group=0)
        )
    group = Group.without_points(tuple(range(len(views))))
    return PosedViews(tuple(placed), (group,), source="a guess: a ring of equal steps")


def _middle_and_half_width(view: View) -> tuple[torch.Tensor, float]:
    """Median of the object's visible points (3,) float64, and half its width, in the pointmap's unit."""
    pointmap = view.pointmap
    inside = pointmap.mask[0]
    if view.mask is not None:
        inside = inside & resize_mask(view.mask[None], pointmap.size)[0]
    points = pointmap.points[0][inside].double()
    if not len(points):
        raise ValueError(f"View {view.name} has no depth inside its mask; give it another mask or another pointmap.")
    low, high = torch.quantile(points[:: max(1, len(points) // 100_000), 0], torch.tensor(EXTENT, dtype=torch.float64))
    return points.median(0).values, float(high - low) / 2

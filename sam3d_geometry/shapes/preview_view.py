"""Preview view: from where a viewer shows a shape made of a photo whole, near the photo's camera but not from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

# to the right of the photo's camera: enough to see relief, near enough to know the photo again
PREVIEW_TURN_DEGREES = 25.0
PREVIEW_RISE_DEGREES = 12.0
FIELD_DEGREES = 35.0  # vertical field of view of ComfyUI's viewers, whose pictures are square until they are dragged
SHAPE_ROOM = 1.1  # of the frame around the shape
OUTSIDE_SHARE = 0.01  # of the points, at each end, which may fall outside the frame
MOST_POINTS = 100_000  # more are thinned out: the frame does not change by a pixel

PreviewFit = Literal["as it is", "size 5 on the floor", "unit sphere"]
PREVIEW_SIZE = 5.0


@dataclass(frozen=True)
class PreviewView:
    """Where a viewer stands and what it looks at, (3,) float64 each, y up and z toward the viewer as in glTF."""

    position: torch.Tensor
    target: torch.Tensor


def preview_view(points: torch.Tensor, fit: PreviewFit = "as it is") -> PreviewView:
    """Points (N, 3) in OpenCV camera axes -> the view that has all but OUTSIDE_SHARE of them in its frame.

    `fit` says what the viewer does to a shape before it shows it: nothing; `size 5 on the floor`: scales its longest edge to 5
    and puts it centred on y = 0; `unit sphere`: moves the middle of its box to the origin and scales the farthest point to 1.
    The view is given in the axes after that.
    """
    if len(points) == 0:
        raise ValueError("A view was asked of a shape without points; at least one is needed.")
    all_points = points.detach().cpu().double() * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
    low, high = all_points.amin(0), all_points.amax(0)
    thinned = all_points[:: max(1, len(all_points) // MOST_POINTS)]
    right, up, toward = _axes()
    along = torch.stack([thinned @ right, thinned @ up, thinned @ toward], -1)
    ends = torch.quantile(along, torch.tensor([OUTSIDE_SHARE, 1 - OUTSIDE_SHARE], dtype=torch.float64), dim=0)
    middle = ends.mean(0)
    inside = ((along >= ends[0]) & (along <= ends[1])).all(-1)
    offset = (along[inside] if inside.any() else along) - middle
    reach = offset[:, :2].abs().amax(-1) / math.tan(math.radians(FIELD_DEGREES) / 2) + offset[:, 2]
    span = float((high - low).norm()) or 1.0
    distance = max(float(reach.max()) * SHAPE_ROOM, 1e-3 * span)
    target = middle @ torch.stack([right, up, toward])
    scale, shift = _fitted(all_points, low, high, fit)
    return PreviewView(target * scale + shift + toward * distance * scale, target * scale + shift)


def _axes() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Right, up and toward the viewer, unit vectors (3,) in glTF axes."""
    turn, rise = math.radians(PREVIEW_TURN_DEGREES), math.radians(PREVIEW_RISE_DEGREES)
    toward = torch.tensor(
        [math.sin(turn) * math.cos(rise), math.sin(rise), math.cos(turn) * math.cos(rise)], dtype=torch.float64
    )
    right = torch.tensor([math.cos(turn), 0.0, -math.sin(turn)], dtype=torch.float64)
    return right, torch.linalg.cross(toward, right), toward


def _fitted(points: torch.Tensor, low: torch.Tensor, high: torch.Tensor, fit: PreviewFit) -> tuple[float, torch.Tensor]:
    """Scale and shift (3,) of what a viewer does to points (N, 3) between `low` and `high` (glTF axes)."""
    middle = (low + high) / 2
    if fit == "size 5 on the floor":
        scale = PREVIEW_SIZE / (float((high - low).max()) or PREVIEW_SIZE)
        return scale, -scale * torch.stack([middle[0], low[1], middle[2]])
    if fit == "unit sphere":
        scale = 1.0 / (float((points - middle).norm(dim=-1).max()) or 1.0)
        return scale, -scale * middle
    return 1.0, torch.zeros(3, dtype=torch.float64)

"""Free space: whether what one photo of a pair sees would stand where the other one sees through, or outside of its object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from ..geometry.camera import unproject
from ..geometry.resize import resize_mask
from ..geometry.widening import widened
from .view import View

FLOATING = 0.15  # of the depth, by which a point stands before what the other photo sees there
STEP_LONG_EDGE = 96  # pixels at which depth is held against depth
OUTLINE = 0.03  # of the long edge, by which masks and depth may miss the outline
LEAST_SEEN = 60  # points that land in the other photo


def violated(views: tuple[View, View], move: numpy.ndarray, log_scales: Sequence[float]) -> float:
    """Share of what one photo sees, the greater of both ways, that would float before what the other sees or beside its object.

    `move` is second_from_first (4, 4); `log_scales` bring both pointmaps' depth to its unit. nan where too little of either lands
    in the other.
    """
    there, back = move, numpy.linalg.inv(move)
    ways = [_one_way(views[k], views[1 - k], (there, back)[k], (log_scales[k], log_scales[1 - k])) for k in (0, 1)]
    told = [way for way in ways if numpy.isfinite(way)]
    return max(told, default=float("nan"))


def _one_way(view: View, other: View, move: numpy.ndarray, log_scales: tuple[float, float]) -> float:
    points, _ = _object_points(view)
    points = points * numpy.exp(log_scales[0]) @ move[:3, :3].T + move[:3, 3]
    depth = other.pointmap.depth[0].double().numpy() * numpy.exp(log_scales[1])
    height, width = depth.shape
    ahead = points[:, 2] > 1e-9
    plane = points[ahead] @ other.intrinsics.numpy().T
    uv = plane[:, :2] / plane[:, 2:]
    inside = ((uv >= 0) & (uv < 1)).all(1)
    if inside.sum() < LEAST_SEEN:
        return float("nan")
    column, row = (uv[inside] * [width, height]).astype(int).T
    z = plane[inside, 2]
    seen = depth[row, column]
    floats = (seen > 0) & (z < seen * (1 - FLOATING))
    if view.mask is not None and other.mask is not None:
        return float((floats | ~_grown_mask(other)[row, column]).mean())
    return float(floats.sum() / max(int((seen > 0).sum()), 1))


def _object_points(view: View) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Points (N, 3) of what the view sees of the object, thinned, in its camera's axes at its present focal length, and depths."""
    depth = view.pointmap.depth.double()
    step = max(1, max(depth.shape[1:]) // STEP_LONG_EDGE)
    points = unproject(depth, view.intrinsics[None].double())[0]
    told = depth[0] > 0
    if view.mask is not None:
        told = told & resize_mask(view.mask[None], view.pointmap.size)[0]
    points, told = points[::step, ::step], told[::step, ::step]
    return points[told].numpy(), depth[0, ::step, ::step][told].numpy()


def _grown_mask(view: View) -> numpy.ndarray:
    """(h, w) the mask at the pointmap's size, grown by what outlines are uncertain by."""
    assert view.mask is not None
    mask = resize_mask(view.mask[None], view.pointmap.size).float()
    reach = max(1, round(OUTLINE * max(view.pointmap.size)))
    return widened(mask, reach)[0].numpy()

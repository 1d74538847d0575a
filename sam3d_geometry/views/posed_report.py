"""Posed report: which photos were placed, how well, and why the others were not, in words and as a table."""

from __future__ import annotations

import math

from ..geometry.camera import fov_degrees_from_intrinsics
from .posed import PosedViews
from .view import View


def posed_report(posed: PosedViews) -> str:
    """The result in words: a sentence for the set, then a line for each view, in their order."""
    return "\n".join([_summary(posed), *(_line(posed, at) for at in range(len(posed.views)))])


def _summary(posed: PosedViews) -> str:
    placed, count = len(posed.placed), len(posed.views)
    words = [f"{placed} of {count} photos have a camera, from {posed.source}."]
    if len(posed.groups) > 1:
        named = "; ".join(", ".join(posed.views[at].name for at in group.members) for group in posed.groups)
        words.append(
            f"They are {len(posed.groups)} groups that do not connect: {named}. What follows takes the largest, which is the first."
        )
    elif placed:
        words.append("They are one group.")
    if posed.groups and math.isfinite(posed.groups[0].pixels):
        first = posed.groups[0]
        words.append(
            f"{len(first.points)} points fit to {first.pixels:.2g} pixels (median), and the pointmaps' depths lie within "
            f"{100 * first.depth_spread:.2g} % of them."
        )
    return " ".join(words)


def _line(posed: PosedViews, at: int) -> str:
    view = posed.views[at]
    if view.world_from_camera is None:
        return f"{view.name}: not placed, {view.reason or 'no reason given'}."
    words = [f"{view.name}: {view.state}, field of view {_fov_x(view):.1f} degrees across"]
    told = posed.placements.get(at)
    if told is not None:
        words.append(
            f"{told.tracks} points, direction known to {max(told.turn_degrees, 0.01):.2g} degrees and place to "
            f"{max(100 * told.place_share, 0.01):.2g} % of the depth"
        )
    if len(posed.groups) > 1:
        words.append(f"group {(view.group or 0) + 1}")
    if view.reason:
        words.append(view.reason)
    return ", ".join(words) + "."


def _fov_x(view: View) -> float:
    return float(fov_degrees_from_intrinsics(view.intrinsics[None])[0][0])

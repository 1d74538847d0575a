"""What the command for views says of a set: report.json, and the same in lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from ..files.camera_sets import PhotoCamera, pixel_intrinsics
from ..views.camera_errors import WRONG_DEGREES, WRONG_SHARE, CameraErrors, camera_errors, silently_wrong
from ..views.fuse import FusedSurface
from ..views.posed import PosedViews

DIGITS = 6


def finite(value: float) -> float | None:
    """A number as JSON has it: None for one that is none."""
    return round(float(value), DIGITS) if math.isfinite(value) else None


def posed_record(posed: PosedViews) -> dict[str, Any]:
    """Photos, groups and pairs of a set whose cameras were looked for."""
    photos = {}
    for at, view in enumerate(posed.views):
        entry: dict[str, Any] = {"state": view.state, "group": view.group}
        if view.world_from_camera is None:
            entry["reason"] = view.reason
        else:
            matrix = pixel_intrinsics(view)
            entry["focal_pixels"] = [finite(matrix[0, 0]), finite(matrix[1, 1])]
            if view.focal_spread is not None:
                entry["focal_spread"] = finite(view.focal_spread)
            if view.reason:
                entry["note"] = view.reason
        told = posed.placements.get(at)
        if told is not None:
            entry |= {"points": told.tracks, "fitting_share": finite(told.fit)}
            entry |= {"turn_degrees": finite(told.turn_degrees), "place_share_of_depth": finite(told.place_share)}
        photos[view.name] = entry
    groups = [
        {
            "photos": [posed.views[at].name for at in group.members],
            "points": len(group.points),
            "median_pixels": finite(group.pixels),
            "depth_spread": finite(group.depth_spread),
        }
        for group in posed.groups
    ]
    pairs = [
        {
            "photos": [pair.first, pair.second],
            "matches": pair.matches,
            "agreeing": pair.inliers,
            "turn_degrees": finite(pair.turn_degrees),
            "parallax_degrees": finite(pair.parallax_degrees),
            "not_used_because": pair.reason or None,
        }
        for pair in posed.pairs
    ]
    return {"photos": photos, "groups": groups, "pairs": pairs}


def posed_lines(posed: PosedViews) -> list[str]:
    """A sentence for the set, and one for every photo that has no place or a doubtful one."""
    placed, count = len(posed.placed), len(posed.views)
    lines = [f"{placed} of {count} photos have a camera."]
    if len(posed.groups) > 1:
        lines[0] += f" They are {len(posed.groups)} groups that do not connect; each has a world of its own."
    elif placed and posed.groups and math.isfinite(posed.groups[0].pixels):
        group = posed.groups[0]
        lines[0] += f" {len(group.points)} points fit to {group.pixels:.2g} pixels (median)."
    lines += [
        f"{view.name}: {'not placed, ' if view.state == 'not placed' else ''}{view.reason}."
        for view in posed.views
        if view.reason
    ]
    return lines


def surface_record(fused: FusedSurface) -> dict[str, Any]:
    """The fused surface in numbers."""
    fits = {
        fit.name: {
            "covered": finite(fit.covered),
            "median_distance": finite(fit.residual),
            "depth_spread": finite(fit.spread),
            "contradicted": finite(fit.contradicted),
        }
        for fit in fused.fits
    }
    seen = {name: finite(share) for name, share in fused.coverage.items()}
    return {
        "triangles": len(fused.mesh.faces),
        "voxel": finite(fused.voxel),
        "unit": "metre" if fused.mesh.metric else "unknown",
        "area": seen,
        "photos": fits,
    }


def errors_against(posed: PosedViews, truth: Mapping[str, PhotoCamera]) -> CameraErrors:
    """The errors of a set's cameras; ValueError where truth has none of its photos."""
    found, groups = {}, {}
    for view in posed.placed:
        assert view.world_from_camera is not None and view.group is not None
        found[view.name] = PhotoCamera(view.intrinsics.numpy(), view.world_from_camera.numpy())
        groups[view.name] = view.group
    return camera_errors(found, groups, truth, order=[view.name for view in posed.views])


def truth_record(errors: CameraErrors, posed: PosedViews, known: int) -> dict[str, Any]:
    """What `--truth` tells: silent failures first, then the errors over all pairs of one group and all cameras."""
    flagged = [view.name for view in posed.placed if view.reason]
    cameras = list(errors.cameras.values())
    path = errors.path or float("nan")
    return {
        "silent_failures": silently_wrong(errors, flagged),
        "silent_failure_is": f"placed without a warning, and over {WRONG_DEGREES:g} degrees or {WRONG_SHARE:.0%} of the extent of the "
        "true places off",
        "photos_with_truth": known,
        "compared": len(cameras),
        "pairs_compared": len(errors.pairs),
        "rotation_degrees": _median_mean_largest([pair.turn_degrees for pair in errors.pairs]),
        "direction_degrees": _median_mean_largest([pair.direction_degrees for pair in errors.pairs]),
        "centers_percent_of_path": _median_mean_largest([100 * camera.place / path for camera in cameras]),
        "centers": _median_mean_largest([camera.place for camera in cameras]),
        "focal_percent": _median_mean_largest([100 * abs(camera.focal_share) for camera in cameras]),
        "path": finite(errors.path),
        "extent": finite(errors.extent),
        "truth_from_found": {str(number): _similarity(fit) for number, fit in errors.fits.items()},
        "photos": {
            name: {
                "rotation_degrees": finite(camera.turn_degrees),
                "center": finite(camera.place),
                "focal_percent": finite(100 * camera.focal_share),
                "group": camera.group,
            }
            for name, camera in errors.cameras.items()
        },
        "pairs": [
            {
                "photos": [pair.first, pair.second],
                "rotation_degrees": finite(pair.turn_degrees),
                "direction_degrees": finite(pair.direction_degrees),
            }
            for pair in errors.pairs
        ],
    }


def _similarity(fit: Any) -> list[list[float]]:
    """(4, 4): scale times rotation, and shift."""
    matrix = numpy.eye(4)
    matrix[:3, :3], matrix[:3, 3] = fit.scale * fit.rotation, fit.shift
    return matrix.tolist()


def _median_mean_largest(values: Sequence[float]) -> dict[str, float | None]:
    told = [value for value in values if math.isfinite(value)]
    if not told:
        return {"median": None, "mean": None, "largest": None}
    return {
        "median": finite(float(numpy.median(told))),
        "mean": finite(float(numpy.mean(told))),
        "largest": finite(max(told)),
    }


def truth_lines(record: Mapping[str, Any]) -> list[str]:
    """The figures against truth, a line each."""
    silent = record["silent_failures"]
    named = f": {', '.join(silent)}" if silent else ""
    counts = f"of {record['compared']} cameras compared; {record['photos_with_truth']} photos have truth"
    lines = [f"Silent failures: {len(silent)}{named} ({counts})"]
    for key, name, unit in (
        ("rotation_degrees", "rotation between two photos", "degrees"),
        ("direction_degrees", "direction from one to the other", "degrees"),
        ("centers_percent_of_path", "places after a similarity", "% of the path"),
        ("focal_percent", "focal length", "%"),
    ):
        told = record[key]
        if told["median"] is not None:
            lines.append(f"  {name}: off by {told['median']:.3g} {unit} (median), {told['largest']:.3g} (largest)")
    return lines

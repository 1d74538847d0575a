"""What a pointmap's camera and geometry are, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..geometry.camera import fov_degrees_from_intrinsics
from ..geometry.gravity import Up, find_up
from ..geometry.pointmap import Pointmap
from ..geometry.resize import Size
from .depth import depth_range

# of the focal length's logarithm: worth a word; less than a usual lens tells
DOUBTFUL_SPREAD, GUESSED_SPREAD = 0.05, 0.4


@dataclass(frozen=True)
class Summary:
    """Numbers of every frame, each (B,): angles in degrees, focal length in pixels of the photo, depths in the pointmap's unit.

    fov_x, fov_y: of a centred camera of this focal length (an off-centre crop sees as wide, but not evenly to both sides);
    near, far: the range of valid depths (0 without geometry); valid: share of pixels that have geometry, 0 to 1; up: which
    way is up, one finding for all frames; fov_spread: as in Pointmap.
    """

    fov_x: torch.Tensor
    fov_y: torch.Tensor
    focal: torch.Tensor
    near: torch.Tensor
    far: torch.Tensor
    valid: torch.Tensor
    metric: bool
    size: Size
    source_size: Size
    up: Up
    fov_spread: torch.Tensor | None

    def focal_mm(self, sensor_width_mm: float) -> torch.Tensor:
        """Focal length (B,) in mm of the same view on a sensor `sensor_width_mm` wide."""
        if not sensor_width_mm > 0:
            raise ValueError(f"The sensor's width came as {sensor_width_mm} mm; it must be greater than 0.")
        return self.focal / self.source_size[1] * sensor_width_mm


def doubt_of_fov(fov_spread: float) -> str:
    """Words about a field of view that was found with that spread (see Pointmap), empty where it is as good as known."""
    if fov_spread < DOUBTFUL_SPREAD:
        return ""
    if fov_spread > GUESSED_SPREAD:
        return "that of a usual lens, for the scene is too flat to tell; set fov_x_degrees where you know it"
    return f"give or take {100 * fov_spread:.0f} %; set fov_x_degrees where you know it"


def summarise(pointmap: Pointmap, clip_percent: float = 0.5) -> Summary:
    """The numbers of a pointmap; `clip_percent` of the pixels are left out at each end of near and far."""
    fov_x, fov_y = fov_degrees_from_intrinsics(pointmap.intrinsics)
    shown = depth_range(pointmap, "per frame", clip_percent=clip_percent)
    return Summary(
        fov_x=fov_x,
        fov_y=fov_y,
        focal=pointmap.intrinsics[:, 0, 0] * pointmap.source_size[1],
        near=shown.near,
        far=shown.far,
        valid=pointmap.mask.flatten(1).float().mean(1),
        metric=pointmap.metric,
        size=pointmap.size,
        source_size=pointmap.source_size,
        up=find_up(pointmap),
        fov_spread=pointmap.fov_spread,
    )


def _range_text(values: torch.Tensor, unit: str, digits: int) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.{digits}f} to {high:.{digits}f} {unit}".rstrip()


def describe(summary: Summary, frame: int = 0, sensor_width_mm: float = 36.0) -> str:
    """A few lines of text about one frame, and the range over all of them where there are several."""
    frames = len(summary.fov_x)
    if not 0 <= frame < frames:
        raise ValueError(f"Frame {frame} was asked of a pointmap of {frames} frames; choose 0 to {frames - 1}.")
    unit = "m" if summary.metric else "units"
    (height, width), (source_height, source_width) = summary.size, summary.source_size
    focal_mm = summary.focal_mm(sensor_width_mm)
    doubt = "" if summary.fov_spread is None else doubt_of_fov(float(summary.fov_spread[frame]))
    doubt = doubt and f" ({doubt})"
    depth = "no geometry"
    if summary.far[frame] > 0:
        depth = f"{summary.near[frame]:.3g} to {summary.far[frame]:.3g} {unit}"
    lines = [
        f"photo {source_width} x {source_height} px, points {width} x {height}, {frames} frame{'s' * (frames > 1)}",
        f"field of view {summary.fov_x[frame]:.1f} x {summary.fov_y[frame]:.1f} degrees{doubt}",
        f"focal length {summary.focal[frame]:.1f} px, {focal_mm[frame]:.1f} mm at {sensor_width_mm:g} mm sensor width",
        f"depth {depth}",
        "unit: metres" if summary.metric else "unit: unknown scale (not metric)",
        f"geometry in {100 * summary.valid[frame]:.1f} % of the pixels",
        summary.up.describe(frame),
    ]
    if frames > 1:
        seen = summary.far > 0
        lines += [
            f"numbers above: frame {frame}; over all {frames} frames:",
            f"field of view x {_range_text(summary.fov_x, 'degrees', 1)}",
            f"focal length {_range_text(focal_mm, 'mm', 1)}",
            f"nearest {_range_text(summary.near[seen], unit, 2)}" if bool(seen.any()) else "nearest: no geometry",
            f"farthest {_range_text(summary.far[seen], unit, 2)}" if bool(seen.any()) else "farthest: no geometry",
            f"geometry in {_range_text(100 * summary.valid, '%', 1)} of the pixels",
        ]
    return "\n".join(lines)

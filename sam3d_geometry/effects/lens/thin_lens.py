"""The thin lens: how large the disc is that a point out of focus becomes.

A lens of focal length f and f-number N, focused on the plane z = s, draws a point at depth z as a disc of diameter

    c = f^2 / (N (s - f)) * (1 - s / z)

on the sensor, positive behind the plane of focus and negative in front of it (the disc is then upside down). The first factor
is the disc of a point at infinity. z and s are depths along the view axis, not distances along the ray: the surface of
sharp focus of a thin lens in front of a flat sensor is a plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...geometry.number_format import not_in_half
from ...geometry.pointmap import Pointmap

PERCENT, F_NUMBER = BLUR_BY = ("percent", "f-number")
NEAREST_FOCUS = 1.05  # focal lengths; closer than about this a photographic lens cannot focus


def focal_mm_from_intrinsics(
    intrinsics: torch.Tensor, focus: torch.Tensor, sensor_width_mm: float = 36.0
) -> torch.Tensor:
    """Focal length in mm (B,) of the lens that sees this field of view when focused at `focus` (B,) metres.

    The picture's intrinsics (B, 3, 3) hold the distance from lens to sensor, v; the lens has 1 / f = 1 / v + 1 / focus.
    """
    sensor_mm = intrinsics[:, 0, 0] * sensor_width_mm
    return 1 / (1 / sensor_mm + 1 / (focus.to(sensor_mm) * 1000))


def infinity_blur(
    focus: torch.Tensor, focal_mm: float | torch.Tensor, f_number: float, sensor_width_mm: float = 36.0
) -> torch.Tensor:
    """Diameter (B,), as a share of the picture's width, of the disc that a point at infinity becomes.

    `focus` (B,) is in metres, `focal_mm` a number or (B,). Errors when the focus is nearer than the lens can be set to.
    """
    if not (f_number > 0 and sensor_width_mm > 0):
        raise ValueError(
            f"f_number came as {f_number:g} and sensor_width_mm as {sensor_width_mm:g}; both must be greater than 0."
        )
    focal = torch.as_tensor(focal_mm, dtype=focus.dtype, device=focus.device).expand_as(focus)
    focus_mm = focus * 1000
    if not bool((focal > 0).all()) or bool((focus_mm < NEAREST_FOCUS * focal).any()):
        raise ValueError(
            f"A lens of {float(focal.max()):g} mm cannot be focused at {float(focus.min()):g} m; give a farther focus or a "
            "shorter focal_mm, which must be greater than 0."
        )
    return focal.square() / (f_number * (focus_mm - focal)) / sensor_width_mm


def blur_at_infinity(
    pointmap: Pointmap, focus: torch.Tensor, f_number: float, focal_mm: float = 0.0, sensor_width_mm: float = 36.0
) -> torch.Tensor:
    """`infinity_blur` (B,) for a metric pointmap; a `focal_mm` of 0 is the lens that sees the pointmap's field of view."""
    if not pointmap.metric:
        raise ValueError(
            "A lens with an f-number needs distances in metres, and this pointmap has none: set blur_by to "
            "percent, or load a moge-2 or moge-3 model."
        )
    focal = focal_mm if focal_mm > 0 else focal_mm_from_intrinsics(pointmap.intrinsics, focus, sensor_width_mm)
    return infinity_blur(focus, focal, f_number, sensor_width_mm)


@dataclass(frozen=True)
class Blur:
    """How strongly a lens blurs.

    by       "percent": `percent` is the diameter of the disc of a point at infinity, in percent of the picture's width;
             "f-number": what a real lens gives, which needs a metric pointmap
    f_number, focal_mm, sensor_width_mm   of that lens, see `blur_at_infinity`
    """

    by: str = PERCENT
    percent: float = 2.0
    f_number: float = 2.0
    focal_mm: float = 0.0
    sensor_width_mm: float = 36.0

    def at_infinity(self, pointmap: Pointmap, focus: torch.Tensor) -> torch.Tensor:
        """Diameter (B,), as a share of the picture's width, of the disc of a point at infinity with the focus (B,)."""
        if self.by not in BLUR_BY:
            raise ValueError(f"Input blur_by came as {self.by!r}; choose one of {', '.join(BLUR_BY)}.")
        if self.by == PERCENT:
            return focus.new_full((len(pointmap),), self.percent / 100)
        return blur_at_infinity(pointmap, focus, self.f_number, self.focal_mm, self.sensor_width_mm)


@not_in_half
def circle_of_confusion(
    depth: torch.Tensor, mask: torch.Tensor, focus: torch.Tensor, at_infinity: torch.Tensor
) -> torch.Tensor:
    """Signed diameter (B, H, W) of every pixel's disc in the unit of `at_infinity` (B,): > 0 behind the focus, < 0 in front of it.

    `depth` (B, H, W) is along z, in the unit of `focus` (B,); pixels without geometry (mask False) lie at infinity.
    """
    ratio = focus.to(depth)[:, None, None] / depth.clamp_min(torch.finfo(depth.dtype).tiny)
    ratio = torch.where(mask, ratio, 0).clamp_max(1e6)
    return (1 - ratio) * at_infinity.to(depth)[:, None, None]

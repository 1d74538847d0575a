"""Lengths in a scene: in the pointmap's unit, or as a share of the scene's median depth where the unit is unknown."""

from __future__ import annotations

from .pointmap import Pointmap

LENGTH_UNITS = ("scene depth", "units")
MAX_SAMPLES = 1 << 18  # pixels of a whole clip that the median is taken from


def median_depth(pointmap: Pointmap) -> float:
    """Median of the valid depths over all frames, in the pointmap's unit; 1 where no pixel is valid."""
    stride = max(1, int((pointmap.mask.numel() / MAX_SAMPLES) ** 0.5))
    depths = pointmap.depth[:, ::stride, ::stride][pointmap.mask[:, ::stride, ::stride]]
    if not depths.numel():
        depths = pointmap.depth[pointmap.mask]
    return float(depths.median()) if depths.numel() else 1.0


def length_in_units(pointmap: Pointmap, length: float, unit: str) -> float:
    """A length given in one of LENGTH_UNITS -> the pointmap's unit; ask it of the whole clip, so that frames agree."""
    if unit not in LENGTH_UNITS:
        raise ValueError(f"Input unit came as {unit!r}; choose one of {', '.join(LENGTH_UNITS)}.")
    return length * median_depth(pointmap) if unit == LENGTH_UNITS[0] else length


def require_metres(pointmap: Pointmap) -> None:
    """ValueError where lengths in metres were asked for and the pointmap's unit is not the metre."""
    if not pointmap.metric:
        raise ValueError(
            "Lengths in metres need distances in metres, and the model of this pointmap gives none: set unit to scene depth, or "
            "load a moge-2 or moge-3 model."
        )

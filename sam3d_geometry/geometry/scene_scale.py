"""How long a length is in a scene: in the pointmap's own unit, in metres, or as a share of the scene's depth.

The scene depth is one length for a whole clip. Ask for it, and turn every length into the pointmap's unit, before a clip is
taken apart into chunks, so that the same number is the same length in all frames.
"""

from __future__ import annotations

from .pointmap import Pointmap

SCENE_DEPTH, POINTMAP_UNIT, METRES = UNITS = ("scene depth", "pointmap unit", "metres")
MAX_MEDIAN_SAMPLES = 1 << 18  # pixels of a whole clip that the median is taken from: its error is below a thousandth


def scene_depth(pointmap: Pointmap) -> float:
    """Median of the valid depths over all frames, in the pointmap's unit; 1 where no pixel is valid."""
    stride = max(1, int((pointmap.mask.numel() / MAX_MEDIAN_SAMPLES) ** 0.5))
    depths = pointmap.depth[:, ::stride, ::stride][pointmap.mask[:, ::stride, ::stride]]
    if not depths.numel():
        depths = pointmap.depth[pointmap.mask]
    return float(depths.median()) if depths.numel() else 1.0


def unit_length(pointmap: Pointmap, unit: str) -> float:
    """The length of one of UNITS in the pointmap's unit; metres are refused where the pointmap is not metric."""
    if unit not in UNITS:
        raise ValueError(f"Input unit came as {unit!r}; choose one of {', '.join(UNITS)}.")
    if unit == METRES:
        require_metres(pointmap)
    return scene_depth(pointmap) if unit == SCENE_DEPTH else 1.0


def length_in_units(pointmap: Pointmap, length: float, unit: str) -> float:
    """A length given in one of UNITS -> the pointmap's unit."""
    return length * unit_length(pointmap, unit)


def require_metres(pointmap: Pointmap) -> None:
    """ValueError where lengths in metres were asked for and the pointmap's unit is not the metre."""
    if not pointmap.metric:
        raise ValueError(
            "Lengths in metres need distances in metres, and the model of this pointmap gives none: set unit to scene depth, or "
            "load a moge-2 or moge-3 model."
        )

"""HDR frames as sRGB ones, by tables: the curves of `tone_mapping` for every value that 16 bits have, computed once."""

from __future__ import annotations

from functools import cache

import numpy
import torch

from ..geometry.colour import eight_bit, light_from_pq, scene_light_from_hlg, srgb_from_linear
from ..geometry.tone_mapping import (
    HDR_SIGNALS,
    HLG,
    HLG_GAMMA,
    HLG_PEAK,
    PQ,
    SRGB_FROM_WIDE,
    WIDE_LUMINANCE,
    toned,
)

TABLE_STEPS = 1 << 16
SIGNAL_OF_TRC = {16: PQ, 18: HLG}  # FFmpeg's AVCOL_TRC_SMPTE2084 and AVCOL_TRC_ARIB_STD_B67


def srgb_pixels(signal: numpy.ndarray, kind: str) -> numpy.ndarray:
    """Signals (H, W, 3) uint16, full range, of one of HDR_SIGNALS in BT.2020 primaries -> sRGB (H, W, 3) uint8."""
    if kind not in HDR_SIGNALS:
        raise ValueError(f"HDR signal {kind!r} is not known; choose one of {', '.join(HDR_SIGNALS)}.")
    if kind == PQ:
        light = _toned_pq().take(signal)
    else:
        scene = _hlg_scene().take(signal)
        luminance = scene @ numpy.array(WIDE_LUMINANCE, numpy.float32)
        scene *= (luminance ** numpy.float32(HLG_GAMMA - 1))[..., None]
        light = _toned_by_root().take(_root(scene))
    light = light @ numpy.array(SRGB_FROM_WIDE, numpy.float32).T
    return _srgb_by_root().take(_root(light))


def _root(share: numpy.ndarray) -> numpy.ndarray:
    """Place of values in [0, 1], cut off beyond, in a table by their square root, which is finer where it is dark."""
    return (numpy.sqrt(share.clip(0, 1)) * (TABLE_STEPS - 1) + 0.5).astype(numpy.uint16)


def _table_steps() -> torch.Tensor:
    return torch.linspace(0, 1, TABLE_STEPS, dtype=torch.float64)


@cache
def _toned_pq() -> numpy.ndarray:
    return toned(light_from_pq(_table_steps())).float().numpy()


@cache
def _hlg_scene() -> numpy.ndarray:
    return scene_light_from_hlg(_table_steps()).float().numpy()


@cache
def _toned_by_root() -> numpy.ndarray:
    return toned(_table_steps() ** 2 * HLG_PEAK).float().numpy()


@cache
def _srgb_by_root() -> numpy.ndarray:
    return eight_bit(srgb_from_linear(_table_steps() ** 2)).numpy()

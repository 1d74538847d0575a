"""Daylight and lamps at random, and the lens a photographer might have on."""

from __future__ import annotations

import math

import numpy as np

from .builder import WORLD_FROM_FLOOR, SceneBuilder
from .scene import Light, Sky


def field_of_view(b: SceneBuilder) -> float:
    return b.uniform(32, 90) if b.chance(0.75) else b.uniform(45, 70)


def daylight(b: SceneBuilder, fog: bool = True) -> None:
    """Sun or overcast sky, at any hour."""
    azimuth, elevation, overcast = b.uniform(0, 6.28), b.uniform(0.15, 1.3), b.chance(0.35)
    towards = np.array(
        [math.cos(azimuth) * math.cos(elevation), math.sin(azimuth) * math.cos(elevation), math.sin(elevation)]
    )
    strength, warmth = b.uniform(0.6, 1.6) * (0.12 if overcast else 1), max(0.0, 1 - elevation)
    around = b.uniform(0.35, 0.75) + (0.3 if overcast else 0)
    zenith = np.array([b.uniform(0.05, 0.3), b.uniform(0.2, 0.5), b.uniform(0.5, 0.95)]) * b.uniform(0.5, 1.1)
    if overcast or b.chance(0.15):
        zenith = np.full(3, b.uniform(0.35, 0.95)) * (0.95, 0.98, 1.03)
    horizon = zenith * 0.4 + np.array([0.51, 0.53, 0.55]) * b.uniform(0.7, 1.15)
    if b.chance(0.12):
        horizon = np.array([1.0, 0.5, 0.25]) * b.uniform(0.6, 1)
    night = 0.15 if b.chance(0.06) else 1.0
    b.light = Light(
        tuple(WORLD_FROM_FLOOR @ towards),
        colour=tuple(np.array([1, 1 - 0.25 * warmth, 1 - 0.5 * warmth]) * strength * night),
        ambient_up=tuple(np.array([0.85, 0.95, 1.1]) * around * night),
        ambient_down=tuple(np.array([0.5, 0.45, 0.4]) * around * 0.6 * night),
        occlusion_radius=0.8,
        shadows=not overcast,
        fog=b.log_uniform(5e-4, 8e-3) if fog and b.chance(0.6) else 0.0,
    )
    clouds = b.uniform(0, 1) if b.chance(0.75) else 0.0
    b.sky = Sky(tuple(zenith * night), tuple(horizon * night), clouds, b.log_uniform(0.5, 3), b.seed)


def lamplight(b: SceneBuilder, position, reach: float = 1.0) -> None:
    """One lamp at `position` on the floor plan, and light from the walls."""
    strength, tint, around = b.uniform(0.6, 1.8) * reach, b.uniform(-0.2, 0.35), b.uniform(0.3, 0.8)
    b.light = Light(
        tuple(WORLD_FROM_FLOOR @ np.asarray(position, float)),
        True,
        tuple(np.array([1 + tint * 0.3, 1, 1 - tint]) * strength),
        tuple(np.array([1, 0.98, 0.95]) * around),
        tuple(np.array([0.9, 0.8, 0.7]) * around * 0.8),
        occlusion_radius=b.uniform(0.3, 0.7),
        shadows=b.chance(0.8),
    )
    b.sky = Sky((0.5,) * 3, (0.5,) * 3, seed=b.seed)

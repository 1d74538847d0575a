"""What the values of a 16-bit file mean as distances: even steps of a unit, or steps of a range; 0 is no geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy
import torch

from ..geometry.pointmap_maker import FARTHEST_DEPTH, NEAREST_DEPTH
from ..maps.depth import CURVES, DepthRange, depth_at_nearness, normalise_depth
from .depth_file_error import DepthFileError

LAST = 65535
RANGE_STEPS = LAST - 1  # values 1 to 65535
# with which every value is a distance, but for the ends
LEAST_STEPS, MOST_STEPS = 1 / FARTHEST_DEPTH, 1 / NEAREST_DEPTH


@dataclass(frozen=True)
class UnitSteps:
    """value = distance * steps_per_unit: 1000 makes millimetres of metres, as RGB-D cameras write them."""

    steps_per_unit: float = 1000.0

    def __post_init__(self) -> None:
        if not LEAST_STEPS <= self.steps_per_unit <= MOST_STEPS:
            raise ValueError(
                f"steps_per_unit came as {self.steps_per_unit:g}; it must be greater than 0, and from {LEAST_STEPS:g} to {MOST_STEPS:g} "
                "for 16-bit values to be distances."
            )

    def encode(self, depth: torch.Tensor, mask: torch.Tensor) -> numpy.ndarray:
        """Depth (H, W) and mask -> uint16 (H, W), never 0 where the mask is True; a depth beyond the last value is refused."""
        steps = (depth.double() * self.steps_per_unit).round()
        farthest = float(torch.where(mask, depth, 0).max())
        if bool((steps[mask] > LAST).any()):
            raise ValueError(
                f"The farthest depth is {farthest:g}, and 16 bits at {self.steps_per_unit:g} steps per unit end at "
                f"{LAST / self.steps_per_unit:g}; set steps_per_unit to at most {math.floor(LAST / farthest * 1e4) / 1e4:g}, "
                "or use the steps of a range or a 32-bit format."
            )
        return torch.where(mask, steps.clamp_min(1), 0).cpu().numpy().astype(numpy.uint16)

    def decode(self, values: numpy.ndarray) -> torch.Tensor:
        """Values (H, W) -> depth (H, W) float32, 0 where the value is 0; `encode` gives the very values again."""
        return torch.from_numpy((values / self.steps_per_unit).astype(numpy.float32))

    def describe(self) -> dict[str, Any]:
        return {
            "steps_per_unit": self.steps_per_unit,
            "meaning": "0: no geometry; else depth = value / steps_per_unit",
        }


@dataclass(frozen=True)
class RangeSteps:
    """Values 65535 at `near` down to 1 at `far`, even in `curve` (see `depth.normalise_depth`); beyond is clipped."""

    near: float
    far: float
    curve: str = "linear"

    def __post_init__(self) -> None:
        if not 0 <= self.near <= self.far < math.inf:
            raise ValueError(
                f"The range of the 16-bit values came as near {self.near:g}, far {self.far:g}; near must be at least 0 and "
                "far not less than near."
            )
        if self.curve not in CURVES:
            raise ValueError(f"Depth curve {self.curve!r} is not known; choose one of {', '.join(CURVES)}.")

    def encode(self, depth: torch.Tensor, mask: torch.Tensor) -> numpy.ndarray:
        """Depth (H, W) and mask -> uint16 (H, W), 0 exactly where the mask is False."""
        limits = DepthRange(*(torch.tensor([end], dtype=torch.float64) for end in (self.near, self.far)))
        safe = torch.where(mask, depth, 1).double()[None]
        nearness = normalise_depth(safe.cpu(), limits, self.curve)[0]
        steps = (nearness * RANGE_STEPS).round() + 1
        return torch.where(mask.cpu(), steps, 0).numpy().astype(numpy.uint16)

    def decode(self, values: numpy.ndarray) -> torch.Tensor:
        """Values (H, W) -> depth (H, W) float32, 0 where the value is 0; `encode` gives the very values again."""
        nearness = torch.from_numpy((values.astype(numpy.float64) - 1) / RANGE_STEPS)
        depth = depth_at_nearness(nearness.reshape(-1), self.near, self.far, self.curve).reshape(values.shape)
        return torch.where(torch.from_numpy(values > 0), depth, 0).float()

    def describe(self) -> dict[str, Any]:
        return {
            "near": self.near,
            "far": self.far,
            "curve": self.curve,
            "meaning": f"0: no geometry; else nearness = (value - 1) / {RANGE_STEPS} between far (0) and near (1)",
        }


Steps = UnitSteps | RangeSteps


def steps_from(described: dict[str, Any]) -> Steps:
    """The steps that `describe` has written; DepthFileError where a number is missing or makes no sense."""
    try:
        if "steps_per_unit" in described:
            return UnitSteps(float(described["steps_per_unit"]))
        return RangeSteps(float(described["near"]), float(described["far"]), str(described["curve"]))
    except (KeyError, TypeError, OverflowError) as error:
        raise DepthFileError("the meaning of its 16-bit values is incomplete.") from error
    except ValueError as error:
        raise DepthFileError(f"the meaning of its 16-bit values is damaged: {error}") from error

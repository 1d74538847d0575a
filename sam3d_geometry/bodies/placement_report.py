"""What came of placing people: the people and the scene, and in words and numbers how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..geometry.camera import fov_degrees_from_intrinsics
from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .contact import Level

FEW_INLIERS = 0.5  # of the visible pixels: below it the person and the scene do not fit
WIDE_GAP_CM = 8.0
DISAGREEMENT_DEGREES = 2.0
CHILD_M = 1.45  # a stature below it is told, since SAM 3D Body takes children for adults who are farther away


@dataclass(frozen=True, kw_only=True)
class PersonPlace:
    """How one person was placed, over the frames in which it is there.

    factor         what it was enlarged by
    inliers        share, 0 to 1, of its visible pixels that lie on the scene
    residual_cm    how far its surface lies from the scene's, or None where the pointmap does not show it
    ground_gap_cm  from the ground up to its lower sole where it stands, negative where it is sunk; None without a ground
    """

    person: int
    track_id: int
    frames: int
    measured_frames: int
    factor: float
    stature_before_m: float
    stature_m: float
    inliers: float
    residual_cm: float | None
    ground_gap_cm: float | None

    def describe(self) -> str:
        """One line to read."""
        name = f"Person {self.person}"
        if self.residual_cm is None:
            return f"{name}: not seen on the pointmap, kept as it came ({self.stature_m:.2f} m tall)."
        line = (
            f"{name}: scale {self.factor:.3f}, {self.stature_m:.2f} m tall (was {self.stature_before_m:.2f}), "
            f"{100 * self.inliers:.0f} % of its pixels on the scene, {self.residual_cm:.1f} cm from it"
        )
        if self.ground_gap_cm is not None:
            where = "above" if self.ground_gap_cm >= 0 else "below"
            line += f", soles {abs(self.ground_gap_cm):.1f} cm {where} the ground"
        return line + "." + self._doubts()

    def _doubts(self) -> str:
        said = ""
        if self.inliers < FEW_INLIERS:
            said += " Few pixels fit: look whether something covers it, or give a mask."
        if self.ground_gap_cm is not None and abs(self.ground_gap_cm) > WIDE_GAP_CM:
            said += " That gap is wide: it jumps, stands on something, or its depth is off."
        if self.stature_m < CHILD_M:
            said += " A child, or somebody who is nearer than was taken for granted."
        return said


@dataclass(frozen=True, kw_only=True)
class Placed:
    """People on the pointmap, in metres.

    scene_scale           what the pointmap's distances were multiplied by
    disagreement_degrees  vertical field of view of the people's camera less that of the pointmap's
    level                 the ground, or None where none was looked for or seen
    size_from             what gave the sizes, one of placement.SIZE_FROM, never auto
    shift_pixels          how far people's pixels moved, on the mean; 0 but for another camera
    """

    bodies: Bodies
    pointmap: Pointmap
    scene_scale: float
    people: Sequence[PersonPlace]
    disagreement_degrees: float
    level: Level | None
    size_from: str
    shift_pixels: float

    def describe(self) -> str:
        """The whole result in lines to read."""
        lines = [person.describe() for person in self.people]
        if self.size_from == "scene":
            lines.append("The scene's meters gave the sizes.")
        else:
            lines.append(f"Distances of the scene were multiplied by {self.scene_scale:.4g}; they are meters now.")
        if self.level is None:
            lines.append("No ground was used: none is seen, or ground_contact is off.")
        else:
            lines.append(f"The camera is {float(self.level.camera_height[0]):.2f} m above the ground.")
        return "\n".join([*lines, self._cameras()])

    def _cameras(self) -> str:
        off = self.disagreement_degrees
        if self.shift_pixels:
            return f"The people were moved into the pointmap's camera; their pixels moved by {self.shift_pixels:.2f} on the mean."
        if abs(off) < DISAGREEMENT_DEGREES:
            return f"Cameras of people and pointmap agree to {abs(off):.1f} degrees."
        _, fov_y = fov_degrees_from_intrinsics(self.pointmap.intrinsics[:1])
        return (
            f"The people were found with a vertical field of view {abs(off):.1f} degrees {'wider' if off > 0 else 'narrower'} than "
            f"the pointmap's: run Run SAM3D Body Prediction again with fov {float(fov_y[0]):.1f} (fov_y_degrees of Pointmap Info), "
            "or set body_camera to pointmap."
        )

    def numbers(self) -> dict[str, Any]:
        """The same as plain numbers, for files."""
        return {
            "people": [asdict(person) for person in self.people],
            "scene_scale": self.scene_scale,
            "size_from": self.size_from,
            "fov_y_disagreement_degrees": self.disagreement_degrees,
            "camera_height_m": None if self.level is None else float(self.level.camera_height[0]),
            "shift_pixels": self.shift_pixels,
        }


def focal_disagreement(bodies: Bodies, pointmap: Pointmap) -> float:
    """Vertical field of view of the people's camera less that of the pointmap's, in degrees, the median over the frames."""
    off = []
    for t in range(len(bodies)):
        for p in bodies.here(t)[:1]:
            both = torch.stack([bodies.intrinsics(t, p).cpu(), pointmap.intrinsics[t].cpu()])
            fov_y = fov_degrees_from_intrinsics(both)[1]
            off.append(float(fov_y[0] - fov_y[1]))
    return sorted(off)[len(off) // 2]

"""Skeletons in motion as JSON: places, quaternions and angles of every bone, each with its order in the name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import torch

from ..bodies.performance import Performance
from ..bodies.rotation_maths import continuous, euler_zxy_degrees
from ..geometry.axes import AXIS_FRAMES, convert_points, target_from_source
from ..geometry.rotations import quaternion_xyzw
from .axes import AXES

SKELETON_FORMAT = "sam3d-geometry skeletons 1"
SKELETON_DIGITS = 6


def write_skeleton_json(
    people: Sequence[Performance], file: BinaryIO, *, note: dict[str, Any], axes: str = "gltf"
) -> None:
    """People's bones at rest and in every frame, in `axes` (a key of AXES) and their unit.

    Rotations are from a bone's own axes to the world (`global`) or to its parent (`local`), a root's both to the world.
    Euler angles are local: about the bone's own z, then its x, then its y (R = Rz Rx Ry). Left-handed axes have the
    rotations of their own: what is turned about an axis by the left-hand rule. `note` stands beside the people.
    """
    frame = AXIS_FRAMES[AXES[axes]]
    content = {
        "format": SKELETON_FORMAT,
        "axes": f"{frame.meaning} ({frame.handedness}-handed)",
        "unit": {1.0: "metre", 100.0: "centimetre"}[frame.units_per_metre],
        "euler_order": "zxy: R = Rz Rx Ry, degrees",
        **note,
        "people": [_person(person, frame.name) for person in people],
    }
    file.write(json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii"))


def _person(person: Performance, frame: str) -> dict[str, Any]:
    turn = target_from_source(frame, "opengl")

    def turned(rotations: torch.Tensor) -> torch.Tensor:
        return turn @ rotations @ turn.T

    def places(points: torch.Tensor) -> list[Any]:
        return _rounded(convert_points(points, frame, "opengl"))

    local, at_parents = person.at_parents()
    rest_local, rest_places = person.rest_at_parents()
    return {
        "name": person.name,
        "bones": list(person.bones),
        "parents": list(person.parents),
        "fps": person.fps,
        "frame_count": person.frame_count,
        "frames": person.frames.tolist(),
        "rest_local_positions": places(rest_places),
        "rest_local_quaternions_xyzw": _rounded(quaternion_xyzw(turned(rest_local))),
        "global_positions": places(person.places),
        "global_quaternions_xyzw": _rounded(continuous(quaternion_xyzw(turned(person.rotations)))),
        "local_positions": places(at_parents),
        "local_quaternions_xyzw": _rounded(continuous(quaternion_xyzw(turned(local)))),
        "local_euler_zxy_degrees": _rounded(euler_zxy_degrees(turned(local))),
    }


def _rounded(values: torch.Tensor) -> list[Any]:
    return ((values * 10**SKELETON_DIGITS).round() / 10**SKELETON_DIGITS).tolist()

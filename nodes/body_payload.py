"""ComfyUI core's MHR_POSE_DATA, the people that its SAM 3D Body nodes find, to the library's Bodies and back.

What core, or anybody else, keeps in it beside what Bodies knows goes through untouched, so that core's nodes work after ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import torch

from ..sam3d_geometry.bodies.bodies import Bodies
from ..sam3d_geometry.bodies.records import Fault, bodies_from_records, columns_of, faults_of, record_of
from ..sam3d_geometry.files.body_file import with_world

OURS, WORLD = "sam3d_geometry", "world_from_camera"  # our key beside core's, and what is in it


@dataclass(frozen=True)
class Payload:
    """People on a wire: as Bodies, as they came, and which of them have values that are no numbers."""

    bodies: Bodies
    data: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


def read_payload(pose_data: object, leave_out_broken: bool = False) -> Payload:
    """MHR_POSE_DATA -> Bodies beside it; ValueError in one sentence where it is none.

    With `leave_out_broken` persons whose values are no numbers count as absent and are told as faults.
    """
    if not isinstance(pose_data, Mapping) or "frames" not in pose_data:
        raise ValueError(
            "Input pose_data is no MHR_POSE_DATA of SAM 3D Body; wire Run SAM3D Body Prediction (ComfyUI's own) or Load Bodies."
        )
    if "_skeleton_override" in pose_data:
        raise ValueError(
            "Input pose_data is of another rig than SAM 3D Body's; wire Run SAM3D Body Prediction or Load Bodies."
        )
    faults = faults_of(pose_data["frames"]) if leave_out_broken else []
    bodies = bodies_from_records(
        pose_data["frames"], faces=pose_data.get("faces"), image_size=pose_data.get("image_size"), without=faults
    )
    ours = pose_data.get(OURS)
    world = ours.get(WORLD) if isinstance(ours, Mapping) else None
    return Payload(with_world(bodies, world), pose_data, tuple(faults))


def bodies_from_payload(pose_data: object) -> Bodies:
    """MHR_POSE_DATA -> Bodies."""
    return read_payload(pose_data).bodies


def payload_from_bodies(bodies: Bodies, came: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Bodies -> MHR_POSE_DATA, as a copy of what they `came` from with what has changed in them; nothing is changed in place.

    Persons keep their places in core's lists where they came from there; otherwise they stand in the order of their columns.
    """
    faces = None if bodies.faces is None else bodies.faces.cpu().numpy().astype(numpy.int32)
    data = {"faces": faces, "image_size": bodies.image_size} if came is None else dict(came)
    listed = [[{} for _ in bodies.here(t)] for t in range(len(bodies))] if came is None else came["frames"]
    places = [bodies.here(t) for t in range(len(bodies))] if came is None else columns_of(came["frames"])[0]
    frames = []
    for t, (persons, columns) in enumerate(zip(listed, places, strict=True)):
        kept = [(record, p) for record, p in zip(persons, columns, strict=True) if bool(bodies.present[t, p])]
        frames.append([_updated(record, bodies, t, p) for record, p in kept])
    added = data.get(OURS)
    ours = dict(added) if isinstance(added, Mapping) else {}
    if bodies.world_from_camera is not None:
        ours[WORLD] = bodies.world_from_camera
    return data | {"frames": frames, OURS: ours}


def _updated(record: Mapping[str, Any], bodies: Bodies, frame: int, person: int) -> dict[str, Any]:
    """A person's dictionary with what Bodies knows of it; the mask stays the tensor that it was."""
    known = record_of(bodies, frame, person)
    if bodies.masks is None or bodies.masks[frame][person] is None:
        known["mask"] = None  # none came, or it is no longer that of the person's place
    elif record.get("mask") is not None:
        known.pop("mask", None)
    elif isinstance(known.get("mask"), torch.Tensor):
        known["mask"] = known["mask"][..., None]
    return {"mask": None, **record, **known}

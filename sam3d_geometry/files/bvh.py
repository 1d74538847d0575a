"""BVH: a skeleton with the person's own bone lengths and its angles in every frame, as text."""

from __future__ import annotations

from typing import BinaryIO

import numpy
import torch

from ..bodies.performance import Performance, relative_to_parents
from ..bodies.rotation_maths import euler_zxy_degrees

POSITION_CHANNELS = ("Xposition", "Yposition", "Zposition")
ROTATION_CHANNELS = ("Zrotation", "Xrotation", "Yrotation")
MOTION_LINES_AT_ONCE = 256


def _unwrapped(degrees: torch.Tensor) -> torch.Tensor:
    """Angles (N, ...) in degrees without jumps of a whole turn from frame to frame."""
    turns = ((degrees[1:] - degrees[:-1]) / 360).round().cumsum(0)
    return torch.cat([degrees[:1], degrees[1:] - 360 * turns])


def _held(person: Performance) -> torch.Tensor:
    """(M,) for every frame from the person's first to the last, which of the person's frames stands there: the last one known."""
    every = torch.arange(int(person.frames[0]), int(person.frames[-1]) + 1)
    return torch.searchsorted(person.frames, every, right=True) - 1


def _hierarchy(person: Performance, offsets: torch.Tensor, strays: torch.Tensor) -> tuple[list[str], list[int]]:
    """The lines of the skeleton, and the bones in the order in which the file names them."""
    children: dict[int, list[int]] = {}
    for bone, parent in enumerate(person.parents):
        children.setdefault(parent, []).append(bone)
    lines, order = ["HIERARCHY"], []

    def add(bone: int, depth: int) -> None:
        pad = "\t" * depth
        kind = "ROOT" if person.parents[bone] < 0 else "JOINT"
        channels = (*POSITION_CHANNELS, *ROTATION_CHANNELS) if bool(strays[bone]) else ROTATION_CHANNELS
        x, y, z = offsets[bone].tolist()
        lines.extend([f"{pad}{kind} {person.bones[bone]}", pad + "{", f"{pad}\tOFFSET {x:.6f} {y:.6f} {z:.6f}"])
        lines.append(f"{pad}\tCHANNELS {len(channels)} {' '.join(channels)}")
        order.append(bone)
        for child in children.get(bone, []):
            add(child, depth + 1)
        if bone not in children:
            lines.extend([f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET 0.000000 0.000000 0.000000", pad + "\t}"])
        lines.append(pad + "}")

    for root in children[-1]:
        add(root, 0)
    return lines, order


def write_bvh(person: Performance, file: BinaryIO, *, units_per_metre: float = 100.0) -> None:
    """One person as BVH: y up, angles in degrees as Z X Y about the bone's own axes, lengths `units_per_metre` to the metre.

    BVH has no turned rest: with all angles 0 the bones lie as the person rests, and OFFSETs are the person's own bones. Bones
    whose place at their parent changes carry positions too, as the root does, so that every joint is where it was found. The
    frames run from the person's first to the last; while the person is away, the last pose is held.
    """
    rest = person.rest[:, :3, :3]
    turned, places = relative_to_parents(
        person.rotations @ rest.transpose(-1, -2), person.places * units_per_metre, person.parents
    )
    offsets = person.rest[:, :3, 3] * units_per_metre
    above = torch.tensor(person.parents).clamp_min(0)
    root = torch.tensor([parent < 0 for parent in person.parents])
    offsets = torch.where(root[:, None], offsets, offsets - offsets[above])
    strays, held = person.strays(), _held(person)
    lines, order = _hierarchy(person, offsets, strays)
    angles = _unwrapped(euler_zxy_degrees(turned))[held]
    columns = []
    for bone in order:
        if bool(strays[bone]):
            columns.append(places[held, bone])
        columns.append(angles[:, bone])
    lines += ["MOTION", f"Frames: {len(held)}", f"Frame Time: {1 / person.fps:.9g}", ""]
    file.write("\n".join(lines).encode("ascii"))
    table = torch.cat(columns, 1).numpy()
    line = " ".join(["%.6f"] * table.shape[1]) + "\n"
    for start in range(0, len(table), MOTION_LINES_AT_ONCE):
        part: numpy.ndarray = table[start : start + MOTION_LINES_AT_ONCE]
        file.write((line * len(part) % tuple(part.ravel().tolist())).encode("ascii"))

"""People moved, turned and enlarged by hand: all that belongs to a person about one pivot, in the level world."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from ..geometry.rotations import rotation_from_degrees
from .bodies import Bodies
from .contact import sole_depths
from .level_frame import HALF_TURN
from .rotation_maths import rotation_from_euler
from .skeleton import ROOT

FEET_PIVOT, HIPS_PIVOT, CAMERA_PIVOT = PIVOTS = ("feet", "hips", "camera")


@dataclass(frozen=True, kw_only=True)
class Move:
    """What is done with a person: enlarged, then turned, both about the pivot, then shifted.

    turn_degrees  yaw (clockwise seen from above), pitch (positive leans toward the viewer), roll (clockwise in the picture)
    shift_m       metres to the right, up and ahead (away from the camera)
    factor        what the person is enlarged by
    pivot         FEET_PIVOT (the floor under the hips), HIPS_PIVOT, both where they are when the person is first seen, or CAMERA_PIVOT
    """

    turn_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shift_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    factor: float = 1.0
    pivot: str = FEET_PIVOT

    def __post_init__(self) -> None:
        if self.pivot not in PIVOTS:
            raise ValueError(f"Input pivot came as {self.pivot!r}; choose one of {', '.join(PIVOTS)}.")
        if not 0 < self.factor < math.inf:
            raise ValueError(f"Input size_factor came as {self.factor:g}; more than 0 is needed.")


def moved_by_hand(bodies: Bodies, move: Move, person: int | None = None) -> Bodies:
    """Everybody, or one person, moved the same way in all frames: vertices, joints, keypoints and rotations together.

    Axes are those of the level world where the bodies know it, else the camera's. Places in the picture are found anew; masks
    are left out, since they are those of the old places. ValueError where somebody would come behind the camera.
    """
    if person is not None and not 0 <= person < bodies.persons:
        raise ValueError(f"Input person came as {person}; choose 0 to {bodies.persons - 1}, or -1 for all.")
    chosen = range(bodies.persons) if person is None else [person]
    count = (len(bodies), bodies.persons)
    turns = torch.eye(3, dtype=torch.float64).repeat(*count, 1, 1)
    factors = torch.ones(count, dtype=torch.float64)
    hips, places = (value.cpu().double() for value in (bodies.joints[:, :, ROOT], bodies.translations))
    moved = places.clone()
    world = bodies.world_from_camera
    level = torch.eye(4, dtype=torch.float64).repeat(len(bodies), 1, 1) if world is None else world.cpu().double()
    turn = rotation_from_degrees(*move.turn_degrees)
    right, up, ahead = move.shift_m
    shift = torch.tensor([right, -up, ahead], dtype=torch.float64)
    for p in chosen:
        frames = torch.nonzero(bodies.present[:, p]).flatten().tolist()
        pivot = _pivot(bodies, p, frames[0], level, move.pivot) if frames else shift
        for t in frames:
            axes, at = level[t, :3, :3], level[t, :3, 3]
            turns[t, p], factors[t, p] = axes.T @ turn @ axes, move.factor
            # the hips keep their place relative to the person's origin, as the rig has it
            seen = axes @ (hips[t, p] + places[t, p]) + at
            goal = pivot + move.factor * turn @ (seen - pivot) + shift
            moved[t, p] = axes.T @ (goal - at) - move.factor * hips[t, p]
            if float(moved[t, p, 2]) <= 0:
                raise ValueError(
                    f"Person {p} would come behind the camera in frame {t}; lower the shift or the turn, or choose the pivot feet."
                )
    touched = bodies.present.clone()
    touched[:, [p for p in range(bodies.persons) if p not in chosen]] = False
    made = _applied(bodies, turns.to(bodies.vertices), factors.to(bodies.vertices), moved.to(bodies.translations))
    return _mixed(bodies, made, touched)


def _pivot(bodies: Bodies, person: int, frame: int, level: torch.Tensor, pivot: str) -> torch.Tensor:
    """(3,) in the level world."""
    axes, at = level[frame, :3, :3], level[frame, :3, 3]
    if pivot == CAMERA_PIVOT:
        return at
    hips = axes @ (bodies.joints[frame, person, ROOT] + bodies.translations[frame, person]).cpu().double() + at
    if pivot == FEET_PIVOT:
        hips[1] = float(sole_depths(bodies, frame, person, axes[1].to(bodies.vertices)).max()) + at[1]
    return hips


def _applied(bodies: Bodies, turns: torch.Tensor, factors: torch.Tensor, translations: torch.Tensor) -> Bodies:
    """The bodies with each person turned (T, P, 3, 3) and enlarged (T, P) about its hips, at new places (T, P, 3)."""
    hips = bodies.joints[:, :, ROOT : ROOT + 1]

    def around(points: torch.Tensor) -> torch.Tensor:
        return factors[..., None, None] * ((points - hips) @ turns.transpose(-1, -2) + hips)

    in_rig = HALF_TURN.to(turns) @ turns @ HALF_TURN.to(turns)  # the rig's axes have y up
    face = bodies.face_keypoints
    return replace(
        bodies,
        vertices=around(bodies.vertices),
        joints=around(bodies.joints),
        keypoints=around(bodies.keypoints),
        face_keypoints=None if face is None else around(face),
        rotations=None if bodies.rotations is None else in_rig[:, :, None] @ bodies.rotations,
        translations=translations,
        sizes=bodies.sizes * factors,
        parameters=turned_parameters(bodies, in_rig),
    ).seen_anew()


def _mixed(bodies: Bodies, made: Bodies, touched: torch.Tensor) -> Bodies:
    """`made` where persons are `touched` (T, P), and the bodies as they were elsewhere, to the last bit."""

    def mixed(new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
        return torch.where(touched.view(*touched.shape, *[1] * (old.dim() - 2)), new, old)

    names = ("vertices", "joints", "keypoints", "keypoints_2d", "translations", "boxes", "sizes")
    names += tuple(name for name in ("face_keypoints", "rotations") if getattr(bodies, name) is not None)
    masks = bodies.masks
    if masks is not None:
        masks = tuple(tuple(None if touched[t, p] else m for p, m in enumerate(row)) for t, row in enumerate(masks))
    return replace(
        bodies,
        **{name: mixed(getattr(made, name), getattr(bodies, name)) for name in names},
        parameters={name: mixed(made.parameters[name], value) for name, value in bodies.parameters.items()},
        masks=masks,
    )


def turned_parameters(bodies: Bodies, in_rig: torch.Tensor) -> dict[str, torch.Tensor]:
    """The pose numbers with the body's own turn, which the rig reads as angles about x, then y, then z."""
    found = dict(bodies.parameters)
    places = {"global_rot": slice(0, 3), "mhr_model_params": slice(3, 6)}
    for name, part in places.items():
        if name in found:
            turned = in_rig @ rotation_from_euler(found[name][..., part])
            y = torch.asin((-turned[..., 2, 0]).clamp(-1, 1))
            x, z = (
                torch.atan2(turned[..., 2, 1], turned[..., 2, 2]),
                torch.atan2(turned[..., 1, 0], turned[..., 0, 0]),
            )
            value = found[name].clone()
            value[..., part] = torch.stack([x, y, z], -1)
            found[name] = value
    return found

"""People of a clip held steady: one size each, no trembling and no delay, and feet that stand still where they stand.

Without a rig a person is carried into the level world, smoothed in the axes of its own hips, and put on a way on which
the feet stand still (`root_path`); what two feet cannot share, the legs give way by (`leg_give`). So bones keep their
lengths but for that and for what smoothing takes from fast movements. With the rig's skin (`skinned_shot`) joints are turned
instead and knees bend (`leg_bend`), bones have one length, and the mesh follows. Either way feet that stand flat keep how they are
turned (`foot_hold`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from ..clips.cuts import CUT_THRESHOLD, find_cuts, shots_between, thumbnails
from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .contact import sole_depths
from .hand_placement import turned_parameters
from .low_pass import low_pass, unwrapped
from .rig import Rig
from .runs import runs
from .shot import FOOT_POINTS, Shot, Steadying
from .size import statures
from .skinned_shot import Figure, SkinnedShot

SOLES_AT = 6  # frames of a shot that tell how far soles are below the points of the feet
ANGLES = ("body_pose_params", "hand_pose_params")  # parameters that are angles and are smoothed as such
BUILD_KEYS = ("scale_params", "shape_params")  # those that tell a person's build, which stays through a clip


@dataclass(frozen=True)
class SteadyBodies:
    """Steadied people; `contacts` (T, P, 2) bool: whether the left and the right foot stand; `sizes` (T, P) by what each
    frame was enlarged; `by_skin` whether joints were turned and meshes followed, of everybody who is there."""

    bodies: Bodies
    contacts: torch.Tensor
    sizes: torch.Tensor
    by_skin: bool = False


def shot_starts(pointmap: Pointmap | None) -> torch.Tensor | None:
    """(T,) bool: the frames of a clip with which a shot begins, by its pictures; None for one frame or none."""
    if pointmap is None or len(pointmap) < 2:
        return None
    return find_cuts(thumbnails(pointmap.image).cpu(), None, CUT_THRESHOLD).cuts


def shots_of(present: torch.Tensor, cuts: torch.Tensor | None) -> list[slice]:
    """Runs of frames (T,) in which a person is there and no cut begins: nothing is carried from one into another."""
    shots = [slice(0, len(present))] if cuts is None else shots_between(cuts)
    return [slice(shot.start + first, shot.start + last + 1) for shot in shots for first, last in runs(present[shot])]


def steady_bodies(
    bodies: Bodies,
    world: torch.Tensor,
    how: Steadying,
    *,
    cuts: torch.Tensor | None = None,
    has_floor: bool = True,
    rig: Rig | None = None,
) -> SteadyBodies:
    """The people of a clip, each by itself, in the level world (T, 4, 4) with y down that the camera moves in.

    `cuts` (T,) bool say where a new shot begins; with `has_floor` the floor is at the world's y = 0. With a `rig` that has
    its skin, joints are turned and the mesh is posed anew; without one shapes are smoothed as they are.
    """
    if len(world) != len(bodies):
        raise ValueError(
            f"The way of the camera came with {len(world)} frames and the people with {len(bodies)}; as many are needed."
        )
    world, factors = world.cpu().double(), _size_factors(bodies, how)
    made = _with_build(bodies.scaled(factors.to(bodies.vertices)) if how.lock_size else bodies, how)
    contacts = torch.zeros(*bodies.present.shape, 2, dtype=torch.bool)
    changed, figures = _Changed(made), []
    for person in range(made.persons):
        figure = None if rig is None else Figure.of(made, person, rig)
        figures += [figure is not None] if bool(made.present[:, person].any()) else []
        for frames in shots_of(made.present[:, person], cuts):
            given = (made, person, frames, world, how)
            shot = Shot(*given) if figure is None else SkinnedShot(*given, figure)
            floor = -_under_keypoints(made, person, frames, world) if has_floor else None
            changed.write(shot, person, frames, floor, how)
            contacts[frames, person] = shot.contacts
    return SteadyBodies(changed.bodies(), contacts, factors, by_skin=bool(figures) and all(figures))


def _size_factors(bodies: Bodies, how: Steadying) -> torch.Tensor:
    """(T, P) float64: what brings each person to the median of its statures; 1 where there is none."""
    tall = statures(bodies).cpu().double()
    factors = torch.ones_like(tall)
    for person in range(bodies.persons if how.lock_size else 0):
        here = bodies.present[:, person].cpu() & (tall[:, person] > 0)
        if bool(here.any()):
            factors[here, person] = tall[here, person].median() / tall[here, person]
    return factors


def _with_build(bodies: Bodies, how: Steadying) -> Bodies:
    """The numbers of each person's build, which every frame has anew, as their median over the clip."""
    if not how.lock_size:
        return bodies
    parameters = dict(bodies.parameters)
    for name in set(BUILD_KEYS) & set(parameters):
        value = parameters[name].clone()
        for person in range(bodies.persons):
            here = bodies.present[:, person]
            if bool(here.any()):
                value[here, person] = value[here, person].median(0).values
        parameters[name] = value
    return replace(bodies, parameters=parameters)


def _under_keypoints(bodies: Bodies, person: int, frames: slice, world: torch.Tensor) -> float:
    """How far the soles of a person's mesh are below the points of its feet in a shot, metres."""
    count = frames.stop - frames.start
    chosen = torch.linspace(frames.start, frames.stop - 1, min(count, SOLES_AT)).round().long().tolist()
    under = []
    for t in chosen:
        down = world[t, 1, :3].to(bodies.vertices)
        soles = sole_depths(bodies, t, person, down)
        points = (bodies.keypoints[t, person, FOOT_POINTS] + bodies.translations[t, person]) @ down
        under.append(soles - points.amax(1))
    return float(torch.cat(under).median())


class _Changed:
    """Copies of what changes of the bodies, written shot by shot."""

    def __init__(self, bodies: Bodies):
        self._bodies = bodies
        names = ("vertices", "joints", "keypoints", "face_keypoints", "rotations", "translations")
        self._tensors = {name: getattr(bodies, name).clone() for name in names if getattr(bodies, name) is not None}
        self._parameters = {name: value.clone() for name, value in bodies.parameters.items()}
        self._turns = torch.eye(3, dtype=bodies.vertices.dtype).repeat(*bodies.present.shape, 1, 1)

    def write(self, shot: Shot, person: int, frames: slice, floor: float | None, how: Steadying) -> None:
        """Puts a steadied shot in place of what was seen."""
        hips = shot.place(floor)
        for name, values in self._tensors.items():
            if name == "translations":
                new = shot.new_translations(hips)
            elif name == "rotations":
                new = shot.new_rotations()
            else:
                new = shot.new_points(name)
            values[frames, person] = new.to(values)
        self._turns[frames, person] = shot.turn_in_rig().to(self._turns)
        for name in set(ANGLES) & set(self._parameters):
            angles = unwrapped(shot.part(self._parameters[name]))
            values = self._parameters[name]
            values[frames, person] = low_pass(angles, how.smoothing_hz, how.fps).to(values)

    def bodies(self) -> Bodies:
        made = replace(self._bodies, **self._tensors, parameters=self._parameters)
        return replace(made, parameters=turned_parameters(made, self._turns.to(made.vertices))).seen_anew()

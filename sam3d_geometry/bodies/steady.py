"""People of a clip held steady: one size each, no trembling and no delay, and feet that stand still where they stand.

Nothing here needs a rig: a person is carried into the level world, smoothed in the axes of its own hips, and put on a way on which
the feet stand still (`root_path`); what two feet cannot share, the legs give way by (`leg_give`). So bones keep their
lengths but for that and for what smoothing takes from fast movements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from ..clips.cuts import CUT_THRESHOLD, find_cuts, thumbnails
from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .contact import sole_depths
from .foot_contacts import foot_contacts, settled_hips
from .hand_placement import turned_parameters
from .leg_give import leg_gives, leg_shares
from .level_frame import UP
from .low_pass import low_pass, low_pass_rotations, unwrapped
from .root_path import Sighting, planted_hips
from .size import statures
from .skeleton import ROOT, joints, keypoints

FOOT_POINTS = torch.tensor(
    [keypoints([f"{side}-{part}" for part in ("heel", "big-toe-tip", "small-toe-tip")]) for side in ("left", "right")]
)
BALLS = joints(["l_ball", "r_ball"])
SOLES_AT = 6  # frames of a shot that tell how far soles are below the points of the feet
PLACINGS = 3  # contacts are found anew where the feet have come to stand
ANGLES = ("body_pose_params", "hand_pose_params")  # parameters that are angles and are smoothed as such
SHAPES = ("scale_params", "shape_params")  # those that tell a person's build, which stays through a clip
POINTS_AT_ONCE = 4096  # of a mesh over all frames: a float64 copy of all of them may be too much


@dataclass(frozen=True, kw_only=True)
class Steadying:
    """What is held.

    lock_size     each person has one size through the clip, the median of its frames
    smoothing_hz  what changes faster is taken out of poses and turns; 0 leaves them
    plant_feet    feet that stand do not move, and stand on the floor
    fps           frames per second of the clip
    """

    lock_size: bool = True
    smoothing_hz: float = 6.0
    plant_feet: bool = True
    fps: float = 24.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.smoothing_hz >= 0):
            raise ValueError(
                f"fps came as {self.fps:g} and smoothing_hz as {self.smoothing_hz:g}; fps above 0 and smoothing_hz of at least 0 are needed."
            )


@dataclass(frozen=True)
class SteadyBodies:
    """Steadied people; `contacts` (T, P, 2) bool: whether the left and the right foot stand; `sizes` (T, P) by what each
    frame was enlarged."""

    bodies: Bodies
    contacts: torch.Tensor
    sizes: torch.Tensor


def shot_starts(pointmap: Pointmap | None) -> torch.Tensor | None:
    """(T,) bool: the frames of a clip with which a shot begins, by its pictures; None for one frame or none."""
    if pointmap is None or len(pointmap) < 2:
        return None
    return find_cuts(thumbnails(pointmap.image).cpu(), None, CUT_THRESHOLD).cuts


def shots_of(present: torch.Tensor, cuts: torch.Tensor | None) -> list[slice]:
    """Runs of frames (T,) in which a person is there and no cut begins: nothing is carried from one into another."""
    shots, start = [], None
    for t, here in enumerate([*present.tolist(), False]):
        cut = cuts is not None and t < len(cuts) and bool(cuts[t])
        if start is not None and (not here or cut):
            shots.append(slice(start, t))
            start = None
        if here and start is None:
            start = t
    return shots


def steady_bodies(
    bodies: Bodies,
    world: torch.Tensor,
    how: Steadying,
    *,
    cuts: torch.Tensor | None = None,
    has_floor: bool = True,
) -> SteadyBodies:
    """The people of a clip, each by itself, in the level world (T, 4, 4) with y down that the camera moves in.

    `cuts` (T,) bool say where a new shot begins; with `has_floor` the floor is at the world's y = 0.
    """
    if len(world) != len(bodies):
        raise ValueError(
            f"The way of the camera came with {len(world)} frames and the people with {len(bodies)}; as many are needed."
        )
    factors = _size_factors(bodies, how)
    made = _with_build(bodies.scaled(factors.to(bodies.vertices)) if how.lock_size else bodies, how)
    contacts = torch.zeros(*bodies.present.shape, 2, dtype=torch.bool)
    changed = _Changed(made)
    for person in range(made.persons):
        for frames in shots_of(made.present[:, person], cuts):
            shot = _Shot(made, person, frames, world.cpu().double(), how)
            floor = -_under_keypoints(made, person, frames, world) if has_floor else None
            changed.write(shot, person, frames, floor, how)
            contacts[frames, person] = shot.contacts
    return SteadyBodies(changed.bodies(), contacts, factors)


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
    for name in set(SHAPES) & set(parameters):
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


class _Shot:
    """One person in frames (N,) of a shot, in a level world with y down, float64."""

    def __init__(self, bodies: Bodies, person: int, frames: slice, world: torch.Tensor, how: Steadying):
        self._bodies, self._person, self._frames, self._how = bodies, person, frames, how
        self._axes, self._at = world[frames, :3, :3], world[frames, :3, 3]
        self._own_hips = self.part(bodies.joints)[:, ROOT]
        self.hips = self._in_world(self._own_hips + self.part(bodies.translations)) + self._at
        # from the person's own axes to the world: those of its hips, or the camera's where no turns are known
        known = bodies.rotations is not None
        self._turns = self._joint_turns()[:, ROOT] if known else self._axes
        self._smooth = self._slow_turns(self._turns) if known else self._turns
        soles = self.part(bodies.keypoints)[:, FOOT_POINTS.flatten()].unflatten(1, FOOT_POINTS.shape)
        points = torch.cat([soles, self.part(bodies.joints)[:, BALLS][:, :, None]], 2)
        self.feet = self._smooth_points(points.flatten(1, 2)).view_as(points)
        self.settled = settled_hips(self.hips, how.fps)
        self.contacts = foot_contacts(self.settled, self.feet, how.fps)
        self.gives = self.hips.new_zeros(len(self.hips), 2, 3)  # by how much each foot's leg gives way, in the world

    def part(self, values: torch.Tensor) -> torch.Tensor:
        """What belongs to this person and these frames."""
        return values[self._frames, self._person].cpu().double()

    def _in_world(self, directions: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nab,n...b->n...a", self._axes, directions)

    def _from_world(self, directions: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nba,n...b->n...a", self._axes, directions)

    def _slow_turns(self, turns: torch.Tensor) -> torch.Tensor:
        return low_pass_rotations(turns, self._how.smoothing_hz, self._how.fps)

    def _joint_turns(self) -> torch.Tensor:
        """(N, 127, 3, 3) from the joints' axes to the world."""
        known = self._bodies.rotations
        return self._axes[:, None] if known is None else self._axes[:, None] @ UP @ self.part(known)

    def _smooth_points(self, points: torch.Tensor) -> torch.Tensor:
        """Points (N, K, 3) relative to the person's origin -> relative to the hips in the world, without trembling."""
        own = torch.einsum("nba,nkb->nka", self._turns, self._in_world(points - self._own_hips[:, None]))
        return torch.einsum("nab,nkb->nka", self._smooth, low_pass(own, self._how.smoothing_hz, self._how.fps))

    def place(self, floor: float | None) -> torch.Tensor:
        """The hips' new places (N, 3) in the world; standing feet stand still where that is wanted, and `contacts` are theirs."""
        if not self._how.plant_feet:
            return low_pass(self.hips, self._how.smoothing_hz, self._how.fps)
        away = self.hips - self._at
        distance = away.norm(dim=1)
        rays, pixel = away / distance[:, None], distance / self.part(self._bodies.focal)
        seen = Sighting(hips=self.hips, rays=rays, metres_per_pixel=pixel, distance=distance)
        for _ in range(PLACINGS):
            self.contacts = foot_contacts(self.settled, self.feet, self._how.fps)
            self.settled = planted_hips(seen, self.settled, self.feet, self.contacts, fps=self._how.fps, floor=floor)
        self.gives = leg_gives(self.settled[:, None, None] + self.feet, self.contacts, self._how.fps)
        return self.settled

    def new_points(self, points: torch.Tensor) -> torch.Tensor:
        """Points (N, K, 3) relative to the person's origin without trembling, legs giving way; the hips stay where they are in it."""
        shares = leg_shares(points[0], self.part(self._bodies.joints)[0])
        parts = []
        for some, share in zip(points.split(POINTS_AT_ONCE, 1), shares.split(POINTS_AT_ONCE)):
            given = torch.einsum("kf,nfa->nka", share, self.gives)
            parts.append(self._from_world(self._smooth_points(some) + given))
        return torch.cat(parts, 1) + self._own_hips[:, None]

    def new_translations(self, hips: torch.Tensor) -> torch.Tensor:
        return self._from_world(hips - self._at) - self._own_hips

    def new_rotations(self) -> torch.Tensor:
        """(N, 127, 3, 3) as `Bodies.rotations`, without trembling."""
        own = self._slow_turns(self._turns.mT[:, None] @ self._joint_turns())
        return UP @ self._axes.mT[:, None] @ self._smooth[:, None] @ own

    def turn_in_rig(self) -> torch.Tensor:
        """(N, 3, 3) by how much the whole person was turned, in the rig's axes."""
        return UP @ self._axes.mT @ self._smooth @ self._turns.mT @ self._axes @ UP


class _Changed:
    """Copies of what changes of the bodies, written shot by shot."""

    def __init__(self, bodies: Bodies):
        self._bodies = bodies
        names = ("vertices", "joints", "keypoints", "face_keypoints", "rotations", "translations")
        self._tensors = {name: getattr(bodies, name).clone() for name in names if getattr(bodies, name) is not None}
        self._parameters = {name: value.clone() for name, value in bodies.parameters.items()}
        self._turns = torch.eye(3, dtype=bodies.vertices.dtype).repeat(*bodies.present.shape, 1, 1)

    def write(self, shot: _Shot, person: int, frames: slice, floor: float | None, how: Steadying) -> None:
        """Puts a steadied shot in place of what was seen."""
        hips = shot.place(floor)
        for name, values in self._tensors.items():
            if name == "translations":
                new = shot.new_translations(hips)
            elif name == "rotations":
                new = shot.new_rotations()
            else:
                new = shot.new_points(shot.part(values))
            values[frames, person] = new.to(values)
        self._turns[frames, person] = shot.turn_in_rig().to(self._turns)
        for name in set(ANGLES) & set(self._parameters):
            angles = unwrapped(shot.part(self._parameters[name]))
            values = self._parameters[name]
            values[frames, person] = low_pass(angles, how.smoothing_hz, how.fps).to(values)

    def bodies(self) -> Bodies:
        made = replace(self._bodies, **self._tensors, parameters=self._parameters)
        made = replace(made, parameters=turned_parameters(made, self._turns.to(made.vertices)))
        here = made.present
        keypoints_2d = torch.where(here[..., None, None], made.projected(made.keypoints), 0)
        corners = made.projected(made.vertices)
        boxes = torch.where(here[..., None], torch.cat([corners.amin(2), corners.amax(2)], -1), 0)
        return replace(made, keypoints_2d=keypoints_2d, boxes=boxes)

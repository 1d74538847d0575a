"""One person over a shot of a clip, in a level world: without trembling, and on a way on which standing feet stand still."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .bodies import Bodies
from .foot_contacts import foot_contacts, settled_hips
from .leg_give import leg_gives, leg_shares
from .level_frame import HALF_TURN
from .low_pass import POINTS_AT_ONCE, low_pass, low_pass_rotations
from .root_path import Sighting, planted_hips
from .skeleton import ROOT, joints, keypoints

FOOT_POINTS = torch.tensor(
    [keypoints([f"{side}-{part}" for part in ("heel", "big-toe-tip", "small-toe-tip")]) for side in ("left", "right")]
)
BALLS = joints(["l_ball", "r_ball"])
PLACINGS = 3  # contacts are found anew where the feet have come to stand


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


class Shot:
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
        self.feet = self._feet()
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
        return self._axes[:, None] if known is None else self._axes[:, None] @ HALF_TURN @ self.part(known)

    def _smooth_points(self, points: torch.Tensor) -> torch.Tensor:
        """Points (N, K, 3) relative to the person's origin -> relative to the hips in the world, without trembling."""
        own = torch.einsum("nba,nkb->nka", self._turns, self._in_world(points - self._own_hips[:, None]))
        return torch.einsum("nab,nkb->nka", self._smooth, low_pass(own, self._how.smoothing_hz, self._how.fps))

    def _feet(self) -> torch.Tensor:
        """Points of both feet (N, 2, K, 3) relative to the hips in the world, without trembling."""
        soles = self.part(self._bodies.keypoints)[:, FOOT_POINTS.flatten()].unflatten(1, FOOT_POINTS.shape)
        points = torch.cat([soles, self.part(self._bodies.joints)[:, BALLS][:, :, None]], 2)
        return self._smooth_points(points.flatten(1, 2)).view_as(points)

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

    def new_points(self, name: str) -> torch.Tensor:
        """The points (N, K, 3) of that name, relative to the person's origin, without trembling and with legs that give way; the
        hips stay where they are in it."""
        points = self.part(getattr(self._bodies, name))
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
        return HALF_TURN @ self._axes.mT[:, None] @ self._smooth[:, None] @ own

    def turn_in_rig(self) -> torch.Tensor:
        """(N, 3, 3) by how much the whole person was turned, in the rig's axes."""
        return HALF_TURN @ self._axes.mT @ self._smooth @ self._turns.mT @ self._axes @ HALF_TURN

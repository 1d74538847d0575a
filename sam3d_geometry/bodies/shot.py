"""One person over a shot of a clip, in a level world: without trembling, and on a way on which standing feet stand still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from .bodies import Bodies
from .body_parts import BODY_PARTS, joints_of_part, parts_of_points
from .foot_contacts import exact_contacts, foot_contacts, settled_hips
from .foot_hold import flat_times, held_turns, held_values
from .leg_give import leg_gives, leg_shares
from .level_frame import HALF_TURN
from .low_pass import POINTS_AT_ONCE, fitting_hz, low_pass, low_pass_rotations, rotation_values, speed_left
from .root_path import Sighting, planted_hips
from .skeleton import FOOT_JOINTS, ROOT, joints, keypoints

FOOT_POINTS = torch.tensor(
    [keypoints([f"{side}-{part}" for part in ("heel", "big-toe-tip", "small-toe-tip")]) for side in ("left", "right")]
)
BALLS = joints(["l_ball", "r_ball"])
ANKLES = joints(["l_foot", "r_foot"])
PLACINGS = 3  # contacts are found anew where the feet have come to stand
HANDS_SHARE = 2 / 3  # of the frequency for the body: wrists and fingers are seen worst and tremble most


@dataclass(frozen=True, kw_only=True)
class Steadying:
    """What is held.

    lock_size     each person has one size through the clip, the median of its frames
    smoothing_hz  what changes faster is taken out of poses and turns; 0 leaves them
    parts_hz      the same for single parts of BODY_PARTS; one that is not there has smoothing_hz, hands HANDS_SHARE of it
    fit_smoothing  what a clip's own unrest asks for is taken out too, where it is slower than that
    plant_feet    feet that stand do not move, and stand on the floor
    fps           frames per second of the clip
    """

    lock_size: bool = True
    smoothing_hz: float = 6.0
    parts_hz: Mapping[str, float] = field(default_factory=dict)
    fit_smoothing: bool = True
    plant_feet: bool = True
    fps: float = 24.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.smoothing_hz >= 0):
            raise ValueError(
                f"fps came as {self.fps:g} and smoothing_hz as {self.smoothing_hz:g}; fps above 0 and smoothing_hz of at least 0 are needed."
            )
        for part, hz in self.parts_hz.items():
            if part not in BODY_PARTS or not hz >= 0:
                raise ValueError(
                    f"The smoothing of {part} came as {hz:g} Hz; {', '.join(BODY_PARTS)} can have one, of at least 0."
                )

    def hz_of(self, part: str, values: torch.Tensor) -> float:
        """The cut-off for a part whose turns or places over time are `values` (T, ...)."""
        hz = self.parts_hz.get(part, self.smoothing_hz * (HANDS_SHARE if part == "hands" else 1))
        return fitting_hz(values, hz, self.fps) if self.fit_smoothing else hz


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
        self._part_hz = self._cut_offs()
        self.feet = self._feet()
        self.ankles = self._ankles()
        self._flat: list[list[tuple[int, int]]] = [[], []]  # when each foot stands flat
        self.settled = settled_hips(self.hips, how.fps)
        self._foot_unrest = self._speed_of_trembling()
        self.contacts = foot_contacts(self.settled, self.feet, how.fps, self._foot_unrest)
        self.gives = self.hips.new_zeros(len(self.hips), 2, 3)  # by how much each foot's leg gives way, in the world

    def part(self, values: torch.Tensor) -> torch.Tensor:
        """What belongs to this person and these frames."""
        return values[self._frames, self._person].cpu().double()

    def _in_world(self, directions: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nab,n...b->n...a", self._axes, directions)

    def _from_world(self, directions: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nba,n...b->n...a", self._axes, directions)

    def _slow_turns(self, turns: torch.Tensor) -> torch.Tensor:
        return low_pass_rotations(turns, self._how.hz_of("torso", rotation_values(turns)), self._how.fps)

    def _own(self, points: torch.Tensor) -> torch.Tensor:
        """Points (N, K, 3) relative to the person's origin -> in the axes of its hips, from these."""
        return torch.einsum("nba,nkb->nka", self._turns, self._in_world(points - self._own_hips[:, None]))

    def _cut_offs(self) -> dict[str, float]:
        """The cut-off of each part, by where its joints are seen from the hips."""
        places = self._own(self.part(self._bodies.joints))
        return {part: self._how.hz_of(part, places[:, joints_of_part(part)]) for part in BODY_PARTS}

    def _joint_turns(self) -> torch.Tensor:
        """(N, 127, 3, 3) from the joints' axes to the world."""
        known = self._bodies.rotations
        return self._axes[:, None] if known is None else self._axes[:, None] @ HALF_TURN @ self.part(known)

    def _smooth_points(self, points: torch.Tensor) -> torch.Tensor:
        """Points (N, K, 3) relative to the person's origin -> relative to the hips in the world, without trembling."""
        own = self._own(points)
        parts = parts_of_points(points[0], self.part(self._bodies.joints)[0])
        for number, part in enumerate(BODY_PARTS):
            some = parts == number
            own[:, some] = low_pass(own[:, some], self._part_hz[part], self._how.fps)
        return torch.einsum("nab,nkb->nka", self._smooth, own)

    def _seen_feet(self) -> torch.Tensor:
        """Points of both feet (N, 2, K, 3) relative to the person's origin in camera axes, as they were seen."""
        soles = self.part(self._bodies.keypoints)[:, FOOT_POINTS.flatten()].unflatten(1, FOOT_POINTS.shape)
        return torch.cat([soles, self.part(self._bodies.joints)[:, BALLS][:, :, None]], 2)

    def _feet_in_world(self) -> torch.Tensor:
        """Points of both feet (N, 2, K, 3) in the world as they were seen."""
        return self.hips[:, None, None] + self._in_world(self._seen_feet() - self._own_hips[:, None, None])

    def _speed_of_trembling(self) -> float:
        """Metres per second that are left of the trembling of a foot's points against the hips."""
        seen = self._in_world(self._seen_feet() - self._own_hips[:, None, None])
        taken = float((seen - self.feet).square().sum(-1).median().sqrt())
        return speed_left(taken, self._part_hz["legs"], self._how.fps)

    def _feet(self) -> torch.Tensor:
        """Points of both feet (N, 2, K, 3) relative to the hips in the world, without trembling."""
        points = self._seen_feet()
        return self._smooth_points(points.flatten(1, 2)).view_as(points)

    def _ankles(self) -> torch.Tensor:
        """(N, 2, 3) as `_feet`."""
        return self._smooth_points(self.part(self._bodies.joints)[:, ANKLES])

    def _hold_feet(self) -> None:
        """Feet that stand flat keep how they are turned."""
        for foot, times in enumerate(self._flat):
            own = self.feet[:, foot] - self.ankles[:, foot, None]
            self.feet[:, foot] += held_values(own, times, self._how.fps)

    def place(self, floor: float | None) -> torch.Tensor:
        """The hips' new places (N, 3) in the world; standing feet stand still where that is wanted, and `contacts` are theirs."""
        if not self._how.plant_feet:
            return low_pass(self.hips, self._how.smoothing_hz, self._how.fps)
        hz = self._how.hz_of("torso", self.hips)
        seen = Sighting.of(
            self.hips, self._at, self.part(self._bodies.focal), low_pass(self.hips, hz, self._how.fps), self._how.fps
        )
        for _ in range(PLACINGS):
            self.contacts = foot_contacts(self.settled, self.feet, self._how.fps, self._foot_unrest)
            self.settled = planted_hips(seen, self.settled, self.feet, self.contacts, fps=self._how.fps, floor=floor)
        placed = self.settled[:, None, None] + self.feet
        self.contacts = exact_contacts(self.contacts, placed, self._feet_in_world(), seen.rays, self._how.fps)
        self._flat = flat_times(*(self.feet, self.ankles, self.contacts))
        self._hold_feet()
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
            placed = self._smooth_points(some)
            for foot, times in enumerate(self._flat):
                inside = share[:, foot] >= 1
                own = placed[:, inside] - self.ankles[:, foot, None]
                placed[:, inside] += held_values(own, times, self._how.fps)
            parts.append(self._from_world(placed + torch.einsum("kf,nfa->nka", share, self.gives)))
        return torch.cat(parts, 1) + self._own_hips[:, None]

    def new_translations(self, hips: torch.Tensor) -> torch.Tensor:
        return self._from_world(hips - self._at) - self._own_hips

    def new_rotations(self) -> torch.Tensor:
        """(N, 127, 3, 3) as `Bodies.rotations`, without trembling."""
        own = self._turns.mT[:, None] @ self._joint_turns()
        for part in BODY_PARTS:
            some = joints_of_part(part)
            own[:, some] = low_pass_rotations(own[:, some], self._part_hz[part], self._how.fps)
        placed = self._smooth[:, None] @ own
        for side, times in zip(FOOT_JOINTS.values(), self._flat):
            placed[:, side] = held_turns(placed[:, side], times, self._how.fps)
        return HALF_TURN @ self._axes.mT[:, None] @ placed

    def turn_in_rig(self) -> torch.Tensor:
        """(N, 3, 3) by how much the whole person was turned, in the rig's axes."""
        return HALF_TURN @ self._axes.mT @ self._smooth @ self._turns.mT @ self._axes @ HALF_TURN

"""One person over a shot whose skin is known: joints are turned, knees bend, and the mesh follows."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .bodies import Bodies
from .foot_hold import held_turns
from .leg_bend import bent_legs
from .level_frame import HALF_TURN
from .rest import BodyMotion, Rest, rest_of
from .rig import Rig
from .rigged_pose import RiggedPose, carried, nearest_skin, part_of
from .shot import ANKLES, BALLS, FOOT_POINTS, Shot, Steadying
from .skeleton import FOOT_JOINTS, ROOT
from .skin import Skin


@dataclass(frozen=True)
class Figure:
    """What a person's poses have in common: joints at rest, the skin of the mesh and that of its other points, by name."""

    rest: Rest
    skins: dict[str, Skin]
    rig: Rig

    @staticmethod
    def of(bodies: Bodies, person: int, rig: Rig) -> Figure | None:
        """None where the person is never there, or the skin or the turns of the joints are not known."""
        frames = torch.nonzero(bodies.present[:, person])[:, 0].cpu()
        skin = rig.skin
        if skin is None or bodies.rotations is None or len(skin) != bodies.vertex_count or not len(frames):
            return None
        joints_seen = bodies.joints[frames, person].cpu()
        motion = BodyMotion.of(bodies.rotations[frames, person].cpu(), joints_seen, rig.rotations)
        first = int(frames[0])
        skins = {"vertices": skin}
        for name in ("keypoints", "face_keypoints"):
            points = getattr(bodies, name)
            if points is not None:
                skins[name] = nearest_skin(points[first, person].cpu(), bodies.vertices[first, person].cpu(), skin)
        return Figure(rest_of(motion, rig.rotations), skins, rig)


class SkinnedShot(Shot):
    """A shot of a person whose skin is known: joints are turned, and all points follow them."""

    def __init__(self, bodies: Bodies, person: int, frames: slice, world: torch.Tensor, how: Steadying, figure: Figure):
        self._figure = figure
        super().__init__(bodies, person, frames, world, how)

    def _feet(self) -> torch.Tensor:
        assert self._bodies.rotations is not None  # else there is no figure
        rotations, places = self.part(self._bodies.rotations), self.part(self._bodies.joints)
        motion = BodyMotion.of(rotations, places, self._figure.rig.rotations)
        to_world = self._axes @ HALF_TURN
        places = torch.einsum("nab,njb->nja", to_world, motion.joints - motion.joints[:, ROOT : ROOT + 1])
        self._before = RiggedPose(to_world[:, None] @ motion.rotations, places)
        bones = self._before.with_bones(self._figure.rest) if self._how.lock_size else self._before
        self._after = bones.smoothed(self._how.hz_of, self._how.fps)
        return self._foot_points()

    def _foot_points(self) -> torch.Tensor:
        soles = self._carried("keypoints", FOOT_POINTS.flatten()).unflatten(1, FOOT_POINTS.shape)
        return torch.cat([soles, self._after.places[:, BALLS][:, :, None]], 2)

    def _ankles(self) -> torch.Tensor:
        return self._after.places[:, ANKLES]

    def _hold_feet(self) -> None:
        turns = self._after.rotations.clone()
        for side, times in zip(FOOT_JOINTS.values(), self._flat):
            turns[:, side] = held_turns(turns[:, side], times, self._how.fps)
        self._after = self._after.turned(turns)
        self.feet = self._foot_points()

    def _carried(self, name: str, chosen: torch.Tensor | slice) -> torch.Tensor:
        seen = self.part(getattr(self._bodies, name))[:, chosen] - self._own_hips[:, None]
        skin = part_of(self._figure.skins[name], chosen)
        return carried(
            *(self._in_world(seen), skin, self._before, self._after, self._figure.rest),
            hz=self._how.smoothing_hz,
            fps=self._how.fps,
        )

    def place(self, floor: float | None) -> torch.Tensor:
        hips = super().place(floor)
        self._after = RiggedPose(*bent_legs(self._after.rotations, self._after.places, self.gives))
        return hips

    def new_points(self, name: str) -> torch.Tensor:
        new = self._after.places if name == "joints" else self._carried(name, slice(None))
        return self._from_world(new) + self._own_hips[:, None]

    def new_rotations(self) -> torch.Tensor:
        return HALF_TURN @ self._axes.mT[:, None] @ self._after.rotations

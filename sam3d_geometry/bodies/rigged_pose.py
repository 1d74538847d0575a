"""A person's pose over a shot by its joints and its skin: turns made smooth, bones of one length, and the mesh moved with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from .body_parts import BODY_PARTS, joints_of_part
from .low_pass import POINTS_AT_ONCE, low_pass, low_pass_rotations, rotation_values
from .rest import Rest, posed_vertices, resting_vertices, rigid, skinning
from .skeleton import JOINT_COUNT, JOINT_PARENTS, ROOT
from .skin import Skin


@dataclass(frozen=True)
class RiggedPose:
    """The joints of one person in N frames, relative to the hips, float64.

    rotations  (N, 127, 3, 3) from the joints' own axes to the world
    places     (N, 127, 3), metres
    """

    rotations: torch.Tensor
    places: torch.Tensor

    def transforms(self) -> torch.Tensor:
        """(N, 127, 4, 4) from each joint's own axes to the world, the hips being its origin."""
        return rigid(self.rotations, self.places)

    def smoothed(self, hz_of: Callable[[str, torch.Tensor], float], fps: float) -> RiggedPose:
        """The turn of the hips and those of all joints against their parents without what is faster than the cut-off of their part.

        `hz_of` tells it in Hz by the part's name and its turns as numbers (N, ...). Filtered as rotations, so that bones keep
        their lengths.
        """
        above = list(JOINT_PARENTS[1:])
        local = torch.cat([self.rotations[:, :1], self.rotations[:, above].mT @ self.rotations[:, 1:]], 1)
        local[:, ROOT] = self.rotations[:, ROOT]  # hips are turned against the world: joint 0 is the camera's
        smooth = local.clone()
        chosen = [("torso", torch.tensor([ROOT]))]
        chosen += [(part, some[some != ROOT]) for part, some in ((p, joints_of_part(p)) for p in BODY_PARTS)]
        for part, some in chosen:
            smooth[:, some] = low_pass_rotations(local[:, some], hz_of(part, rotation_values(local[:, some])), fps)
        for joint in range(ROOT + 1, JOINT_COUNT):
            smooth[:, joint] = smooth[:, JOINT_PARENTS[joint]] @ smooth[:, joint]
        return self.turned(smooth)

    def turned(self, rotations: torch.Tensor) -> RiggedPose:
        """The same bones with their joints turned to `rotations` (N, 127, 3, 3)."""
        return RiggedPose(rotations, _placed(rotations, self._offsets(), self.places[:, 0]))

    def with_bones(self, rest: Rest) -> RiggedPose:
        """The same turns on the bones of `rest`."""
        parents = list(JOINT_PARENTS[1:])
        own = rest.rotations[parents].mT @ (rest.joints[1:] - rest.joints[parents])[..., None]
        offsets = torch.cat([torch.zeros(1, 3, dtype=torch.float64), own[..., 0]])
        return replace(
            self, places=_placed(self.rotations, offsets.expand(len(self.places), -1, -1), self.places[:, 0])
        )

    def _offsets(self) -> torch.Tensor:
        """(N, 127, 3): where each joint lies in its parent's axes."""
        parents = torch.tensor(JOINT_PARENTS).clamp_min(0)
        apart = self.places - self.places[:, parents]
        return torch.einsum("njba,njb->nja", self.rotations[:, parents], apart)


def _placed(rotations: torch.Tensor, offsets: torch.Tensor, origins: torch.Tensor) -> torch.Tensor:
    """Places (N, 127, 3) relative to the hips of joints that lie at `offsets` (N, 127, 3) in their parents' axes.

    Joint 0, the person's own origin, stays at `origins` (N, 3).
    """
    places = torch.zeros_like(offsets)
    places[:, 0] = origins
    for joint in range(ROOT + 1, JOINT_COUNT):
        parent = JOINT_PARENTS[joint]
        places[:, joint] = places[:, parent] + (rotations[:, parent] @ offsets[:, joint, :, None])[..., 0]
    return places


def nearest_skin(points: torch.Tensor, vertices: torch.Tensor, skin: Skin) -> Skin:
    """The skin of points (K, 3): that of the vertex (V, 3) nearest to each."""
    return part_of(skin, torch.cdist(points.double(), vertices.double()).argmin(1))


def part_of(skin: Skin, chosen: torch.Tensor | slice) -> Skin:
    """The skin of some of its vertices."""
    return replace(skin, joints=skin.joints[chosen], weights=skin.weights[chosen])


def carried(
    points: torch.Tensor, skin: Skin, before: RiggedPose, after: RiggedPose, rest: Rest, *, hz: float, fps: float
) -> torch.Tensor:
    """Points (N, K, 3) relative to the hips, which hang on `skin`, brought from one pose into another.

    They are brought to `rest` by the inverse of linear blend skinning, where what trembles faster than `hz` is taken from the
    person's shape, and from there into the new pose.
    """
    at_rest = rest.transforms()
    back, there = skinning(before.transforms(), at_rest), skinning(after.transforms(), at_rest)
    parts = []
    for start in range(0, points.shape[1], POINTS_AT_ONCE):
        part = slice(start, start + POINTS_AT_ONCE)
        some = part_of(skin, part)
        rests = torch.stack([resting_vertices(seen, some, move) for seen, move in zip(points[:, part], back)])
        rests = low_pass(rests, hz, fps)
        parts.append(torch.stack([posed_vertices(shape, some, move) for shape, move in zip(rests, there)]))
    return torch.cat(parts, 1)

"""A person's own rest: joints and mesh as they would stand still, found back from how the person stands."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .hands import repaired_hands
from .skeleton import JOINT_COUNT, JOINT_PARENTS
from .skin import Skin

SAMPLED = 9  # frames whose rests are compared: the one nearest to their median is kept


@dataclass(frozen=True)
class BodyMotion:
    """One person's joints over N frames, in the rig's axes (x to the right of the picture, y up, z toward the viewer), float64.

    rotations  (N, 127, 3, 3) of the joints' own axes
    joints     (N, 127, 3), metres, relative to the person's origin
    hands_off  degrees by which each wrist had been out of date, (N,) by side
    """

    rotations: torch.Tensor
    joints: torch.Tensor
    hands_off: dict[str, torch.Tensor]

    @staticmethod
    def of(rotations: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor) -> BodyMotion:
        """From the stored rotations (N, 127, 3, 3) in the rig's axes and joints (N, 127, 3) in OpenCV axes; hands are repaired."""
        upright = joints.double() * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
        turned, off = repaired_hands(rotations.double(), upright, rest)
        return BodyMotion(turned, upright, off)

    def offsets(self) -> torch.Tensor:
        """(N, 127, 3): where each joint lies in its parent's axes."""
        parents = torch.tensor(JOINT_PARENTS).clamp_min(0)
        apart = self.joints - self.joints[:, parents]
        return torch.einsum("njba,njb->nja", self.rotations[:, parents], apart)

    def transforms(self) -> torch.Tensor:
        """(N, 127, 4, 4) from each joint's own axes to the rig's."""
        return rigid(self.rotations, self.joints)


@dataclass(frozen=True)
class Rest:
    """How a person stands at rest, in the rig's axes, float64: joints' axes (127, 3, 3) and places (127, 3) in metres."""

    rotations: torch.Tensor
    joints: torch.Tensor

    def transforms(self) -> torch.Tensor:
        """(127, 4, 4) from each joint's own axes to the rig's."""
        return rigid(self.rotations, self.joints)


def rigid(rotations: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Rotations (..., 3, 3) and places (..., 3) -> transforms (..., 4, 4)."""
    result = torch.zeros(*places.shape[:-1], 4, 4, dtype=places.dtype)
    result[..., :3, :3], result[..., :3, 3], result[..., 3, 3] = rotations, places, 1
    return result


def rest_of(motion: BodyMotion, rotations: torch.Tensor) -> Rest:
    """The person's own joints at rest, given the joints' axes (127, 3, 3) there: bone lengths are the medians of the frames."""
    offsets = motion.offsets().median(0).values
    joints = torch.zeros(JOINT_COUNT, 3, dtype=torch.float64)
    for joint in range(1, JOINT_COUNT):
        parent = JOINT_PARENTS[joint]
        joints[joint] = joints[parent] + rotations[parent] @ offsets[joint]
    return Rest(rotations, joints)


def skinning(posed: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    """Transforms (..., J, 4, 4) of posed joints and (J, 4, 4) of resting ones -> what moves the skin (..., J, 4, 4)."""
    turned = rest[:, :3, :3].transpose(-1, -2)
    back = rigid(turned, -torch.einsum("jab,jb->ja", turned, rest[:, :3, 3]))
    return posed @ back


def posed_vertices(vertices: torch.Tensor, skin: Skin, moves: torch.Tensor) -> torch.Tensor:
    """Resting vertices (V, 3) moved by the joints' `moves` (J, 4, 4) -> (V, 3), linear blend skinning."""
    blend = skin.blend(moves)
    return torch.einsum("vab,vb->va", blend[..., :3], vertices) + blend[..., 3]


def resting_vertices(vertices: torch.Tensor, skin: Skin, moves: torch.Tensor) -> torch.Tensor:
    """The inverse of `posed_vertices`: posed vertices (V, 3) -> resting ones that skinning brings back exactly."""
    blend = skin.blend(moves)
    return torch.linalg.solve(blend[..., :3], (vertices.double() - blend[..., 3])[..., None])[..., 0]


def sampled_frames(count: int) -> torch.Tensor:
    """Numbers of at most `SAMPLED` of `count` frames, evenly spaced."""
    return torch.linspace(0, count - 1, min(SAMPLED, count)).round().long().unique()


def rest_mesh(
    vertices: torch.Tensor, skin: Skin, posed: torch.Tensor, rest: torch.Tensor
) -> tuple[torch.Tensor, int, float]:
    """A person's resting vertices (V, 3), the frame in which they are exact, and how far others are off.

    vertices (N, V, 3) of a few frames in OpenCV axes, posed (N, J, 4, 4) and rest (J, 4, 4) transforms in the rig's axes. The
    frame whose rest is nearest to the median of all is taken; the last number is the median distance in metres of the others'
    rests from it.
    """
    moves = skinning(posed, rest)
    upright = vertices.double() * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
    rests = torch.stack([resting_vertices(points, skin, move) for points, move in zip(upright, moves)])
    off = (rests - rests.median(0).values).norm(dim=-1).median(1).values
    chosen = int(off.argmin())
    others = [i for i in range(len(rests)) if i != chosen]
    apart = float((rests[others] - rests[chosen]).norm(dim=-1).median()) if others else 0.0
    return rests[chosen], chosen, apart


def stature(vertices: torch.Tensor) -> float:
    """Height in metres of resting vertices (V, 3) in the rig's axes."""
    return float(vertices[:, 1].max() - vertices[:, 1].min())

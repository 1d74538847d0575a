"""The body model's own skin and rest, from the arrays of its rig."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from .rest_pose import from_locals, rest_rotations
from .rotation_maths import rotation_from_xyzw
from .skeleton import JOINT_COUNT, JOINT_PARENTS
from .skin import Skin, skin_from_entries


@dataclass(frozen=True)
class Rig:
    """What is known of the body model: joints' axes at its rest (127, 3, 3), and the skin, None where a shape must do."""

    rotations: torch.Tensor = field(default_factory=rest_rotations)
    skin: Skin | None = None


def rig_from_arrays(
    *,
    parents: torch.Tensor,
    prerotations_xyzw: torch.Tensor,
    skin_vertices: torch.Tensor,
    skin_joints: torch.Tensor,
    skin_weights: torch.Tensor,
) -> Rig:
    """The rig of the Momentum Human Rig's own arrays: (127,), (127, 4), and three lists of as many entries each.

    Prerotations turn a joint against its parent at rest. ValueError where the arrays are those of another rig.
    """
    if parents.tolist() != list(JOINT_PARENTS):
        raise ValueError(
            f"The body model has another skeleton, of {len(parents)} joints; {JOINT_COUNT} of the Momentum Human Rig are needed."
        )
    local = rotation_from_xyzw(prerotations_xyzw.cpu().double())
    skin = skin_from_entries(skin_vertices.cpu(), skin_joints.cpu(), skin_weights.cpu(), "the body model's own weights")
    return Rig(from_locals(local), skin)

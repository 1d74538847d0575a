"""The bones of another program's skeleton on a person: their axes at rest and in every frame, told by the person's joints."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .rest import Rest, rigid
from .skeleton import ROOT
from .stance import bone_axes
from .targets import Target

SHORT = 1e-4  # metres: a bone of no length points nowhere


@dataclass(frozen=True)
class BoneFrames:
    """A skeleton on a person at rest: axes (B, 3, 3) of its bones there, in the rig's axes, float64."""

    target: Target
    rest: Rest
    axes: torch.Tensor

    @staticmethod
    def of(target: Target, rest: Rest) -> BoneFrames:
        """The bones of `target` on a person who stands at rest as the target has it."""
        own = torch.eye(3, dtype=torch.float64).repeat(len(target.bones), 1, 1)
        along = own.new_tensor([0.0, 1.0, 0.0]).repeat(len(own), 1)
        left = torch.ones(len(own), dtype=torch.bool)
        for i, bone in enumerate(target.bones):
            if bone.begins is None or bone.turns is None:
                continue
            own[i], along[i] = rest.rotations[bone.turns], _direction(target, rest, i)
            left[i] = bool(rest.joints[bone.begins, 0] > -SHORT)
        return BoneFrames(target, rest, bone_axes(target.axes, own, along, left))

    def bind(self) -> torch.Tensor:
        """(B, 4, 4) from each bone's own axes to the rig's, at rest."""
        return rigid(self.axes, self.places(self.rest.joints[None])[0])

    def turned(self, rotations: torch.Tensor) -> torch.Tensor:
        """The bones' axes (N, B, 3, 3), given the joints' (N, 127, 3, 3)."""
        result = self.axes.expand(len(rotations), -1, -1, -1).clone()
        for i, bone in enumerate(self.target.bones):
            if bone.turns is not None:
                result[:, i] = rotations[:, bone.turns] @ (self.rest.rotations[bone.turns].T @ self.axes[i])
        return result

    def places(self, joints: torch.Tensor) -> torch.Tensor:
        """Where the bones begin (N, B, 3), given the joints (N, 127, 3); a bone on the floor is at 0."""
        result = torch.zeros(len(joints), len(self.target.bones), 3, dtype=torch.float64)
        for i, bone in enumerate(self.target.bones):
            if bone.begins is not None:
                result[:, i] = joints[:, bone.begins]
        return result

    def on_floor(self) -> torch.Tensor:
        """(B,) bool: bones that stand still on the floor."""
        return torch.tensor([bone.begins is None for bone in self.target.bones])


def _direction(target: Target, rest: Rest, number: int) -> torch.Tensor:
    """Where a bone points (3,): to the bone that goes on from its end; the pelvis up; a last bone as its parent does."""
    begins = [bone.begins for bone in target.bones]
    here, parent = begins[number], target.parents[number]
    up = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    if here is None or here == ROOT:
        return up
    following = [i for i, above in enumerate(target.parents) if above == number]
    middle = [i for i in following if "iddle" in target.bones[i].name] or following
    ends = [rest.joints[begins[i]] - rest.joints[here] for i in middle if begins[i] is not None]
    ends = [end for end in ends if float(end.norm()) > SHORT]
    if ends:  # of several, such as neck and shoulders, the one that goes on straightest
        before = up if parent < 0 or begins[parent] is None else rest.joints[here] - rest.joints[begins[parent]]
        return max(ends, key=lambda end: float(torch.nn.functional.cosine_similarity(end, before, dim=0)))
    if parent >= 0 and begins[parent] is not None:
        before = rest.joints[here] - rest.joints[begins[parent]]
        return before if float(before.norm()) > SHORT else up
    return up

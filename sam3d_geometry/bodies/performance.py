"""A performance: one person's bones, skin and movement, ready for a file."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .rest import rigid
from .skin import Skin

STRAYS = 0.0002  # metres: a bone that strays farther from its place at the parent's end carries its position too


@dataclass(frozen=True, kw_only=True)
class Performance:
    """One person over the N frames of a clip in which the person is there, float64, metres, in one right-handed frame.

    The frame has y up; x points to the picture's right and z toward the viewer where the world is the camera's. A resting
    person faces +z.

    name       of the person
    bones      B names; `parents` their parents' numbers, -1 for a root; a parent comes before its children
    rest       (B, 4, 4) from each bone's own axes to the frame, at rest
    rotations  (N, B, 3, 3) of the bones' own axes
    places     (N, B, 3) of the bones' beginnings
    frames     (N,) int64, increasing numbers of the clip's frames; `frame_count` is how many the clip has
    fps        frames per second
    vertices   (V, 3) of the resting skin, faces (F, 3) and the skin's weights over the bones; None without a mesh
    humanoid   what VRM calls the bones, for those that it knows: name -> number
    """

    name: str
    bones: tuple[str, ...]
    parents: tuple[int, ...]
    rest: torch.Tensor
    rotations: torch.Tensor
    places: torch.Tensor
    frames: torch.Tensor
    frame_count: int
    fps: float
    vertices: torch.Tensor | None = None
    faces: torch.Tensor | None = None
    skin: Skin | None = None
    humanoid: dict[str, int] | None = None

    def __post_init__(self) -> None:
        bones, frames = len(self.bones), len(self.frames)
        needed = {"rest": (bones, 4, 4), "rotations": (frames, bones, 3, 3), "places": (frames, bones, 3)}
        for name, shape in needed.items():
            if tuple(getattr(self, name).shape) != shape:
                raise ValueError(
                    f"Performance {name} came as {tuple(getattr(self, name).shape)}; {shape} is needed for {bones} bones and "
                    f"{frames} frames."
                )
        if not frames:
            raise ValueError(f"{self.name} is in no frame of the clip; choose another person.")
        if len(self.parents) != bones or any(parent >= bone for bone, parent in enumerate(self.parents)):
            raise ValueError("Performance parents must name one earlier bone, or -1, for each bone.")

    def at_parents(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Rotations (N, B, 3, 3) and places (N, B, 3) of the bones in their parents' axes; a root's are as they are."""
        return relative_to_parents(self.rotations, self.places, self.parents)

    def rest_at_parents(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The same at rest, (B, 3, 3) and (B, 3)."""
        turned, places = relative_to_parents(self.rest[None, :, :3, :3], self.rest[None, :, :3, 3], self.parents)
        return turned[0], places[0]

    def strays(self) -> torch.Tensor:
        """(B,) bool: bones whose place at their parent changes from frame to frame or from rest; roots always."""
        _, places = self.at_parents()
        _, rest = self.rest_at_parents()
        far = (places - rest).norm(dim=-1).amax(0) > STRAYS
        return far | torch.tensor([parent < 0 for parent in self.parents])

    def transforms(self) -> torch.Tensor:
        """(N, B, 4, 4) from each bone's own axes to the frame."""
        return rigid(self.rotations, self.places)


def relative_to_parents(
    rotations: torch.Tensor, places: torch.Tensor, parents: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations (N, B, 3, 3) and places (N, B, 3) of bones -> the same in their parents' axes; roots stay."""
    above = torch.tensor(parents).clamp_min(0)
    root = torch.tensor([parent < 0 for parent in parents])
    turned = torch.where(root[:, None, None], rotations, rotations[:, above].transpose(-1, -2) @ rotations)
    apart = torch.einsum("nbji,nbj->nbi", rotations[:, above], places - places[:, above])
    return turned, torch.where(root[:, None], places, apart)

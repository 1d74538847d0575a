"""View: one photo of a set, its pointmap, and where its camera stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F

from ..geometry.pointmap import Pointmap

State = Literal["placed", "guessed", "not placed"]


@dataclass(frozen=True)
class View:
    """One photo of a set.

    name               what the photo is called in reports and files
    photo              (H, W, 3) float32 in [0, 1] at its own size
    pointmap           a batch of one, of this photo, in its camera's axes (OpenCV)
    mask               (H, W) bool, the object in the photo, or None for all of it
    intrinsics         (3, 3) float64 normalised by the photo's size; starts as the pointmap's, then as the set's cameras were solved
    world_from_camera  (4, 4) float64 rigid, OpenCV axes, or None while the view is not placed
    log_scale          natural logarithm of what the pointmap's depth is multiplied by to be in the world's unit
    bend               (rows, columns) float64 further logarithm, sampled bilinearly over the picture with its corners at the
                       picture's corners, or None
    state              `placed` by what the photos show, `guessed` (a ring of equal steps), or `not placed`
    reason             why it is not placed, or what is weak about its place; "" where nothing is
    group              number of the connected set that it was placed in, from 0; None while not placed
    focal_spread       standard deviation of the natural logarithm of the focal length in `intrinsics`: 0 where it is known, None
                       where only the pointmap's own `fov_spread` tells
    """

    name: str
    photo: torch.Tensor
    pointmap: Pointmap
    mask: torch.Tensor | None
    intrinsics: torch.Tensor
    world_from_camera: torch.Tensor | None = None
    log_scale: float = 0.0
    bend: torch.Tensor | None = None
    state: State = "not placed"
    reason: str = ""
    group: int | None = None
    focal_spread: float | None = None
    radial: float = 0.0

    def __post_init__(self) -> None:
        if len(self.pointmap) != 1:
            raise ValueError(f"View {self.name} has a pointmap of {len(self.pointmap)} frames; one is needed.")
        if self.photo.dim() != 3 or self.photo.shape[-1] != 3:
            raise ValueError(f"View {self.name} has a photo of {tuple(self.photo.shape)}; (H, W, 3) is needed.")
        if self.mask is not None and self.mask.shape != self.photo.shape[:2]:
            raise ValueError(
                f"View {self.name} has a mask of {tuple(self.mask.shape)} and a photo of {tuple(self.photo.shape[:2])}; "
                "both must have one size."
            )
        if (self.world_from_camera is None) != (self.state == "not placed"):
            raise ValueError(
                f"View {self.name} is {self.state}; a pose goes with a view that is placed, and only then."
            )

    @property
    def depth(self) -> torch.Tensor:
        """(h, w) float64 depth along z at the pointmap's size in the world's unit, bent; 0 where the pointmap is invalid."""
        depth = self.pointmap.depth[0].double()
        if self.bend is None:
            return depth * torch.tensor(self.log_scale, dtype=torch.float64).exp()
        field = F.interpolate(self.bend[None, None], depth.shape, mode="bilinear", align_corners=True)[0, 0]
        return depth * (field + self.log_scale).exp()

"""What is seen at a place of the picture: the surface there, frame by frame, or that there is none."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .pointmap import Pointmap
from .resize import DEPTH_EDGE

Place = tuple[float, float]

PICK_RADIUS = 1  # pixels of the pointmap on each side of a place: enough that one stray pixel does not count


@dataclass(frozen=True)
class Picked:
    """What a pointmap's frames show at one place.

    place   (x, y) in shares of the picture's width and height
    seen    (B,) bool, False in frames that have no geometry there (sky, or masked out)
    depth   (B,) of the surface along z, in the pointmap's unit; 0 where none is seen
    rays    (B, 3) points at depth 1 on the ray through the place, in OpenCV camera axes
    pixels  (B, 2) row and column of the pointmap's pixel on that surface that is nearest to the place
    """

    place: Place
    seen: torch.Tensor
    depth: torch.Tensor
    rays: torch.Tensor
    pixels: torch.Tensor

    def points(self) -> torch.Tensor:
        """The points (B, 3) of the surface in OpenCV camera axes; ValueError where a frame shows none."""
        missing = torch.nonzero(~self.seen).flatten().tolist()
        if missing:
            where = "" if len(self.seen) == 1 else f" in frame {missing[0]}"
            raise ValueError(
                f"There is no geometry at x {self.place[0]:g}, y {self.place[1]:g}{where} (sky or masked out); pick a place on a "
                "surface or a larger radius."
            )
        return self.rays * self.depth[:, None]

    def depth_or(self, instead: float | torch.Tensor) -> torch.Tensor:
        """The depth (B,), and `instead`, one number or (B,), in frames that show no surface at the place."""
        return torch.where(self.seen, self.depth, torch.as_tensor(instead).to(self.depth))

    def points_or(self, instead: float | torch.Tensor) -> torch.Tensor:
        """The points (B, 3), at the depth `instead` on the same ray in frames that show no surface there."""
        return self.rays * self.depth_or(instead)[:, None]


def pick(pointmap: Pointmap, place: Place, radius: int = PICK_RADIUS) -> Picked:
    """The surface at `place`, shares (x, y) of the picture from its upper left corner, in every frame.

    Its depth is the median over the valid ones of (2 * radius + 1) squared pixels of the pointmap around the place, so that
    neither a stray pixel nor a hole counts. ValueError where the place is outside of the picture.
    """
    x, y = place
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(f"The place came as x {x:g}, y {y:g}; both are shares of the picture, from 0 to 1.")
    height, width = pointmap.size
    row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
    top, left = max(0, row - radius), max(0, column - radius)
    rows, columns = slice(top, row + radius + 1), slice(left, column + radius + 1)
    # a few values, and not every device has a median that leaves out the holes
    depths, valid = pointmap.depth[:, rows, columns].cpu(), pointmap.mask[:, rows, columns].cpu()
    seen = valid.flatten(1).any(1)
    depth = torch.where(valid, depths, torch.nan).flatten(1).nanmedian(1).values.nan_to_num(0.0)
    aside_y = torch.arange(top, top + depths.shape[1])[:, None] - row
    aside_x = torch.arange(left, left + depths.shape[2]) - column
    on_surface = valid & ((depths - depth[:, None, None]).abs() <= DEPTH_EDGE * depth[:, None, None])
    nearest = torch.where(on_surface, aside_y.square() + aside_x.square(), torch.inf).flatten(1).argmin(1)
    pixels = torch.stack([top + nearest // depths.shape[2], left + nearest % depths.shape[2]], 1)
    k = pointmap.intrinsics
    rays = torch.stack([(x - k[:, 0, 2]) / k[:, 0, 0], (y - k[:, 1, 2]) / k[:, 1, 1], torch.ones_like(k[:, 0, 0])], -1)
    device = pointmap.device
    return Picked(place, seen.to(device), depth.to(device), rays, pixels.to(device))

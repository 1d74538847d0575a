"""Where the lens is focused: a distance, a point of the picture, or the subject under a mask."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...geometry.picking import pick
from ...geometry.pointmap import Pointmap, require_frames
from ...geometry.resize import resize_mask
from ...geometry.scene_scale import SCENE_DEPTH, length_in_units

AT_POINT, AT_DISTANCE, ON_SUBJECT = FOCUS = ("point", "distance", "subject")


def _median_of_chosen(depth: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Median (B,) of the chosen values (B, N), nan where none is chosen."""
    # row by row: not every device has a median that leaves values out
    medians = [
        row[kept].median() if bool(kept.any()) else row.new_tensor(torch.nan) for row, kept in zip(depth, chosen)
    ]
    return torch.stack(medians)


def focus_at_distance(pointmap: Pointmap, distance: float) -> torch.Tensor:
    """The same depth along z (B,) for every frame, in the pointmap's unit."""
    if not 0 < distance < float("inf"):
        raise ValueError(f"The focus distance came as {distance:g}; a finite number greater than 0 is needed.")
    return pointmap.points.new_full((len(pointmap),), distance)


def focus_at_point(pointmap: Pointmap, x: float, y: float) -> torch.Tensor:
    """Depth (B,) of the surface at a place of the picture, shares of its width and height; see `picking.pick`.

    Where there is no geometry (sky) the farthest surface of the frame is taken, and 1 in a frame that has none.
    """
    farthest = pointmap.depth.amax((1, 2))
    return pick(pointmap, (x, y)).depth_or(torch.where(farthest > 0, farthest, 1.0))


def focus_on_mask(pointmap: Pointmap, mask: torch.Tensor | None) -> torch.Tensor:
    """Median depth (B,) under a mask (1 or B, h, w) of any size; frames in which it shows nothing take the clip's median."""
    if mask is None:
        raise ValueError(
            "To focus on the subject a mask is needed: wire one to subject, or set focus to point or distance."
        )
    require_frames("subject", mask, len(pointmap))
    chosen = resize_mask(mask.to(pointmap.device), pointmap.size) & pointmap.mask
    depth = _median_of_chosen(pointmap.depth.flatten(1), chosen.flatten(1))
    if bool(depth.isnan().all()):
        raise ValueError(
            "The subject mask covers no pixel that has geometry; give a mask of the subject or set focus to point or distance."
        )
    return torch.where(depth.isnan(), depth[~depth.isnan()].median(), depth)


@dataclass(frozen=True)
class Focus:
    """What is sharp in a clip.

    by        one of FOCUS: what is seen at `place`, the depth `distance`, or what is under `subject`
    place     (x, y) in shares of the picture
    distance  depth along z in `unit`, one of `scene_scale.UNITS`
    subject   (1 or B, any size) mask
    follow    each frame has its own focus; otherwise the median of them serves all
    """

    by: str = AT_POINT
    place: tuple[float, float] = (0.5, 0.5)
    distance: float = 1.0
    unit: str = SCENE_DEPTH
    subject: torch.Tensor | None = None
    follow: bool = True

    def depth(self, pointmap: Pointmap) -> torch.Tensor:
        """The depth (B,) that is sharp in each frame of a pointmap, in its unit."""
        if self.by not in FOCUS:
            raise ValueError(f"Input focus came as {self.by!r}; choose one of {', '.join(FOCUS)}.")
        if self.by == AT_POINT:
            sharp = focus_at_point(pointmap, *self.place)
        elif self.by == AT_DISTANCE:
            sharp = focus_at_distance(pointmap, length_in_units(pointmap, self.distance, self.unit))
        else:
            sharp = focus_on_mask(pointmap, self.subject)
        return sharp if self.follow else sharp.median().expand(len(pointmap))

"""A photo with depth as planar patches, one per pixel: what new cameras look at (see `reprojection`).

Every pixel of the photo stands for a square patch of the plane through its point: its inverse depth w continues linearly over
half a pixel to all sides, with slopes taken from its own side of a depth edge. A plane keeps its patches joined from any
camera, two surfaces are never joined, so nothing stretches across an edge. Sky (no geometry) has w = 0: it turns with the
camera and does not shift.
"""

from __future__ import annotations

import torch

from ...geometry.pointmap import Pointmap
from ...geometry.strips import strips
from ...geometry.surfaces import DEPTH_EDGE
from .neighbourhood import around

SLACK = 0.02  # pixels by which a patch may be left, against hairlines where a surface bends
SMOOTH_REACH = 1.0  # pixels over which a patch away from edges answers for its neighbours


def _patch_slopes(w: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Slope per pixel of inverse depth (H, W) along `dim`, and where it bends like an edge.

    Central, or that of the flatter side where it bends; 0 at a peak, such as a thin part.
    """
    if w.shape[dim] == 1:
        return torch.zeros_like(w), torch.zeros_like(w, dtype=torch.bool)
    steps = w.diff(dim=dim)
    last = steps.shape[dim] - 1
    # beyond the border stands the next step inwards: a border pixel next to an edge is bent as well
    before = torch.cat([steps.narrow(dim, min(1, last), 1), steps], dim)
    after = torch.cat([steps, steps.narrow(dim, max(last - 1, 0), 1)], dim)
    bent = (after - before).abs_() > w * DEPTH_EDGE
    flatter = torch.where(before.abs() < after.abs(), before, after)
    flatter.masked_fill_(before * after < 0, 0)
    return torch.where(bent, flatter, before.add_(after).mul_(0.5)), bent


class Patches:
    """A photo cut into one planar patch per pixel, ready to be seen from other cameras."""

    def __init__(self, image: torch.Tensor, inverse_depth: torch.Tensor, intrinsics: torch.Tensor):
        """Image (H, W, 3), inverse depth (H, W), 0 in the sky, and normalised intrinsics (3, 3) of one frame."""
        inverse_depth = inverse_depth.contiguous()  # patches are looked up by flat numbers of pixels
        self.image, self.inverse_depth, self.intrinsics = image, inverse_depth, intrinsics
        self.height, self.width = inverse_depth.shape
        self.strips = strips(self.height, self.width, inverse_depth.device)
        self._fringes: dict[int, torch.Tensor] = {}
        self.planes = image.movedim(-1, 0)[None].contiguous()
        self.slope_x, bent_x = _patch_slopes(inverse_depth, 1)
        self.slope_y, bent_y = _patch_slopes(inverse_depth, 0)
        # colours within a pixel of an edge must not be interpolated across it, nor a patch reach beyond its own half pixel
        self.mixed = around(bent_x | bent_y, torch.logical_or)
        self.reach = torch.where(self.mixed, 0.5 + SLACK, SMOOTH_REACH)
        for side in (self.reach[0], self.reach[-1], self.reach[:, 0], self.reach[:, -1]):
            side.fill_(0.5 + SLACK)

    def fringe(self, margin: int) -> torch.Tensor:
        """(H, W) bool: pixels on the far side of a depth edge, within `margin` pixels of it, whose colours may be mixed."""
        if margin not in self._fringes:
            nearest = around(self.inverse_depth, torch.maximum, margin)
            self._fringes[margin] = nearest > self.inverse_depth * (1 + 2 * DEPTH_EDGE)
        return self._fringes[margin]

    @classmethod
    def of_frame(cls, pointmap: Pointmap) -> Patches:
        """The patches of the first frame of a pointmap at the picture's size; without geometry all of it is sky."""
        depth, mask = pointmap.depth[0], pointmap.mask[0]
        inverse_depth = torch.where(mask & (depth > 0), 1 / depth.clamp_min(torch.finfo(depth.dtype).tiny), 0)
        return cls(pointmap.image[0], inverse_depth, pointmap.intrinsics[0])

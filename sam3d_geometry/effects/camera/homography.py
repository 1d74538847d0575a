"""Where a new camera sees the pixels of a photo and the planes that its patches lie in."""

from __future__ import annotations

from typing import NamedTuple

import torch

BEHIND = 1e-2  # a patch whose depth falls below this share of its old one is behind or at the new camera


class Homography(NamedTuple):
    """How a new camera sees a photo: its pixel (x, y) of inverse depth w is seen at A (x, y, 1) + w b.

    That is homogeneous: divided by its third component it is a pixel of the new picture, and the third component itself is
    the point's new depth over its old one. Pixel coordinates are 0 at the centre of the first pixel.

    a  the rows of A (3, 3)
    b  (3,), the way that a point takes over the new picture as its inverse depth grows
    """

    a: list[list[float]]
    b: list[float]

    def project(self, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Homogeneous pixel hx, hy, hz of pixels x, y with inverse depth w; a row x and a column y go with a whole map."""
        return tuple(
            (w * shift).add_(y * along_y + offset).add_(x * along_x)
            for (along_x, along_y, offset), shift in zip(self.a, self.b)
        )


def pixel_homography(
    intrinsics: torch.Tensor, new_intrinsics: torch.Tensor, new_from_old: torch.Tensor, height: int, width: int
) -> Homography:
    """The homography between two cameras whose pictures are of one size, computed in float64.

    Intrinsics (3, 3) are normalised; `new_from_old` (4, 4) takes points of the photo's camera to the new one's axes.
    """
    to_pixels = torch.tensor([[width, 0, -0.5], [0, height, -0.5], [0, 0, 1]], dtype=torch.float64)
    old, new = (to_pixels @ k.detach().cpu().double() for k in (intrinsics, new_intrinsics))
    pose = new_from_old.detach().cpu().double()
    return Homography((new @ pose[:3, :3] @ torch.linalg.inv(old)).tolist(), (new @ pose[:3, 3]).tolist())


class PlaneAt(NamedTuple):
    """Planes through the centres of patches, all tensors of one shape.

    w                 inverse depth at the centre
    slope_x, slope_y  by which it grows per pixel to the right and down
    hx, hy, hz        where the centre is seen (see `Homography.project`)
    """

    w: torch.Tensor
    slope_x: torch.Tensor
    slope_y: torch.Tensor
    hx: torch.Tensor
    hy: torch.Tensor
    hz: torch.Tensor

    def meet(
        self, px: torch.Tensor, py: torch.Tensor, homography: Homography
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Offset dx, dy from the patch's centre to the point of its plane seen at px, py, and the new inverse depth there.

        dx, dy pixels beside the centre the inverse depth is w + slope_x dx + slope_y dy, so that point is seen at

            h + dx u + dy v    with  u = A (1, 0, 0) + slope_x b  and  v = A (0, 1, 0) + slope_y b.

        That this is the pixel (px, py) gives two linear equations, solved by Cramer's rule:

            (ux - px uz) dx + (vx - px vz) dy = px hz - hx
            (uy - py uz) dx + (vy - py vz) dy = py hz - hy

        Their determinant has the sign of the side from which the patch is seen. The new inverse depth is the one on the old
        photo over the homogeneous third component; it is -1 where a patch is seen from its back or lies behind the camera.
        """
        a, b = homography
        uz, vz = (self.slope_x * b[2]).add_(a[2][0]), (self.slope_y * b[2]).add_(a[2][1])
        xu = (self.slope_x * b[0]).add_(a[0][0]).addcmul_(px, uz, value=-1)
        xv = (self.slope_y * b[0]).add_(a[0][1]).addcmul_(px, vz, value=-1)
        yu = (self.slope_x * b[1]).add_(a[1][0]).addcmul_(py, uz, value=-1)
        yv = (self.slope_y * b[1]).add_(a[1][1]).addcmul_(py, vz, value=-1)
        right_x, right_y = (px * self.hz).sub_(self.hx), (py * self.hz).sub_(self.hy)
        determinant = (xu * yv).addcmul_(xv, yu, value=-1)
        hidden = (determinant <= 0) | (self.hz <= BEHIND)
        dx = yv.mul_(right_x).addcmul_(xv, right_y, value=-1).div_(determinant)
        dy = xu.mul_(right_y).addcmul_(yu, right_x, value=-1).div_(determinant)
        new_w = torch.addcmul(self.w, self.slope_x, dx).addcmul_(self.slope_y, dy)
        new_w.div_(uz.mul_(dx).addcmul_(vz, dy).add_(self.hz))
        return dx, dy, new_w.masked_fill_(hidden, -1)

"""Triangles to pixels in torch: a z-buffer over (triangle, pixel) pairs, a bounded number of them at a time."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...geometry.number_format import not_in_half

PAIRS = 1 << 20  # triangle and pixel pairs that are tested at a time
NEAR_CUT = 1e-3  # what is nearer along z is cut off: at 0 a point shows nowhere
ON_EDGE = 1e-5  # barycentric slack, so that rounding opens no crack between two triangles


@dataclass(frozen=True)
class Raster:
    """What each pixel centre of a frame sees of a mesh.

    depth    (H, W) along z, 0 where nothing
    face     (H, W) index of the triangle, -1 where nothing
    weights  (H, W, 3) of its three vertices, perspective-correct, 0 where nothing
    """

    depth: torch.Tensor
    face: torch.Tensor
    weights: torch.Tensor

    def interpolate(self, values: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
        """Values (N, C) at the mesh's vertices -> (H, W, C), 0 where nothing."""
        everywhere = torch.arange(self.face.numel(), device=self.face.device)
        return self.interpolate_at(everywhere, values, faces).view(*self.face.shape, values.shape[-1])

    def interpolate_at(self, pixels: torch.Tensor, values: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
        """The same at some pixels (P,), counted row by row -> (P, C)."""
        corners = faces.index_select(0, self.face.view(-1).index_select(0, pixels).clamp_min(0))
        weights = self.weights.view(-1, 3).index_select(0, pixels)
        result = values.index_select(0, corners[:, 0]).mul_(weights[:, :1])
        for i in (1, 2):
            result.addcmul_(values.index_select(0, corners[:, i]), weights[:, i : i + 1])
        return result


def _clipped(corners: torch.Tensor, near: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
    """Triangles (M, 3, 3) -> those parts with z >= near (T, 3, 3), weights of the old corners (T, 3, 3), old index (T,).

    And how many of them are whole; those come first.
    """
    ahead = corners[..., 2] >= near
    count = ahead.sum(-1)
    unit = torch.eye(3, dtype=corners.dtype, device=corners.device)
    whole = (count == 3).nonzero()[:, 0]
    pieces = [(unit.expand(len(whole), 3, 3), whole)]
    for kept in (1, 2):
        index = (count == kept).nonzero()[:, 0]
        # the odd one out, alone before or alone behind the plane, is turned to the front
        odd = (ahead[index] == (kept == 1)).float().argmax(-1)
        order = (odd[:, None] + torch.arange(3, device=odd.device)) % 3
        turned = unit[order]  # (n, 3, 3) rows are the corners' own weights
        z = corners[index, :, 2].gather(1, order)
        share = (near - z[:, :1]) / (z[:, 1:] - z[:, :1])  # where the two edges from the odd corner meet the plane
        cut = turned[:, :1] + share[..., None] * (turned[:, 1:] - turned[:, :1])
        if kept == 1:
            pieces.append((torch.cat([turned[:, :1], cut], 1), index))
        else:
            pieces.append((torch.stack([cut[:, 0], turned[:, 1], turned[:, 2]], 1), index))
            pieces.append((torch.stack([cut[:, 0], turned[:, 2], cut[:, 1]], 1), index))
    weights, index = (torch.cat(parts) for parts in zip(*pieces))
    parts = corners[index]
    parts[len(whole) :] = weights[len(whole) :] @ parts[len(whole) :]
    return parts, weights, index, len(whole)


def _shares_in_box(
    x: torch.Tensor, y: torch.Tensor, corner: tuple[torch.Tensor, torch.Tensor], area: torch.Tensor
) -> torch.Tensor:
    """Barycentric shares of the second and third vertex over each triangle's box of pixels, as (T, 6).

    For each of the two: its value at the middle of the box's first pixel `corner` (column and row, each (T,)), and its change
    for a pixel to the right and one down. x and y (T, 3) are the vertices in pixels, area (T,) twice the signed area.
    """
    dx, dy = corner[0] + 0.5 - x[:, 0], corner[1] + 0.5 - y[:, 0]
    inverse = torch.where(area.abs() > 1e-12, 1 / area, 0)
    x_1, y_1, x_2, y_2 = ((f[:, i] - f[:, 0]) * inverse for i in (1, 2) for f in (x, y))
    return torch.stack([dx * y_2 - dy * x_2, y_2, -x_2, dy * x_1 - dx * y_1, -y_1, x_1], -1)


@not_in_half
def rasterize(
    vertices: torch.Tensor,
    faces: torch.Tensor,
    intrinsics: torch.Tensor,
    height: int,
    width: int,
    near: float = NEAR_CUT,
) -> Raster:
    """Vertices (N, 3) in OpenCV camera axes, faces (M, 3) and normalised intrinsics (3, 3) -> what each pixel sees.

    Both sides of a triangle are seen; what is nearer than `near` is cut off.
    """
    device, dtype = vertices.device, vertices.dtype
    nearest = torch.zeros(height * width, dtype=dtype, device=device)
    face = torch.full((height * width,), -1, dtype=torch.long, device=device)
    weights = torch.zeros(height * width, 3, dtype=dtype, device=device)
    corners, old_weights, old_index, whole = _clipped(vertices[faces], near)
    w = 1 / corners[..., 2].clamp_min(near)
    k = intrinsics.to(vertices)
    x = (corners[..., 0] * w * k[0, 0] + k[0, 2]) * width
    y = (corners[..., 1] * w * k[1, 1] + k[1, 2]) * height
    x0, x1 = ((f - 0.5).clamp(0, width) for f in (x.amin(-1), x.amax(-1)))
    y0, y1 = ((f - 0.5).clamp(0, height) for f in (y.amin(-1), y.amax(-1)))
    left, top = x0.ceil().long(), y0.ceil().long()
    columns = (x1.floor().long().clamp_max(width - 1) - left + 1).clamp_min(0)
    rows = (y1.floor().long().clamp_max(height - 1) - top + 1).clamp_min(0)
    area = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (y[:, 1] - y[:, 0])
    count = torch.where(area.abs() > 1e-12, columns * rows, 0)
    ends = count.cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    boxes = torch.stack([columns, left, top], -1).int()
    starts, shares = ends - count, _shares_in_box(x, y, (left, top), area)
    for start in range(0, total, PAIRS):
        pair = torch.arange(start, min(start + PAIRS, total), device=device)
        triangle = torch.searchsorted(ends, pair, right=True, out_int32=True)
        across, x_0, y_0 = boxes.index_select(0, triangle).unbind(-1)
        place = pair.sub_(starts.index_select(0, triangle)).int()
        row = torch.div(place, across, rounding_mode="floor")
        column = place.sub_(row * across)
        second, right_2, down_2, third, right_3, down_3 = shares.index_select(0, triangle).unbind(-1)
        right, down = column.to(dtype), row.to(dtype)
        second = torch.addcmul(second, right, right_2).addcmul_(down, down_2)
        third = torch.addcmul(third, right, right_3).addcmul_(down, down_3)
        first = (1 - second).sub_(third)
        inside = (torch.minimum(first, second).minimum(third) >= -ON_EDGE).nonzero()[:, 0]
        pixel = row.add_(y_0).index_select(0, inside).long() * width + column.add_(x_0).index_select(0, inside)
        triangle = triangle.index_select(0, inside)
        share = torch.stack([values.index_select(0, inside) for values in (first, second, third)], -1)
        in_view = share.clamp_min_(0).mul_(w.index_select(0, triangle))
        depth_inverse = in_view.sum(-1)
        nearest.scatter_reduce_(0, pixel, depth_inverse, "amax")
        seen = (depth_inverse >= nearest.index_select(0, pixel)).nonzero()[:, 0]
        own_face, pixel = old_index.index_select(0, triangle.index_select(0, seen)), pixel.index_select(0, seen)
        face[pixel] = own_face
        # several triangles can tie for a pixel: only the one written above gives the weights
        own = (face.index_select(0, pixel) == own_face).nonzero()[:, 0]
        chosen = seen.index_select(0, own)
        share = in_view.index_select(0, chosen).div_(depth_inverse.index_select(0, chosen)[:, None])
        if len(corners) > whole:
            share = (share[:, None] @ old_weights.index_select(0, triangle.index_select(0, chosen)))[:, 0]
        weights[pixel.index_select(0, own)] = share
    depth = torch.where(nearest > 0, 1 / nearest.clamp_min(1e-12), 0)
    return Raster(depth.view(height, width), face.view(height, width), weights.view(height, width, 3))

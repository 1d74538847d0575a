"""Resizing of images, masks and geometry; geometry is never mixed across invalid pixels or depth edges."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional as F

from .camera import unproject
from .number_format import not_in_half
from .pointmap import Pointmap, require_frames
from .surfaces import DEPTH_EDGE, depth_edges, inverse_depth

Size = tuple[int, int]


def picture_size(pictures: torch.Tensor) -> Size:
    """(height, width) of pictures or masks (B, H, W, ...)."""
    height, width = pictures.shape[1:3]
    return height, width


def size_for_long_edge(source: Size, long_edge: int) -> Size:
    """(height, width) of the same aspect ratio whose longer side is `long_edge`; never larger than `source`."""
    scale = min(1.0, long_edge / max(source))
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def resize_image(image: torch.Tensor, size: Size) -> torch.Tensor:
    """Image (B, H, W, C) -> (B, *size, C): antialiased bilinear when shrinking, bilinear when growing."""
    if tuple(image.shape[1:3]) == tuple(size):
        return image
    shrinks = size[0] < image.shape[1] or size[1] < image.shape[2]
    planes = image.movedim(-1, 1).float()
    if 2 * size[0] <= image.shape[1] and image.device.type == "cpu":
        # down the rows first, whole rows of memory at a time: half the time, the same but for rounding
        planes = F.interpolate(planes, (size[0], image.shape[2]), mode="bilinear", align_corners=False, antialias=True)
    planes = F.interpolate(planes, size, mode="bilinear", align_corners=False, antialias=shrinks)
    return planes.movedim(1, -1).clamp(0, 1)


def resize_mask(mask: torch.Tensor, size: Size) -> torch.Tensor:
    """Mask (B, H, W), bool or coverage in [0, 1] -> bool (B, *size): True where at least half is covered."""
    if tuple(mask.shape[1:]) == tuple(size):
        return mask if mask.dtype == torch.bool else mask >= 0.5
    shrinks = size[0] < mask.shape[1] or size[1] < mask.shape[2]
    coverage = F.interpolate(mask[:, None].float(), size, mode="bilinear", align_corners=False, antialias=shrinks)
    return coverage[:, 0] >= 0.5


def resize_validity(mask: torch.Tensor, size: Size) -> torch.Tensor:
    """Bool mask (B, H, W) -> (B, *size): where every resized map of its valid pixels has a value, whatever the map shows.

    At least half covered, and so that one of the four pixels around is valid: a shrunk mask is averaged over more.
    """
    resized = resize_mask(mask, size)
    if size[0] >= mask.shape[1] and size[1] >= mask.shape[2]:
        return resized
    beside = F.interpolate(mask[:, None].float(), size, mode="bilinear", align_corners=False)[:, 0]
    return resized & (beside > 0)


def _bilinear_weights(fy: torch.Tensor, fx: torch.Tensor) -> torch.Tensor:
    return torch.stack([(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx], -1)


class GeometryResize:
    """Resizes maps that belong to one depth map, bilinear inside surfaces and one-sided at their edges.

    Where the four pixels around a target straddle a depth edge, or one of them is invalid, only those on the same side as
    the nearest valid one count, so no value lies between two surfaces. Made once per depth map, called per map.
    """

    def __init__(self, depth: torch.Tensor, mask: torch.Tensor, size: Size, edge: float = DEPTH_EDGE):
        """depth (B, H, W) and mask (B, H, W) at the maps' size, `size` the target (height, width)."""
        self.source = picture_size(depth)
        self.size: Size = (size[0], size[1])
        self.mask = resize_validity(mask, self.size)
        if self.source == self.size:
            return
        inverse = inverse_depth(depth, mask)
        special = depth_edges(depth, mask, edge)
        touched = F.interpolate(special[:, None].float(), self.size, mode="bilinear", align_corners=False)[:, 0] > 0
        outside_rows, outside_columns = (self._beyond_outermost(axis, depth.device) for axis in (0, 1))
        touched |= outside_rows[:, None] | outside_columns[None, :]
        frame, row, column = torch.nonzero(touched & self.mask, as_tuple=True)
        self._target = (frame, row, column)
        y0, y1, fy = self._neighbours(row, 0)
        x0, x1, fx = self._neighbours(column, 1)
        height, width = self.source
        offset = frame * (height * width)
        self._taps = (
            torch.stack([y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1], -1) + offset[:, None]
        )
        tap_inverse = inverse.reshape(-1)[self._taps]
        held = _bilinear_weights(fy.clamp(0, 1), fx.clamp(0, 1))
        # the reference is the heaviest valid tap; where none is valid (a hole closed by the mask's resize) all weigh 0
        reference = (held * (tap_inverse > 0)).argmax(-1, keepdim=True)
        centre = tap_inverse.gather(-1, reference)
        same_side = (tap_inverse > 0) & ((tap_inverse - centre).abs() <= edge * torch.maximum(tap_inverse, centre))
        # beyond the outermost pixels' centres a surface goes on straight, where no edge is near
        smooth = ~special.reshape(-1)[self._taps].any(-1, keepdim=True)
        weights = torch.where(smooth, _bilinear_weights(fy, fx), (held + 1e-6) * same_side)
        self._weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-12)

    def _position(self, target: torch.Tensor, axis: int) -> torch.Tensor:
        return (target + 0.5) * (self.source[axis] / self.size[axis]) - 0.5

    def _beyond_outermost(self, axis: int, device: torch.device) -> torch.Tensor:
        """Which rows or columns of the target lie beyond the centres of the outermost ones of the source."""
        position = self._position(torch.arange(self.size[axis], device=device), axis)
        return (position < 0) | (position > self.source[axis] - 1)

    def _neighbours(self, target: torch.Tensor, axis: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        last = self.source[axis] - 1
        position = self._position(target, axis)
        lower = position.floor().long().clamp(0, max(0, last - 1))
        return lower, (lower + 1).clamp_max(last), position - lower

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Map (B, H, W) or (B, H, W, C) float -> the target size; 0 where the resized mask is False."""
        if self.source == self.size:
            return values
        planes = values[:, None] if values.dim() == 3 else values.movedim(-1, 1)
        out = F.interpolate(planes, self.size, mode="bilinear", align_corners=False).movedim(1, -1).contiguous()
        flat = planes.movedim(1, -1).reshape(-1, planes.shape[1])
        out[self._target] = (flat[self._taps] * self._weights[..., None]).sum(1)
        out.mul_(self.mask[..., None])
        return out[..., 0] if values.dim() == 3 else out


def _through_inverse(
    resize: GeometryResize, depth: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    inverse = resize(inverse_depth(depth, mask))
    valid = resize.mask & (inverse > 0)
    return inverse_depth(inverse, valid), valid


@not_in_half
def resize_depth(depth: torch.Tensor, mask: torch.Tensor, size: Size) -> tuple[torch.Tensor, torch.Tensor]:
    """Depth (B, H, W) and mask -> both at `size`; interpolated in 1 / depth, which is exact on planes at any tilt."""
    if tuple(depth.shape[1:]) == tuple(size):
        return depth, mask
    return _through_inverse(GeometryResize(depth, mask, size), depth, mask)


def require_same_shape(picture: Size, other: Size, picture_name: str = "image", other_name: str = "geometry") -> None:
    """ValueError where a picture (height, width) does not have the shape of what belongs to it, up to rounding and 5 %.

    So far do sizes go apart that samplers and networks round to multiples of up to 64 pixels.
    """
    stretch = (picture[0] * other[1]) / (picture[1] * other[0])
    slack = 0.05 + 1.5 / min(*picture, *other)
    if max(stretch, 1 / stretch) > 1 + slack:
        raise ValueError(
            f"The {picture_name} is {picture[1]} x {picture[0]} and the {other_name} {other[1]} x {other[0]} pixels, which is "
            f"another aspect ratio; give the {picture_name} that the {other_name} was made from, or, of a part of it, cut the "
            f"same part out of both (Crop Pointmap); one that was only squeezed is to be resized to {other[1]} x {other[0]}."
        )


def require_photo(pointmap: Pointmap, image: torch.Tensor | None, name: str = "image") -> None:
    """ValueError for an optional picture (1 or B, H, W, ...) that is not of a pointmap's frames or not of its photo's shape."""
    if image is not None and image.dim() == 3 and image.shape[-1] in (3, 4):
        raise ValueError(
            f"Input {name} came as {tuple(image.shape)}, a picture without its number of frames; give image[None], which is (1, H, W, 3)."
        )
    require_frames(name, image, len(pointmap))
    if image is not None:
        require_same_shape(picture_size(image), pointmap.source_size, name, "pointmap's photo")


def pointmap_at_image(pointmap: Pointmap, image: torch.Tensor | None = None) -> Pointmap:
    """The pointmap at the size of `image` (1 or B, H, W, 3 or more), which becomes its image: what the effects work on.

    Without an image it comes to the photo's size (`source_size`) with its own image enlarged. An image of another shape than
    the photo is refused. For points and normals see `pointmap_at_size`.
    """
    return pointmap_at_size(pointmap, photo_of(pointmap, image))


def photo_of(pointmap: Pointmap, image: torch.Tensor | None = None) -> torch.Tensor:
    """The picture (1 or B, H, W, 3) of `pointmap_at_image`: the photo where it is given, else the pointmap's own enlarged."""
    require_photo(pointmap, image)
    if image is None:
        return resize_image(pointmap.image, pointmap.source_size)
    return image[..., :3].float()


def pointmap_at_size(pointmap: Pointmap, picture: torch.Tensor) -> Pointmap:
    """The pointmap at the size of `picture` (1 or B, H, W, 3), whatever its shape, which becomes its image.

    Every point lies on the ray of its new pixel; the network's normals are kept where there are any.
    """
    size = (picture.shape[1], picture.shape[2])
    picture = picture.to(pointmap.device).expand(len(pointmap), -1, -1, -1)
    if pointmap.size == size:
        return replace(pointmap, image=picture, source_size=size)
    resize = GeometryResize(pointmap.depth, pointmap.mask, size)
    depth, mask = _through_inverse(resize, pointmap.depth, pointmap.mask)
    normals = None
    if pointmap.normals is not None:
        normals = resize(pointmap.normals)
        # step by step, as F.normalize does it, so that cancel is heard in between
        normals = normals / normals.norm(dim=-1, keepdim=True).clamp_min(1e-12) * mask[..., None]
    return Pointmap(
        unproject(depth, pointmap.intrinsics),
        mask,
        pointmap.intrinsics,
        picture,
        normals=normals,
        metric=pointmap.metric,
        source_size=size,
        fov_spread=pointmap.fov_spread,
        unrefined=pointmap.unrefined,
    )

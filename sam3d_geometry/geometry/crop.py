"""Part of a pointmap, or all of it at another size; the camera follows, so that every point stays on its pixel's ray."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch

from .pointmap import Pointmap
from .resize import Size, pointmap_at_image, resize_image


class Window(NamedTuple):
    """A rectangle of whole pixels: its left and top edge, and its size."""

    left: int
    top: int
    width: int
    height: int


def window_between(window: Window, source: Size, target: Size) -> Window:
    """A window of a picture of `source` (height, width) -> the one of the same picture at `target` that covers it."""
    left, top = window.left * target[1] // source[1], window.top * target[0] // source[0]
    right = -(-(window.left + window.width) * target[1] // source[1])
    bottom = -(-(window.top + window.height) * target[0] // source[0])
    return Window(left, top, right - left, bottom - top)


def window_of_mask(mask: torch.Tensor, size: Size, margin: int = 0) -> Window:
    """The smallest window of a picture of `size` (height, width) that holds what is white in any frame of a mask (B, H, W).

    It is `margin` of the picture's pixels wider on each side, as far as the picture goes; the mask may have another size.
    """
    white = (mask >= 0.5).any(0)
    if not bool(white.any()):
        raise ValueError("The mask is empty, so there is nothing to crop to; give one that is white on the object.")
    rows, columns = torch.nonzero(white.any(1)).flatten(), torch.nonzero(white.any(0)).flatten()
    left, top = int(columns[0]), int(rows[0])
    box = Window(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)
    left, top, width, height = window_between(box, tuple(mask.shape[1:]), size)
    right, bottom = min(size[1], left + width + margin), min(size[0], top + height + margin)
    left, top = max(0, left - margin), max(0, top - margin)
    return Window(left, top, right - left, bottom - top)


def _within(window: Window, size: Size) -> Window:
    """The part of a window inside a picture; a width or height of 0 reaches to the far edge."""
    height, width = size
    left, top = max(0, window.left), max(0, window.top)
    right = min(width, window.left + window.width if window.width else width)
    bottom = min(height, window.top + window.height if window.height else height)
    if min(window) < 0 or left >= right or top >= bottom:
        raise ValueError(
            f"The crop came as left {window.left}, top {window.top}, width {window.width}, height {window.height}, which leaves "
            f"nothing of a photo of {width} x {height} pixels; move left and top into the photo."
        )
    return Window(left, top, right - left, bottom - top)


def crop_pointmap(pointmap: Pointmap, window: Window) -> tuple[Pointmap, Window]:
    """A window in pixels of the photo -> the pointmap of it, nothing resampled, and the window of the photo that it shows.

    The edges move outward to the pointmap's own pixels. A width or height of 0 reaches to the far edge. The principal point
    moves with the window and the focal length keeps its pixels, so that points stay where they are in camera space.
    """
    source, size = pointmap.source_size, pointmap.size
    cells = window_between(_within(window, source), source, size)
    rows, columns = slice(cells.top, cells.top + cells.height), slice(cells.left, cells.left + cells.width)
    intrinsics = pointmap.intrinsics.clone()
    for axis, start, extent, length in ((0, cells.left, cells.width, size[1]), (1, cells.top, cells.height, size[0])):
        intrinsics[:, axis, axis] *= length / extent
        intrinsics[:, axis, 2] = (intrinsics[:, axis, 2] * length - start) / extent
    left, right = (round(edge * source[1] / size[1]) for edge in (cells.left, columns.stop))
    top, bottom = (round(edge * source[0] / size[0]) for edge in (cells.top, rows.stop))
    shown = Window(left, top, max(1, right - left), max(1, bottom - top))
    part = replace(
        pointmap,
        points=pointmap.points[:, rows, columns],
        mask=pointmap.mask[:, rows, columns],
        intrinsics=intrinsics,
        image=pointmap.image[:, rows, columns],
        normals=None if pointmap.normals is None else pointmap.normals[:, rows, columns],
        source_size=(shown.height, shown.width),
    )
    return part, shown


def resize_pointmap(pointmap: Pointmap, size: Size, image: torch.Tensor | None = None) -> Pointmap:
    """The pointmap with its points held at `size` (height, width); what image outputs are brought back to stays.

    Surfaces are interpolated in 1 / depth, exact on planes, and never across a depth edge or a hole. `image`
    (1 or B, H, W, 3) gives the colours, otherwise the pointmap's own picture does.
    """
    if min(size) < 1:
        raise ValueError(f"The pointmap's new size came as {tuple(size)}; a height and width of at least 1 is needed.")
    picture = resize_image(pointmap.image if image is None else image[..., :3], size)
    return replace(pointmap_at_image(pointmap, picture), source_size=pointmap.source_size)

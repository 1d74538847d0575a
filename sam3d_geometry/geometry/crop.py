"""Part of a pointmap, by a window or a mask, or all of it at another size; the camera follows, so that every point stays on its pixel's ray."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import torch

from .camera import intrinsics_of_part
from .pointmap import Pointmap, require_frames
from .resize import Size, picture_size, pointmap_at_size, require_photo, resize_image, resize_mask


class Window(NamedTuple):
    """A rectangle of whole pixels: its left and top edge, and its size."""

    left: int
    top: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Those of the picture that are inside."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Those of the picture that are inside."""
        return slice(self.left, self.left + self.width)


def bounding_window(inside: torch.Tensor) -> Window | None:
    """The smallest window that holds all of a region (..., H, W) bool, of any of its frames; None where it is empty."""
    region = inside.flatten(0, -3).any(0) if inside.dim() > 2 else inside
    rows, columns = (region.any(dim).nonzero()[:, 0].tolist() for dim in (1, 0))
    if not rows:
        return None
    return Window(columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])


def window_between(window: Window, source: Size, target: Size) -> Window:
    """A window of a picture of `source` (height, width) -> the one of the same picture at `target` that covers it."""
    left, top = window.left * target[1] // source[1], window.top * target[0] // source[0]
    right = -(-(window.left + window.width) * target[1] // source[1])
    bottom = -(-(window.top + window.height) * target[0] // source[0])
    return Window(left, top, right - left, bottom - top)


def _extent(counts: torch.Tensor, clip_percent: float) -> tuple[Fraction, Fraction]:
    """Counts (N,) of pixels per row or column -> first and past-the-last place as shares, a few percent cut off at each end."""
    reached = counts.cpu().double().cumsum(0) / counts.sum().cpu()
    cut = clip_percent / 100
    first = int((reached <= max(cut, 0)).sum())
    last = int((reached < 1 - max(cut, 1e-12)).sum())
    # exact: as floats 15 / 22 * 22 is less than 15, and a window of a mask's own size a pixel too wide
    return Fraction(first, len(counts)), Fraction(last + 1, len(counts))


def _start_and_size(low: Fraction, high: Fraction, margin: Fraction, length: int, multiple: int) -> tuple[int, int]:
    """Start and size in pixels of one side: shares low to high with a margin in pixels, a multiple where there is room."""
    first, last = max(0, math.floor(low * length - margin)), min(length, math.ceil(high * length + margin))
    size = -(-(last - first) // multiple) * multiple
    size = min(size, max(length // multiple * multiple, min(multiple, length)))
    start = round((first + last - size) / 2)
    return min(max(start, 0), length - size), size


def window_of_mask(
    mask: torch.Tensor, size: Size, *, margin_percent: float = 0.0, clip_percent: float = 0.0, multiple: int = 1
) -> Window:
    """The smallest window of a picture of `size` (height, width) that holds what is white in any frame of a mask (B, h, w).

    `margin_percent` of the window's longer side is added all round, as far as the picture goes; its sides become multiples of
    `multiple` pixels where there is room; of each frame's white pixels `clip_percent` may fall outside at each side.
    """
    if not 0 <= clip_percent < 50 or multiple < 1 or margin_percent < 0:
        raise ValueError(
            f"The crop came with clip_percent {clip_percent:g}, multiple {multiple} and margin_percent {margin_percent:g}; "
            "0 to 49, 1 or more and 0 or more are needed."
        )
    white = mask >= 0.5
    ends = [
        (*_extent(frame.sum(0), clip_percent), *_extent(frame.sum(1), clip_percent))
        for frame in white
        if bool(frame.any())
    ]
    if not ends:
        raise ValueError(
            "The selection is empty, so there is nothing to crop to; give one that is white on the object, or change what it "
            "selects."
        )
    lefts, rights, tops, bottoms = zip(*ends)
    left, right, top, bottom = min(lefts), max(rights), min(tops), max(bottoms)
    height, width = size
    margin = Fraction(margin_percent) / 100 * max((right - left) * width, (bottom - top) * height)
    x, box_width = _start_and_size(left, right, margin, width, multiple)
    y, box_height = _start_and_size(top, bottom, margin, height, multiple)
    return Window(x, y, box_width, box_height)


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
    kept, corner = (cells.height, cells.width), (cells.top, cells.left)
    intrinsics = intrinsics_of_part(pointmap.intrinsics, size, kept, corner=corner)
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
        unrefined=None if pointmap.unrefined is None else _part_of(pointmap.unrefined, cells, size),
    )
    return part, shown


def _part_of(values: torch.Tensor, cells: Window, size: Size) -> torch.Tensor:
    """What a map (B, h, w, C) of another size has of a window in pixels of `size`, its edges at the nearest of its own pixels."""
    (top, bottom), (left, right) = (
        (round(start * n / m), max(round(start * n / m) + 1, round(stop * n / m)))
        for start, stop, n, m in (
            (cells.top, cells.top + cells.height, values.shape[1], size[0]),
            (cells.left, cells.left + cells.width, values.shape[2], size[1]),
        )
    )
    return values[:, top:bottom, left:right]


def resize_pointmap(pointmap: Pointmap, size: Size, image: torch.Tensor | None = None) -> Pointmap:
    """The pointmap with its points held at `size` (height, width); what image outputs are brought back to stays.

    Surfaces are interpolated in 1 / depth, exact on planes, and never across a depth edge or a hole. `image`
    (1 or B, H, W, 3) gives the colours, otherwise the pointmap's own picture does.
    """
    if min(size) < 1:
        raise ValueError(f"The pointmap's new size came as {tuple(size)}; a height and width of at least 1 is needed.")
    require_photo(pointmap, image)
    picture = resize_image(pointmap.image if image is None else image[..., :3].float(), size)
    return replace(pointmap_at_size(pointmap, picture), source_size=pointmap.source_size)


@dataclass(frozen=True)
class CroppedClip:
    """A part of a pointmap, of its photo (B or 1, H, W, 3) and of a selection (B, H, W), and its window in photo pixels."""

    pointmap: Pointmap
    image: torch.Tensor
    selection: torch.Tensor
    window: Window


def crop_clip(
    pointmap: Pointmap,
    window: Window,
    *,
    selection: torch.Tensor | None = None,
    margin_percent: float = 5.0,
    clip_percent: float = 0.0,
    multiple: int = 1,
    image: torch.Tensor | None = None,
) -> CroppedClip:
    """A window in pixels of the photo, or the one of a selection (B or 1, h, w), cut out of a pointmap and its photo alike.

    See `window_of_mask` for margin, clip and multiple; with a window, `multiple` widens it where there is room. The edges move
    outward to the pointmap's own pixels and nothing is resampled, but for a multiple above 1: then the part is held at the
    photo's resolution, so that the sides are exact. `image` (B or 1, H, W, 3) is the photo at full size.
    """
    require_frames("selection", selection, len(pointmap))
    require_photo(pointmap, image)
    source = pointmap.source_size
    if selection is not None:
        margins = {"margin_percent": margin_percent, "clip_percent": clip_percent, "multiple": multiple}
        window = window_of_mask(selection, source, **margins)
    else:
        window = _within(window, source)
        if multiple > 1:
            (rows, columns), none = source, Fraction(0)
            right, bottom = window.left + window.width, window.top + window.height
            left, width = _start_and_size(
                Fraction(window.left, columns), Fraction(right, columns), none, columns, multiple
            )
            top, height = _start_and_size(Fraction(window.top, rows), Fraction(bottom, rows), none, rows, multiple)
            window = Window(left, top, width, height)
    part, shown = crop_pointmap(pointmap, window)
    if multiple > 1 and shown != window:
        whole = resize_pointmap(part, (shown.height, shown.width))
        inner = Window(window.left - shown.left, window.top - shown.top, window.width, window.height)
        part, shown = crop_pointmap(whole, inner)[0], window
    picture = resize_image(part.image, part.source_size) if image is None else _cut(image[..., :3], shown, source)
    if selection is None:
        chosen = torch.ones(len(pointmap), *part.source_size)
    else:
        chosen = _cut(resize_image(selection.float()[..., None], source)[..., 0], shown, source)
        chosen = chosen.expand(len(pointmap), -1, -1)
    return CroppedClip(part, picture, chosen, shown)


def _cut(pictures: torch.Tensor, window: Window, source: Size) -> torch.Tensor:
    """The part of pictures (B, H, W, ...) of any size that a window of the photo's pixels covers."""
    cut = window_between(window, source, picture_size(pictures))
    return pictures[:, cut.top : cut.top + cut.height, cut.left : cut.left + cut.width]


def mask_pointmap(pointmap: Pointmap, mask: torch.Tensor, invert: bool = False) -> Pointmap:
    """The pointmap with geometry only where a mask (B or 1, h, w) of any size, in [0, 1], is at least 0.5 (less: `invert`)."""
    require_frames("mask", mask, len(pointmap))
    keep = resize_mask(mask, pointmap.size).to(pointmap.device)
    return pointmap.masked(~keep if invert else keep)

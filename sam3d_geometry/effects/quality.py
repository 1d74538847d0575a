"""Draft and final: an effect at half the width and height, for turning knobs, or at the photo's size."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..geometry.crop import resize_pointmap
from ..geometry.pointmap import Pointmap
from ..geometry.resize import Size, picture_size, require_photo, resize_image

FINAL, DRAFT = RENDER_QUALITIES = ("final", "draft")


def require_quality(render_quality: str) -> None:
    """ValueError for what is not one of RENDER_QUALITIES."""
    if render_quality not in RENDER_QUALITIES:
        raise ValueError(
            f"Input render_quality came as {render_quality!r}; choose one of {', '.join(RENDER_QUALITIES)}."
        )


def draft_size(size: Size) -> Size:
    """(height, width) of a draft of a picture of this size: half of each, rounded up."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def half_picture(image: torch.Tensor) -> torch.Tensor:
    """Picture (B, H, W, C) at `draft_size`: the mean of 2 x 2 pixels where the sides are even."""
    height, width = picture_size(image)
    if height % 2 or width % 2:
        return resize_image(image, draft_size((height, width)))
    image = image.float()
    rows = image[:, ::2] + image[:, 1::2]  # several times as fast as pooling, which wants planes
    return (rows[:, :, ::2] + rows[:, :, 1::2]).mul_(0.25)


def held_size(render_quality: str, pointmap: Pointmap, image: torch.Tensor | None = None) -> Size:
    """(height, width) at which the pointmap that `at_quality` gives is held."""
    require_quality(render_quality)
    require_photo(pointmap, image)
    size = draft_size(pointmap.source_size if image is None else picture_size(image))
    shrinks = render_quality == DRAFT and pointmap.size[0] > size[0] and pointmap.size[1] > size[1]
    return size if shrinks else pointmap.size


def at_quality(
    render_quality: str, pointmap: Pointmap, image: torch.Tensor | None = None
) -> tuple[Pointmap, torch.Tensor | None]:
    """What an effect works on: pointmap and photo (1 or B, H, W, 3) as they came, or for a draft at half the size.

    The pointmap's points stay as they are held where there are no more of them than the draft has pixels. Places, distances
    and the camera are found before, from the whole, so that a draft shows what the final picture will show.
    """
    held = held_size(render_quality, pointmap, image)
    if render_quality == FINAL:
        return pointmap, image
    if held != pointmap.size:
        pointmap = resize_pointmap(pointmap, held)
    size = draft_size(pointmap.source_size if image is None else picture_size(image))
    return replace(pointmap, source_size=size), None if image is None else half_picture(image[..., :3])


def pixels_at(render_quality: str, pixels: int) -> int:
    """A length in pixels of the photo, in pixels of what the effect works on; not 0 where it was not."""
    require_quality(render_quality)
    return pixels if render_quality == FINAL else (pixels + 1) // 2


def smoothing_at(render_quality: str, smoothing: int, pointmap: Pointmap, image: torch.Tensor | None = None) -> int:
    """A radius in the pointmap's own pixels, in those of the pointmap that `at_quality` gives."""
    return round(smoothing * held_size(render_quality, pointmap, image)[1] / pointmap.size[1])

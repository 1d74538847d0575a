"""The surfaces that effects work on: a pointmap's frames at the size of their photo, kept for the next run with another knob turned."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..sam3d_geometry.effects.light.surface import surface_at_image
from ..sam3d_geometry.effects.quality import at_quality
from ..sam3d_geometry.geometry.kept import KEPT
from ..sam3d_geometry.geometry.pointmap import Pointmap
from ..sam3d_geometry.geometry.resize import photo_of, picture_size, pointmap_at_size
from . import host_chunks


def surface_at_photo(
    pointmap: Pointmap,
    frames: Pointmap,
    part: slice,
    image: torch.Tensor | None,
    render_quality: str,
    *,
    smoothing: int | None = None,
) -> Pointmap:
    """The frames `part` of a pointmap, which are `frames` on the device that computes, at the size of their photo or its draft.

    With `smoothing`, a radius in pixels of what the effect works on, they have normals (see `surface_at_image`).
    """
    held, photo = at_quality(render_quality, frames, host_chunks.frames_of(image, part, frames.device))
    picture = photo_of(held, photo)
    size = picture_size(picture)
    if smoothing is None and held.size == size:
        return pointmap_at_size(held, picture)
    # the geometry alone is kept: what the photo shows does not change it
    blank = picture.new_zeros(1, 1, 1, 1).expand(1, *size, 3)

    def made() -> Pointmap:
        return pointmap_at_size(held, blank) if smoothing is None else surface_at_image(held, blank, smoothing)

    name = ("at photo", part.start, part.stop, held.size, size, smoothing, str(frames.device))
    surface = KEPT.of(pointmap, name, frames, made)
    return replace(surface, image=picture.expand(len(surface), -1, -1, -1))

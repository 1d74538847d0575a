"""Photo set: photos with their pointmaps and masks become views, each with a name of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..geometry.pointmap import Pointmap
from ..geometry.resize import picture_size, require_photo, require_same_shape, resize_mask
from .view import View

NOTHING_SELECTED = "its mask selects nothing that has depth, so all of the photo counts"


def views_of_photos(
    photos: torch.Tensor,
    pointmap: Pointmap,
    masks: torch.Tensor | None = None,
    names: Sequence[str] = (),
    known_focal: bool = False,
) -> list[View]:
    """Photos (B, H, W, 3 or more), a pointmap of as many frames and masks (B, h, w) of the object -> views that are not placed.

    Names that are missing are `photo 1`, `photo 2` and so on. `known_focal` says that the pointmap's camera was measured
    rather than found. A mask that selects nothing with depth is left out, and the view's reason says so. ValueError, one
    sentence, where there are not as many of each, where shapes differ, and for a name that comes twice.
    """
    count = len(photos)
    if count != len(pointmap):
        raise ValueError(
            f"The image has {count} frames and the pointmap {len(pointmap)}; give the pointmap of these very photos."
        )
    require_photo(pointmap, photos)
    if masks is not None:
        if len(masks) != count:
            raise ValueError(
                f"Input selection has {len(masks)} frames and the image {count}; give a mask for each photo, or none."
            )
        require_same_shape(picture_size(masks), picture_size(photos), "selection", "image")
        masks = resize_mask(masks, picture_size(photos))
    named = _names_for_photos(names, count)
    pointmap, photos = pointmap.to("cpu"), photos[..., :3].float().cpu()
    views = []
    for i in range(count):
        mask, reason = None if masks is None else masks[i].cpu(), ""
        if mask is not None and not bool((resize_mask(mask[None], pointmap.size)[0] & pointmap.mask[i]).any()):
            mask, reason = None, NOTHING_SELECTED
        views.append(
            View(
                name=named[i],
                photo=photos[i],
                pointmap=pointmap[i],
                mask=mask,
                intrinsics=pointmap.intrinsics[i].double(),
                reason=reason,
                focal_spread=0.0 if known_focal else None,
            )
        )
    return views


def _names_for_photos(given: Sequence[str], count: int) -> list[str]:
    given = [name.strip() for name in given if name.strip()]
    if len(given) > count:
        raise ValueError(f"{len(given)} names came for {count} photos; give at most one for each photo.")
    names = [*given, *(f"photo {i + 1}" for i in range(len(given), count))]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"Two photos are called {twice[0]!r}; give every photo a name of its own.")
    return names

"""A pointmap as its estimator gave it, before Refine Edges: what whole surfaces are told by.

What lies on the ramp of a blurred edge continues the surface beside it once it is refined, by the slope that a few pixels have. That
looks right and says nothing new: taken for evidence, it would count that slope many times over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec

import torch

from .camera import unproject
from .pointmap import Pointmap
from .resize import picture_size, resize_image

P = ParamSpec("P")


def packed(pointmap: Pointmap) -> torch.Tensor:
    """The geometry of a pointmap of which none was refined, as `Pointmap.unrefined` keeps it."""
    depth = pointmap.depth[..., None]
    return depth if pointmap.normals is None else torch.cat([depth, pointmap.normals], -1)


def as_estimated(pointmap: Pointmap) -> Pointmap:
    """The pointmap itself, or with the geometry it had before its edges were refined, at the size it had then."""
    kept = pointmap.unrefined
    if kept is None:
        return pointmap
    size = picture_size(kept)
    return replace(
        pointmap,
        points=unproject(kept[..., 0], pointmap.intrinsics),
        mask=kept[..., 0] > 0,
        image=pointmap.image if pointmap.size == size else resize_image(pointmap.image, size),
        normals=None if pointmap.normals is None or kept.shape[-1] == 1 else kept[..., 1:],
        unrefined=None,
    )


def unrefined_too(change: Callable[Concatenate[Pointmap, P], Pointmap]) -> Callable[Concatenate[Pointmap, P], Pointmap]:
    """A change of pointmaps that is made of the geometry before its edges were refined as well."""

    @wraps(change)
    def both(pointmap: Pointmap, *args: P.args, **options: P.kwargs) -> Pointmap:
        made = change(pointmap, *args, **options)
        if pointmap.unrefined is None:
            return made
        return replace(made, unrefined=packed(change(as_estimated(pointmap), *args, **options)))

    return both

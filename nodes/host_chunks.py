"""Clips of any length a few frames at a time on ComfyUI's compute device, and their results on its intermediate one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from ..sam3d_geometry.geometry.interruption import Interruptible
from ..sam3d_geometry.geometry.pointmap import Pointmap
from ..sam3d_geometry.geometry.resize import require_photo
from .host import ShowProgress, compute_device, progress_bar

FRAMES_AT_ONCE = 4
PROGRESS_EDGE = 512  # pixels of the picture on a node that computes
PIXELS_AT_ONCE = 4 * 1920 * 1088  # of the photo: four frames of HD, and of larger ones fewer


@contextmanager
def cancellable(total: int) -> Iterator[ShowProgress]:
    """`progress_bar` for frames that take long by themselves: cancel is heard within a frame too, after any operation."""
    import comfy.model_management as mm

    with progress_bar(total) as on_progress, Interruptible(mm.throw_exception_if_processing_interrupted):
        yield on_progress


def _picture_to_show(outputs: tuple[torch.Tensor, ...]) -> torch.Tensor | None:
    """The last frame of the first output, small, for the node while it computes; None where that is no picture."""
    if not outputs or outputs[0].dim() != 4 or outputs[0].shape[-1] != 3:
        return None
    picture = outputs[0][-1]
    stride = max(1, math.ceil(max(picture.shape[:2]) / PROGRESS_EDGE))
    return picture[::stride, ::stride].float().cpu()


def by_chunk(
    pointmap: Pointmap, function: Callable[[Pointmap, slice], tuple[torch.Tensor, ...]], *, show: bool = True
) -> tuple[torch.Tensor, ...]:
    """`function` over a few frames at a time on the compute device; its tensors joined on ComfyUI's intermediate device.

    Working memory stays that of a few frames however long the clip, and the user can cancel in between. With `show` a
    picture that comes first is shown on the node meanwhile.
    """
    import comfy.model_management as mm

    device = mm.intermediate_device()
    results: tuple[torch.Tensor, ...] = ()
    pixels = max(math.prod(pointmap.source_size), math.prod(pointmap.size))
    at_once = max(1, min(FRAMES_AT_ONCE, PIXELS_AT_ONCE // pixels))
    with cancellable(len(pointmap)) as on_progress:
        for start in range(0, len(pointmap), at_once):
            part = slice(start, min(start + at_once, len(pointmap)))
            outputs = function(pointmap[part].to(mm.get_torch_device()), part)
            if not results:
                results = tuple(
                    torch.empty((len(pointmap), *o.shape[1:]), dtype=o.dtype, device=device) for o in outputs
                )
            for result, output in zip(results, outputs, strict=True):
                result[part] = output
            on_progress(part.stop, len(pointmap), _picture_to_show(outputs) if show else None)
    return results


def pointmap_by_chunk(pointmap: Pointmap, function: Callable[[Pointmap, slice], Pointmap]) -> Pointmap:
    """`by_chunk` for a function from a pointmap to a pointmap of as many frames."""
    names, made = ("points", "mask", "intrinsics", "image", "normals", "fov_spread", "unrefined"), []

    def tensors(frames: Pointmap, part: slice) -> tuple[torch.Tensor, ...]:
        made[:] = [function(frames, part)]
        return tuple(getattr(made[0], name) for name in names if getattr(made[0], name) is not None)

    results = by_chunk(pointmap, tensors, show=False)
    held = (name for name in names if getattr(made[0], name) is not None)
    return replace(made[0], **dict(zip(held, results, strict=True)))


def collected(parts: Iterator[tuple[torch.Tensor, ...]], count: int) -> tuple[torch.Tensor, ...]:
    """Tensors made `count` times, with frames first, joined on ComfyUI's intermediate device as they come."""
    import comfy.model_management as mm

    device = mm.intermediate_device()
    results: tuple[torch.Tensor, ...] = ()
    with cancellable(count) as on_progress:
        for i, outputs in enumerate(parts):
            if not results:
                results = tuple(
                    torch.empty((count * len(o), *o.shape[1:]), dtype=o.dtype, device=device) for o in outputs
                )
            for result, output in zip(results, outputs, strict=True):
                result[i * len(output) : (i + 1) * len(output)] = output
            on_progress(i + 1, count, _picture_to_show(outputs))
    return results


def frames_of(images: torch.Tensor | None, part: slice, device: torch.device) -> torch.Tensor | None:
    """The frames of an optional image or mask input that belong to a chunk; a single one serves all frames."""
    if images is None:
        return None
    return (images if len(images) == 1 else images[part]).to(device)


def by_frame(
    pointmap: Pointmap, function: Callable[[Pointmap, torch.Tensor | None], object], image: torch.Tensor | None = None
) -> list:
    """`function` of every frame, on the compute device, and of its picture (1, H, W, 3) where there are any; one serves all."""
    require_photo(pointmap, image)
    results = []
    with cancellable(len(pointmap)) as on_progress:
        for i in range(len(pointmap)):
            part = slice(i, i + 1)
            try:
                made = function(pointmap[part].to(compute_device()), frames_of(image, part, torch.device("cpu")))
            except ValueError as error:
                if len(pointmap) == 1:
                    raise
                raise ValueError(f"Frame {i}: {error}") from error
            results.append(made)
            on_progress(i + 1, len(pointmap))
    return results

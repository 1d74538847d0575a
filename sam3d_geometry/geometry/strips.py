"""Strips of a picture, worked on one after the other so that what lies between two results stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

STRIP_PIXELS = 1 << 15  # a dozen temporaries of so many float32 values take 1.5 MB


def strips(height: int, width: int, device: torch.device) -> list[slice]:
    """Rows of a picture that are worked on together: few on the CPU, for its cache, all of them elsewhere."""
    rows = max(1, STRIP_PIXELS // max(1, width)) if device.type == "cpu" else max(1, height)
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]


def by_strips(
    function: Callable[..., tuple[torch.Tensor, ...]], maps: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    """What `function` makes of maps (B, H, W, ...), which it must do for every pixel by itself.

    It gets strips (h, W, ...) of each map and gives strips of the same rows and columns, whose maps are returned.
    """
    batch, height, width = maps[0].shape[:3]
    results: tuple[torch.Tensor, ...] = ()
    for frame in range(batch):
        for rows in strips(height, width, maps[0].device):
            parts = function(*(values[frame, rows] for values in maps))
            results = results or tuple(part.new_empty(batch, height, width, *part.shape[2:]) for part in parts)
            for result, part in zip(results, parts):
                result[frame, rows] = part
    return results

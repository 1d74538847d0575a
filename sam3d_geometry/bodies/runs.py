"""Runs of frames in which something holds."""

from __future__ import annotations

import torch


def runs(states: torch.Tensor) -> list[tuple[int, int]]:
    """First and last frame of each run of True in (T,)."""
    none = torch.zeros(1, dtype=torch.bool)
    edges = torch.cat([none, states.cpu(), none]).int().diff()
    starts, ends = (torch.nonzero(edges == sign).flatten().tolist() for sign in (1, -1))
    return [(first, last - 1) for first, last in zip(starts, ends)]

"""Pieces of a mesh that hang together, and those too small to keep."""

from __future__ import annotations

import numpy
import torch


def pieces(faces: torch.Tensor, count: int) -> torch.Tensor:
    """Number (M,) of the connected piece that each face (M, 3) of a mesh of `count` vertices belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    corners = faces.numpy()
    pairs = (corners[:, [0, 1]].ravel(), corners[:, [1, 2]].ravel())
    graph = coo_array((numpy.ones(len(pairs[0]), dtype=bool), pairs), shape=(count, count))
    return torch.from_numpy(connected_components(graph, directed=False)[1]).long()[faces[:, 0].long()]


def large_pieces(faces: torch.Tensor, count: int, smallest: int) -> torch.Tensor:
    """(M,) bool: faces of pieces of at least `smallest` faces; the largest piece always stays."""
    piece = pieces(faces, count)
    sizes = piece.bincount()
    return sizes[piece] >= min(smallest, int(sizes.max()))


def compacted(faces: torch.Tensor, keep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of the vertices that the kept faces use (K,), and those faces (M', 3) over them."""
    kept = faces[keep]
    used, renumbered = torch.unique(kept, return_inverse=True)
    return used, renumbered.view(-1, 3)

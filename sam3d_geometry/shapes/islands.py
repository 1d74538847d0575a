"""Islands: pieces of a pixel grid that hang together by links, found by runs along the rows."""

from __future__ import annotations

import numpy
import torch


def small_islands(
    across: torch.Tensor, down: torch.Tensor, weights: torch.Tensor, smallest: int
) -> torch.Tensor | None:
    """(H, W) bool: pixels of islands that weigh less than `smallest`, or None where there is no such island.

    `across` (H, W - 1) and `down` (H - 1, W) bool link pixels to their right and lower neighbours; `weights` (H, W) uint8.
    Pixels without a link belong to no island. Rows are cut into runs of linked pixels, and only the few runs, not the
    pixels, are joined by a graph search (the run-based labelling of He, Chao and Suzuki, 2008).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    height, width = weights.shape
    beside, below = across.numpy(), down.numpy()
    lonely = numpy.ones((height, width), dtype=bool)
    lonely[:, 1:] &= ~beside
    lonely[:, :-1] &= ~beside
    lonely[1:] &= ~below
    lonely[:-1] &= ~below
    starts = numpy.ones((height, width), dtype=bool)
    # pixels without a link are one run, so that an empty sky does not make a million
    starts[:, 1:] = ~(beside | (lonely[:, 1:] & lonely[:, :-1]))
    first = numpy.flatnonzero(starts)
    run = (numpy.cumsum(starts.ravel(), dtype=numpy.int32) - 1).reshape(height, width)
    joins = below.copy()
    # a join repeats the one to its left where neither row starts a new run
    joins[:, 1:] &= ~below[:, :-1] | starts[:-1, 1:] | starts[1:, 1:]
    upper, lower = run[:-1][joins], run[1:][joins]
    graph = coo_array((numpy.ones(len(upper), dtype=bool), (upper, lower)), shape=(len(first), len(first)))
    _, island = connected_components(graph, directed=False)
    weight_of_run = numpy.add.reduceat(weights.numpy().ravel(), first, dtype=numpy.int64)
    weight = numpy.bincount(island, weights=weight_of_run)
    small = (weight < smallest)[island] & ~lonely.ravel()[first]
    if not small.any():
        return None
    lengths = numpy.diff(first, append=height * width)
    return torch.from_numpy(numpy.repeat(small, lengths).reshape(height, width))

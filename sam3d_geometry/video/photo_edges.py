"""The geometry of a clip at the size of its frames, its depth edges on theirs."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ..estimate.edge_refinement import RefineState, refine_depth_edges
from .engine import GeometryChunk, StreamSettings, as_float, masked_by_alpha


def edges_on_photos(
    chunks: Iterator[GeometryChunk], settings: StreamSettings, state: RefineState | None
) -> Generator[GeometryChunk]:
    """Chunks that bring their photos with refined edges and the state after them as the last of their states; others as they are.

    `state` is that after the last frame before them, None at the start of a clip.
    """
    for chunk in chunks:
        if chunk.photos is None:
            yield chunk
            continue
        photos = as_float(chunk.photos)
        pointmap, state = refine_depth_edges(chunk.pointmap, photos, state=state)
        if settings.mask_from_alpha:
            pointmap = masked_by_alpha(pointmap, photos)
        yield GeometryChunk(chunk.positions, pointmap, (*chunk.states, state))

"""The second half of a stream: a clip's geometry steadied, ranged and drawn, chunk by chunk."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from ..estimate.inference import AT_PHOTO
from ..geometry.pointmap import Pointmap
from ..maps.depth import RangeState, depth_range
from .clip_camera import cameras_to_keep
from .clip_facts import Position
from .clip_file import Clip
from .engine import ADAPTIVE, WHOLE_CLIP, Engine, GeometryChunk, StreamSettings, Survey, tracked
from .journal import Commit
from .kept_depth import depths_to_keep
from .overlap import Pipeline
from .photo_edges import edges_on_photos
from .product import CAMERA, VideoProduct
from .stages import AdaptiveRange, Stage, unpack


@dataclass(frozen=True)
class PictureChunk:
    """A few frames' pictures as the encoders take them, one array for each product, the states after them, and their unit."""

    positions: tuple[Position, ...]
    pictures: tuple[numpy.ndarray, ...]
    states: tuple
    metric: bool


def _staged(chunks: Iterator[GeometryChunk], stage: Stage, state: Any) -> Generator[GeometryChunk]:
    """Chunks after a stage, whose state is the last of theirs."""
    for chunk in chunks:
        pointmap, state, steps = stage(chunk.pointmap, state, chunk.steps)
        yield GeometryChunk(chunk.positions, pointmap, (*chunk.states, state), chunk.shown, chunk.photos, steps)


def _ranged(
    chunks: Iterator[GeometryChunk], settings: StreamSettings, state: RangeState | None
) -> Generator[GeometryChunk]:
    """Chunks with the range to show, but for one of the whole clip; an adaptive one's state is the last of the states."""
    adaptive = AdaptiveRange(settings.clip_percent)
    for chunk in chunks:
        states, shown, pointmap = chunk.states, None, chunk.pointmap
        if settings.range == ADAPTIVE:
            shown, state = adaptive(pointmap, state)
            states = (*states, state)
        elif settings.range != WHOLE_CLIP:
            shown = depth_range(pointmap, settings.range, settings.near, settings.far, settings.clip_percent)
        yield GeometryChunk(chunk.positions, pointmap, states, shown)


def is_drawn_late(product: VideoProduct, settings: StreamSettings) -> bool:
    """Whether a product can be drawn only after the last frame, in the range of all of them."""
    return product.needs_range and settings.range == WHOLE_CLIP


def _rendered(
    chunks: Iterator[GeometryChunk], products: Sequence[VideoProduct], settings: StreamSettings, size: tuple[int, int]
) -> Generator[PictureChunk]:
    """The pictures of `size`, that of the clip's stored frames, whose pixels may not be square as the camera's are."""
    for chunk in chunks:
        pointmap = replace(chunk.pointmap, source_size=size)
        pictures = tuple(_pictures(product, pointmap, chunk, settings) for product in products)
        yield PictureChunk(chunk.positions, pictures, chunk.states, pointmap.metric)


def _pictures(
    product: VideoProduct, pointmap: Pointmap, chunk: GeometryChunk, settings: StreamSettings
) -> numpy.ndarray:
    """What is written of each frame of a chunk, at the size of the pointmap's source."""
    if product.kind == CAMERA:
        return cameras_to_keep(pointmap, chunk.states)
    if is_drawn_late(product, settings):
        return depths_to_keep(pointmap)
    return product.render(pointmap, chunk.shown, settings.look)


def pictures_after_commit(
    engine: Engine,
    clip: Clip,
    products: Sequence[VideoProduct],
    settings: StreamSettings,
    *,
    stages: Sequence[Stage],
    survey: Survey,
    last: Commit,
    pipeline: Pipeline,
) -> Generator[PictureChunk]:
    """The pictures of the frames after the last commit, each step running ahead of the next one."""
    states = unpack(last.states)
    later = iter(states[len(stages) :])
    refine_state = next(later, None) if settings.refine_edges == AT_PHOTO else None
    range_state = next(later, None)

    chunks = engine.geometry(clip, settings, survey, last.position, pipeline)
    if any(stage.follows_motion for stage in stages):
        chunks = pipeline.ahead("flow", pipeline.step("flow", tracked(chunks)), 1)
    for stage, state in zip(stages, states or [None] * len(stages)):
        chunks = pipeline.ahead(stage.name, pipeline.step(stage.name, _staged(chunks, stage, state)), 1)
    if settings.refine_edges == AT_PHOTO:
        chunks = pipeline.step("refine", edges_on_photos(chunks, settings, refine_state))
    chunks = pipeline.step("range", _ranged(chunks, settings, range_state))
    size = (clip.facts.height, clip.facts.width)
    return pipeline.ahead("render", pipeline.step("render", _rendered(chunks, products, settings, size)))

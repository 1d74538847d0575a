"""The first half of a stream: a clip's frames read by the chunk and taken through the network, here or elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

import torch

from ..clips.flow import grey_frames
from ..clips.frame_step import Steps, followed_steps
from ..estimate.edge_refinement import refined_each
from ..estimate.inference import (
    AS_GIVEN,
    AT_PHOTO,
    BY_MASK,
    REFINEMENTS,
    WHERE_SOFT,
    infer_pointmap,
    refines_edges,
)
from ..geometry.camera import fov_degrees_from_intrinsics
from ..geometry.pointmap import Pointmap
from ..geometry.resize import resize_mask
from ..maps.depth import ADAPTIVE, FIXED, PER_FRAME, WHOLE_CLIP, DepthRange, fixed_range
from ..models import GeometryModel
from .clip_facts import Position
from .clip_file import Clip
from .overlap import Pipeline, use_torch_threads
from .product import Look

RANGES = (WHOLE_CLIP, PER_FRAME, ADAPTIVE, FIXED)
SURVEY_FRAMES = 16


@dataclass(frozen=True)
class StreamSettings:
    """How a clip is worked on.

    resolution, fov_x_degrees, validity, frames_per_chunk  as in `inference.infer_pointmap`
    mask_from_alpha  only what a clip's alpha shows (0.5 and more) has geometry; without effect on clips that have none
    refine_edges  as there, or AT_PHOTO, which brings the geometry to the photos' size, edges on theirs
    one_camera  one field of view for the whole clip, the median of `SURVEY_FRAMES` frames, where none is given
    range, near, far, clip_percent  as in `depth.depth_range`; "whole clip" keeps the depths on the disk until all
    frames are done, since only then their range is known; the others need no look ahead
    """

    resolution: int = 512
    frames_per_chunk: int = 4
    fov_x_degrees: float | None = None
    validity: str = BY_MASK
    refine_edges: str = WHERE_SOFT
    mask_from_alpha: bool = False
    one_camera: bool = True
    range: str = WHOLE_CLIP
    near: float = 0.5
    far: float = 20.0
    clip_percent: float = 0.5
    look: Look = field(default_factory=Look)

    def __post_init__(self) -> None:
        if self.range not in RANGES:
            raise ValueError(f"Range {self.range!r} is not known; choose one of {', '.join(RANGES)}.")
        if self.refine_edges not in (choices := (*REFINEMENTS, AT_PHOTO)):
            raise ValueError(f"Input refine_edges came as {self.refine_edges!r}; choose one of {', '.join(choices)}.")
        if self.frames_per_chunk < 1:
            raise ValueError(f"frames_per_chunk came as {self.frames_per_chunk}; it must be at least 1.")
        if self.range == FIXED:
            fixed_range(self.near, self.far, 1)


@dataclass(frozen=True)
class Survey:
    """One camera and one range for a whole clip, None where each frame has its own, and whether its unit is the metre.

    The camera is settled before the first frame, the unit is known with it, and the range after the last one, where pictures show it.
    """

    fov_x_degrees: float | None = None
    near: float | None = None
    far: float | None = None
    metric: bool | None = None


@dataclass(frozen=True)
class FrameChunk:
    """A few frames as read: where they are in the clip, and their pixels (B, H, W, 3 or 4), uint8 or float32."""

    positions: tuple[Position, ...]
    images: torch.Tensor


@dataclass(frozen=True)
class GeometryChunk:
    """A few frames' geometry, the states of the stages after them, and the range of depths to show once it is known.

    photos  their pixels as read, where edges are still to be brought onto them
    steps   how each of them follows from the frame before it, None where nothing asks for it
    """

    positions: tuple[Position, ...]
    pointmap: Pointmap
    states: tuple = ()
    shown: DepthRange | None = None
    photos: torch.Tensor | None = None
    steps: Steps | None = None


class Engine(Protocol):
    """Where the frames go through the network: here (`LocalEngine`), or on other machines."""

    model_name: str
    device: torch.device  # where this process draws pictures

    def geometry(
        self, clip: Clip, settings: StreamSettings, survey: Survey, after: Position | None, pipeline: Pipeline
    ) -> Generator[GeometryChunk]:
        """The geometry of the frames after a position, in order, each frame once."""
        ...

    def sample(self, clip: Clip, settings: StreamSettings) -> Pointmap:
        """The geometry of `SURVEY_FRAMES` frames spread over the clip."""
        ...


def read_chunks(
    clip: Clip, frames_per_chunk: int, after: Position | None, pinned: bool = False
) -> Generator[FrameChunk]:
    """A clip's frames after a position by the chunk; `pinned` in memory that a GPU copies from without waiting."""
    positions: list[Position] = []
    images = torch.empty(0)
    for frame in clip.frames(after):
        pixels = torch.from_numpy(frame.pixels)
        if not positions:  # in memory of its own: the last chunk is still on its way
            images = torch.empty((frames_per_chunk, *pixels.shape), dtype=pixels.dtype, pin_memory=pinned)
        images[len(positions)] = pixels
        positions.append(Position(frame.index, frame.time))
        if len(positions) == frames_per_chunk:
            yield FrameChunk(tuple(positions), images)
            positions = []
    if positions:
        yield FrameChunk(tuple(positions), images[: len(positions)])


def to_gpu(chunks: Generator[FrameChunk], device: torch.device) -> Generator[tuple[FrameChunk, torch.cuda.Event]]:
    """Chunks copied to a CUDA device on a stream beside the one that computes, with the event to wait for."""
    side = torch.cuda.Stream(device)
    for chunk in chunks:
        with torch.cuda.stream(side):
            images = chunk.images.to(device, non_blocking=True)
            arrived = torch.cuda.Event()
            arrived.record(side)
        yield replace(chunk, images=images), arrived


def as_float(images: torch.Tensor) -> torch.Tensor:
    """Pixels (B, H, W, C) as read, uint8 or float32 in [0, 1] -> float32."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def masked_by_alpha(pointmap: Pointmap, images: torch.Tensor) -> Pointmap:
    """The geometry of what the alpha of float images (B, H, W, 3 or 4) shows; all of it where they have none."""
    if images.shape[-1] != 4:
        return pointmap
    return pointmap.masked(resize_mask(images[..., 3], pointmap.size))


class LocalEngine:
    """The network in this process, on the model's device."""

    def __init__(self, model: GeometryModel):
        self._model = model
        self.model_name = f"{model.name} {model.dtype}"
        self.device = model.device if model.device.type == "cuda" else torch.device("cpu")
        self._room = torch.empty(0)

    def _floats(self, images: torch.Tensor) -> torch.Tensor:
        """As `as_float`, uint8 in room that the next call uses again: a new one for each chunk costs more than the work."""
        if images.dtype != torch.uint8:
            return as_float(images)
        if self._room.shape[1:] != images.shape[1:] or len(self._room) < len(images):
            with torch.inference_mode(False):  # in it ComfyUI calls nodes, but not the threads that write here next
                self._room = torch.empty(images.shape, device=images.device)
        return self._room[: len(images)].copy_(images).div_(255)

    def sample(self, clip: Clip, settings: StreamSettings) -> Pointmap:
        samples = (torch.from_numpy(pixels) for pixels in clip.samples(SURVEY_FRAMES))
        chunks = iter(lambda: list(islice(samples, settings.frames_per_chunk)), [])
        threads = torch.get_num_threads()
        try:
            use_torch_threads(self._threads(threads), threads)
            seen = [self._infer(torch.stack(chunk), settings, settings.fov_x_degrees) for chunk in chunks]
        finally:
            use_torch_threads(threads, threads)
        return Pointmap.cat(seen)

    def _threads(self, available: int) -> int:
        """How many of torch's threads the network has: the built-in one is so light that they would mostly wait for one another."""
        return max(1, available // 2) if self._model.preview else available

    def infer(self, images: torch.Tensor, settings: StreamSettings, fov_x_degrees: float | None) -> Pointmap:
        """The geometry of a few frames (B, H, W, 3 or 4), uint8 or float32 in [0, 1]."""
        return self._finished(self._infer(images, settings, fov_x_degrees), images, settings)

    def _infer(self, images: torch.Tensor, settings: StreamSettings, fov_x_degrees: float | None) -> Pointmap:
        """What the network sees in the frames."""
        return infer_pointmap(
            self._model,
            self._floats(images.to(self.device)),
            resolution=settings.resolution,
            fov_x_degrees=fov_x_degrees,
            validity=settings.validity,
            refine_edges=AS_GIVEN,
            frames_per_batch=settings.frames_per_chunk,
        )

    def _finished(self, pointmap: Pointmap, images: torch.Tensor, settings: StreamSettings) -> Pointmap:
        """The network's geometry of frames with refined edges and masked by alpha, where the settings ask for it."""
        if refines_edges(self._model, settings.refine_edges):
            pointmap = refined_each(pointmap)
        return masked_by_alpha(pointmap, as_float(images.to(self.device))) if settings.mask_from_alpha else pointmap

    def geometry(
        self, clip: Clip, settings: StreamSettings, survey: Survey, after: Position | None, pipeline: Pipeline
    ) -> Generator[GeometryChunk]:
        pinned = self._model.device.type == "cuda" and pipeline.overlap
        chunks = read_chunks(clip, settings.frames_per_chunk, after, pinned=pinned)
        chunks = pipeline.ahead("decode", pipeline.step("decode", chunks))
        if pinned:
            chunks = self._waited(pipeline.ahead("copy", pipeline.step("copy", to_gpu(chunks, self._model.device)), 1))
        network = pipeline.step("network", self._seen(chunks, settings, survey))
        seen = pipeline.ahead("network", network, 1, self._threads(pipeline.torch_threads))
        return pipeline.step("refine", self._chunks(seen, settings))

    def _seen(
        self, chunks: Iterator[FrameChunk], settings: StreamSettings, survey: Survey
    ) -> Generator[tuple[FrameChunk, Pointmap]]:
        for chunk in chunks:
            yield chunk, self._infer(chunk.images, settings, survey.fov_x_degrees)

    def _chunks(
        self, seen: Iterator[tuple[FrameChunk, Pointmap]], settings: StreamSettings
    ) -> Generator[GeometryChunk]:
        for chunk, pointmap in seen:
            photos = chunk.images if settings.refine_edges == AT_PHOTO else None
            yield GeometryChunk(chunk.positions, self._finished(pointmap, chunk.images, settings), photos=photos)

    @staticmethod
    def _waited(chunks: Iterator[tuple[FrameChunk, torch.cuda.Event]]) -> Generator[FrameChunk]:
        for chunk, arrived in chunks:
            computing = torch.cuda.current_stream(chunk.images.device)
            computing.wait_event(arrived)
            chunk.images.record_stream(computing)  # its memory is not given away while the network still reads it
            yield chunk


def tracked(chunks: Iterator[GeometryChunk]) -> Generator[GeometryChunk]:
    """Chunks with where the pixels of each frame were in the one before it, but for the first frame of all."""
    before = None
    for chunk in chunks:
        greys = grey_frames(chunk.pointmap.image)
        yield replace(chunk, steps=followed_steps(greys, before))
        before = greys[-1]


def survey_clip(clip: Clip, engine: Engine, settings: StreamSettings) -> Survey:
    """One camera for a clip, from a few frames of it, where the settings ask for one and leave it open."""
    if settings.fov_x_degrees is not None or not settings.one_camera:
        return Survey(settings.fov_x_degrees)
    pointmap = engine.sample(clip, settings)
    return Survey(float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0].median()))

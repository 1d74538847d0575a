"""A clip of any length turned into depth and normals in bounded memory: read, infer, render and write overlap, chunk by chunk."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy
import torch

from . import __version__
from .camera import fov_degrees_from_intrinsics
from .depth import DepthRange, depth_range, fixed_range
from .inference import infer_pointmap
from .journal import Commit, Journal
from .models import GeometryModel
from .overlap import run_ahead
from .pointmap import Pointmap
from .products import Look, Product
from .stages import Stage
from .video import Clip, Position, import_av
from .video_writer import Segment, SegmentWriter, format_named, join_segments, write_picture

log = logging.getLogger(__name__)

RANGES = ("whole clip", "per frame", "fixed")
SURVEY_FRAMES = 16
SEGMENT_FRAMES = 96
CHUNKS_AHEAD = 2  # of each step: enough to even out a slow frame, few enough for long chunks of large frames


@dataclass(frozen=True)
class StreamSettings:
    """How a clip is worked on.

    resolution, fov_x_degrees, frames_per_chunk  as in `inference.infer_pointmap`
    one_camera  one field of view for the whole clip, the median of `SURVEY_FRAMES` frames, where none is given
    range, near, far, clip_percent  as in `depth.depth_range`; "whole clip" is taken from the same frames
    """

    resolution: int = 512
    frames_per_chunk: int = 4
    fov_x_degrees: float | None = None
    one_camera: bool = True
    range: str = "whole clip"
    near: float = 0.5
    far: float = 20.0
    clip_percent: float = 0.5
    look: Look = field(default_factory=Look)

    def __post_init__(self) -> None:
        if self.range not in RANGES:
            raise ValueError(f"Range {self.range!r} is not known; choose one of {', '.join(RANGES)}.")
        if self.frames_per_chunk < 1:
            raise ValueError(f"frames_per_chunk came as {self.frames_per_chunk}; it must be at least 1.")
        if self.range == "fixed":
            fixed_range(self.near, self.far, 1)


@dataclass(frozen=True)
class Survey:
    """What is settled for a whole clip before its first frame: one camera and one range, None where each frame has its own."""

    fov_x_degrees: float | None = None
    near: float | None = None
    far: float | None = None


@dataclass(frozen=True)
class FrameChunk:
    """A few frames as read: where they are in the clip, and their pixels (B, H, W, 3) uint8."""

    positions: tuple[Position, ...]
    images: torch.Tensor


@dataclass(frozen=True)
class GeometryChunk:
    """A few frames' geometry, and the states of the stages after them."""

    positions: tuple[Position, ...]
    pointmap: Pointmap
    states: tuple = ()


@dataclass(frozen=True)
class PictureChunk:
    """A few frames' pictures as the encoders take them, one array for each product, and the states after them."""

    positions: tuple[Position, ...]
    pictures: tuple[numpy.ndarray, ...]
    states: tuple


class Engine(Protocol):
    """Where the frames go through the network: here (`LocalEngine`), or on other machines."""

    model_name: str

    def geometry(
        self, clip: Clip, settings: StreamSettings, survey: Survey, after: Position | None, overlap: bool
    ) -> Generator[GeometryChunk]:
        """The geometry of the frames after a position, in order, each frame once."""

    def infer(self, images: torch.Tensor, settings: StreamSettings, fov_x_degrees: float | None) -> Pointmap:
        """The geometry of a few frames (B, H, W, 3) uint8 now."""


def read_chunks(
    clip: Clip, frames_per_chunk: int, after: Position | None, pinned: bool = False
) -> Generator[FrameChunk]:
    """A clip's frames after a position by the chunk; in pinned memory, which a GPU copies from without waiting, if asked for."""
    shape = (frames_per_chunk, clip.facts.height, clip.facts.width, 3)
    positions: list[Position] = []
    for frame in clip.frames(after):
        if not positions:
            images = torch.empty(shape, dtype=torch.uint8, pin_memory=pinned)
        images[len(positions)] = torch.from_numpy(frame.pixels)
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


class LocalEngine:
    """The network in this process, on the model's device."""

    def __init__(self, model: GeometryModel):
        self._model = model
        self.model_name = f"{model.name} {model.dtype}"

    def infer(self, images: torch.Tensor, settings: StreamSettings, fov_x_degrees: float | None) -> Pointmap:
        device = self._model.device if self._model.device.type == "cuda" else torch.device("cpu")
        return infer_pointmap(
            self._model,
            images.to(device).float().div_(255),
            resolution=settings.resolution,
            fov_x_degrees=fov_x_degrees,
            frames_per_batch=settings.frames_per_chunk,
        )

    def geometry(
        self, clip: Clip, settings: StreamSettings, survey: Survey, after: Position | None, overlap: bool
    ) -> Generator[GeometryChunk]:
        on_gpu = self._model.device.type == "cuda"
        chunks = read_chunks(clip, settings.frames_per_chunk, after, pinned=on_gpu and overlap)
        if overlap:
            chunks = run_ahead(chunks, CHUNKS_AHEAD, "read")
        if on_gpu and overlap:
            chunks = self._waited(run_ahead(to_gpu(chunks, self._model.device), 1, "copy"))
        for chunk in chunks:
            pointmap = self.infer(chunk.images, settings, survey.fov_x_degrees)
            yield GeometryChunk(chunk.positions, pointmap)

    @staticmethod
    def _waited(chunks: Iterator[tuple[FrameChunk, torch.cuda.Event]]) -> Generator[FrameChunk]:
        for chunk, arrived in chunks:
            computing = torch.cuda.current_stream(chunk.images.device)
            computing.wait_event(arrived)
            chunk.images.record_stream(computing)  # its memory is not given away while the network still reads it
            yield chunk


def survey_clip(clip: Clip, engine: Engine, settings: StreamSettings) -> Survey:
    """One camera and one depth range for a clip, from a few frames spread over it; only what the settings leave open."""
    fov, near, far = settings.fov_x_degrees, None, None
    wants_camera = fov is None and settings.one_camera
    if not wants_camera and settings.range != "whole clip":
        return Survey(fov)
    pointmaps = []
    for frame in clip.samples(SURVEY_FRAMES):
        pointmaps.append(engine.infer(torch.from_numpy(frame.pixels)[None], settings, fov))
    pointmap = Pointmap.cat(pointmaps)
    if wants_camera:
        fov = float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0].median())
    if settings.range == "whole clip":
        near, far = depth_range(pointmap, "whole batch", clip_percent=settings.clip_percent).limits
    return Survey(fov, near, far)


def _staged(
    chunks: Iterator[GeometryChunk], stages: Sequence[Stage], states: Sequence
) -> Generator[GeometryChunk]:
    states = list(states) or [None] * len(stages)
    for chunk in chunks:
        pointmap = chunk.pointmap
        for i, stage in enumerate(stages):
            pointmap, states[i] = stage(pointmap, states[i])
        yield GeometryChunk(chunk.positions, pointmap, tuple(states))


def _shown(pointmap: Pointmap, settings: StreamSettings, survey: Survey) -> DepthRange:
    if settings.range == "whole clip":
        ones = torch.ones(len(pointmap), device=pointmap.device)
        return DepthRange(ones * survey.near, ones * survey.far)
    return depth_range(pointmap, settings.range, settings.near, settings.far, settings.clip_percent)


def _rendered(
    chunks: Iterator[GeometryChunk], products: Sequence[Product], settings: StreamSettings, survey: Survey
) -> Generator[PictureChunk]:
    for chunk in chunks:
        shown = _shown(chunk.pointmap, settings, survey)
        pictures = tuple(p.render(chunk.pointmap, shown, settings.look) for p in products)
        yield PictureChunk(chunk.positions, pictures, chunk.states)


class _Output:
    """Writes picture chunks, segment by segment, and commits each segment to the journal."""

    def __init__(self, clip: Clip, products: Sequence[Product], stages: Sequence[Stage], journal: Journal):
        self._clip, self._products, self._stages, self._journal = clip, products, stages, journal
        self._writers: list[SegmentWriter | None] = []
        self._open: Commit | None = None
        self._frames = 0
        for product in products:
            folder = product.target if format_named(product.format_name).sequence else product.target.parent
            folder.mkdir(parents=True, exist_ok=True)

    def _start(self, time: int) -> None:
        facts, number = self._clip.facts, len(self._journal.last.segments)
        self._open = replace(self._journal.last, segments=(*self._journal.last.segments, time))
        for i, product in enumerate(self._products):
            chosen, writer = format_named(product.format_name), None
            if not chosen.sequence:
                size = (facts.height, facts.width)
                path = self._journal.segment_path(number, i)
                writer = SegmentWriter(path, chosen, product.grey, size, facts.frame_rate, facts.time_base)
            self._writers.append(writer)

    def write(self, chunk: PictureChunk) -> None:
        if self._open is None:
            self._start(chunk.positions[0].time)
        for product, writer, pictures in zip(self._products, self._writers, chunk.pictures):
            chosen = format_named(product.format_name)
            for position, picture in zip(chunk.positions, pictures):
                if writer is not None:
                    writer.write(picture, position.time)
                else:
                    name = self._clip.frame_name(position.index) + chosen.suffix
                    write_picture(product.target / name, picture, chosen)
        self._open = replace(self._open, position=chunk.positions[-1], states=chunk.states)
        self._frames += len(chunk.positions)
        if self._frames >= SEGMENT_FRAMES:
            self.commit()

    def commit(self) -> None:
        """Closes the open segment and makes it part of the job for good."""
        if self._open is None:
            return
        for writer in self._writers:
            if writer is not None:
                writer.close()
        packed = tuple(stage.pack(state) for stage, state in zip(self._stages, self._open.states))
        self._journal.commit(replace(self._open, states=packed))
        self._writers, self._open, self._frames = [], None, 0

    def abandon(self) -> None:
        for writer in self._writers:
            if writer is not None:
                writer.abandon()

    def join(self) -> None:
        """Puts every video in place, the sound beside its pictures."""
        clip, segments = self._clip, self._journal.last.segments
        sound = (clip.path, clip.window) if clip.facts.has_sound else None
        for i, product in enumerate(self._products):
            if not format_named(product.format_name).sequence:
                parts = [Segment(self._journal.segment_path(n, i), time) for n, time in enumerate(segments)]
                join_segments(parts, product.target, clip.facts.time_base, sound)


def stream_clip(
    engine: Engine,
    clip: Clip,
    products: Sequence[Product],
    settings: StreamSettings | None = None,
    stages: Sequence[Stage] = (),
    *,
    work_folder: Path | None = None,
    overlap: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Writes the `products` of every frame of a clip, at the clip's size, frame rate and times, with its sound; returns frames.

    Memory does not depend on the clip's length. Killed at any moment, the same call goes on after the last frame that is
    on the disk, from the notes in `work_folder` (beside the first target if not given), which goes when all is done.
    `on_progress(done, total)` is called after each chunk and may raise to stop; total is an estimate.
    """
    if not products:
        raise ValueError("A stream was given nothing to write; name at least one of depth, normals or true depth.")
    settings = settings or StreamSettings()
    if work_folder is None:
        first = products[0].target
        work_folder = first.with_name(first.name + ".unfinished")
    journal = Journal(work_folder, _fingerprint(engine, clip, products, settings, stages))
    if journal.last.survey is None:
        journal.commit(replace(journal.last, survey=asdict(survey_clip(clip, engine, settings))))
    else:
        log.info("Going on with %s after %s.", clip.path, journal.last.position)
    survey = Survey(**journal.last.survey)
    after = journal.last.position
    states = [stage.unpack(packed) for stage, packed in zip(stages, journal.last.states)]
    output = _Output(clip, products, stages, journal)

    def ahead(chunks: Generator, name: str) -> Iterator:
        return run_ahead(chunks, CHUNKS_AHEAD, name) if overlap else chunks

    geometry = engine.geometry(clip, settings, survey, after, overlap)
    chunks = ahead(_staged(geometry, stages, states), "infer")
    chunks = ahead(_rendered(chunks, products, settings, survey), "render")
    done = 0 if after is None else after.index + 1
    try:
        for chunk in chunks:
            output.write(chunk)
            done = chunk.positions[-1].index + 1
            if on_progress is not None:
                on_progress(done, max(done, clip.facts.frames or done))
        output.commit()
    except BaseException:
        output.abandon()
        raise
    finally:
        chunks.close()
    output.join()
    journal.remove()
    return done


def _fingerprint(
    engine: Engine, clip: Clip, products: Sequence[Product], settings: StreamSettings, stages: Sequence[Stage]
) -> dict:
    return {
        "clip": clip.fingerprint(),
        "model": engine.model_name,
        "products": [[p.kind, p.format_name, str(p.target.resolve())] for p in products],
        "settings": asdict(settings),
        "stages": [stage.fingerprint() for stage in stages],
        "segment_frames": SEGMENT_FRAMES,
        "versions": [__version__, import_av().__version__],
    }

"""A clip's frames taken through the network by the workers of a Ray cluster, `--engine ray`; an optional extra.

Workers decode and infer spans of frames, each its own; what they see comes back once, in order, chunk by chunk, and everything
with a memory (smoothing, writing, the journal) stays in the one process that asked. So a worker that dies costs the span it was
at, which it is given again when it is back, and nothing can be written twice. The clip and this package must lie at the same path
on every machine.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from .. import models
from ..estimate.inference import AT_PHOTO
from ..geometry.pointmap import Pointmap
from ..geometry.pointmap_maker import pointmap_of_depth
from ..geometry.resize import size_for_long_edge
from .clip_facts import Position
from .clip_file import Clip
from .engine import GeometryChunk, LocalEngine, StreamSettings, Survey, read_chunks
from .overlap import Pipeline, run_ahead

# what a worker does at a time: a killed one loses no more, and seeks, which means to decode from a frame that stands alone, no oftener
SHORTEST_SPAN, LONGEST_SPAN = 32, 96  # frames
SPAN_BYTES = 48 << 20  # of a span's results, which wait until those before them are taken
CROSSING_BYTES = 4 + 1 + 3 * 4 + 3 * 4  # depth, mask, picture and normals as they cross
WORKER_NICENESS = 5  # what steadies and writes goes first where it shares a core with a worker: all others wait for it


def import_ray():
    """Ray, imported when first needed: it is no requirement of the pack."""
    try:
        import ray
    except ImportError as error:
        raise ImportError("--engine ray needs Ray; install it with: pip install ray") from error
    return ray


@dataclass(frozen=True)
class _Span:
    """Frames of a clip in a row, after a position (None: from the first), and the time of the last of them."""

    after: Position | None
    frames: int
    last_time: int


@dataclass(frozen=True)
class _Work:
    """What is done to the frames of a clip."""

    clip: Clip
    settings: StreamSettings
    survey: Survey


class _Worker:
    """One copy of the network in a process of its own."""

    def __init__(self, wanted: dict[str, Any], threads: int):
        torch.set_num_threads(threads)
        with contextlib.suppress(AttributeError):  # not on Windows
            os.nice(WORKER_NICENESS)
        self._engine = LocalEngine(models.load_model(**wanted))

    def sample(self, clip: Clip, settings: StreamSettings) -> Pointmap:
        """As `Engine.sample`."""
        return self._engine.sample(clip, settings)

    def span(self, work: _Work, span: _Span) -> Iterator[dict[str, numpy.ndarray]]:
        """What is seen in a span of frames, by the chunk."""
        read, last, settings = 0, None, work.settings
        chunks = read_chunks(work.clip, settings.frames_per_chunk, span.after)
        while read < span.frames and (chunk := next(chunks, None)) is not None:
            positions = chunk.positions[: span.frames - read]
            pointmap = self._engine.infer(chunk.images[: len(positions)], settings, work.survey.fov_x_degrees)
            read, last = read + len(positions), positions[-1]
            rows = _arrays(positions, pointmap)
            if settings.refine_edges == AT_PHOTO:
                rows["photos"] = chunk.images[: len(positions)].cpu().numpy()
            yield rows
        chunks.close()
        if read != span.frames or last is None or last.time != span.last_time:
            first = 0 if span.after is None else span.after.index + 1
            raise ValueError(
                f"Frames {first} to {first + span.frames - 1} of {work.clip.path} are not where the file's "
                "index says; use --engine local, which counts them from the start."
            )


def _arrays(positions: tuple[Position, ...], pointmap: Pointmap) -> dict[str, numpy.ndarray]:
    """Geometry as arrays, which processes share without a copy; the points follow from depth and intrinsics."""
    columns = {
        "depth": pointmap.depth,
        "mask": pointmap.mask,
        "intrinsics": pointmap.intrinsics,
        "image": pointmap.image,
    }
    if pointmap.normals is not None:
        columns["normals"] = pointmap.normals
    arrays = {name: tensor.cpu().contiguous().numpy() for name, tensor in columns.items()}
    arrays["index"] = numpy.array([p.index for p in positions])
    arrays["time"] = numpy.array([p.time for p in positions])
    arrays["metric"] = numpy.full(len(positions), pointmap.metric)
    return arrays


def _chunk(rows: dict[str, numpy.ndarray], source_size: tuple[int, int]) -> GeometryChunk:
    tensors = {name: torch.from_numpy(numpy.array(rows[name])) for name in ("depth", "mask", "intrinsics", "image")}
    normals = torch.from_numpy(numpy.array(rows["normals"])) if "normals" in rows else None
    pointmap = pointmap_of_depth(
        tensors["depth"],
        tensors["mask"].bool(),
        tensors["intrinsics"],
        tensors["image"],
        normals=normals,
        metric=bool(rows["metric"][0]),
        source_size=source_size,
    )
    positions = tuple(Position(int(i), int(t)) for i, t in zip(rows["index"], rows["time"]))
    photos = torch.from_numpy(numpy.array(rows["photos"])) if "photos" in rows else None
    return GeometryChunk(positions, pointmap, photos=photos)


class RayEngine:
    """`workers` copies of the network, each with `worker_cpus` cores and, for a CUDA device, a GPU of its own.

    `wanted` are the arguments of `models.load_model`. Connects to the cluster of RAY_ADDRESS, or starts one here.
    """

    def __init__(self, wanted: dict[str, Any], workers: int = 2, worker_cpus: int = 1):
        if workers < 1 or worker_cpus < 1:
            raise ValueError(
                f"Ray was asked for {workers} workers of {worker_cpus} cores; at least 1 of each is needed."
            )
        self._ray = import_ray()
        self._wanted, self._workers, self._cpus = wanted, workers, worker_cpus
        self._gpus = 1 if str(wanted.get("device", "cpu")).startswith("cuda") else 0
        if self._gpus:
            self._wanted = {**wanted, "device": "cuda"}  # a worker sees no GPU but its own
        self._pool: list[Any] = []
        self.device = torch.device("cpu")
        self.model_name = f"{wanted['name']} {wanted.get('precision', 'auto')} on ray"

    def _workers_ready(self) -> list[Any]:
        """The workers, which keep their network from clip to clip."""
        if not self._pool:
            self._connect()
            kind = self._ray.remote(_Worker).options(
                num_cpus=self._cpus,
                num_gpus=self._gpus,
                max_restarts=-1,
                max_task_retries=-1,
                scheduling_strategy="SPREAD",
            )
            self._pool = [kind.remote(self._wanted, self._cpus) for _ in range(self._workers)]
        return self._pool

    def _connect(self) -> None:
        if self._ray.is_initialized():
            return
        path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        options = {
            "runtime_env": {"env_vars": {"PYTHONPATH": path}},
            "log_to_driver": False,
            "include_dashboard": False,
        }
        if "RAY_ADDRESS" not in os.environ:
            options["num_cpus"] = max(os.cpu_count() or 1, self._workers * self._cpus + 1)
        self._ray.init(**options)

    def sample(self, clip: Clip, settings: StreamSettings) -> Pointmap:
        return self._ray.get(self._workers_ready()[0].sample.remote(clip, settings))

    def geometry(
        self, clip: Clip, settings: StreamSettings, survey: Survey, after: Position | None, pipeline: Pipeline
    ) -> Generator[GeometryChunk]:
        return pipeline.ahead(
            "workers", pipeline.step("workers", self._chunks(_Work(clip, settings, survey), after)), 1
        )

    def _chunks(self, work: _Work, after: Position | None) -> Generator[GeometryChunk]:
        begun = run_ahead(self._begun(work, after), self._workers, "spans")
        try:
            for chunks in begun:
                for rows in chunks:
                    yield _chunk(self._ray.get(rows), work.clip.facts.camera_size)
        finally:
            begun.close()

    def _begun(self, work: _Work, after: Position | None) -> Generator[Iterator[Any]]:
        """The results of each span, in order, once a worker has begun with it: the next one goes to whoever is done first."""
        idle, busy = list(self._workers_ready()), {}
        given = self._ray.put(work)
        for span in _spans(work.clip.times(), _span_frames(work, self._workers), after):
            if not idle:
                done, _ = self._ray.wait(list(busy), num_returns=1)
                idle = [busy.pop(reference) for reference in done]
            worker = idle.pop(0)
            chunks = worker.span.options(num_returns="streaming").remote(given, span)
            busy[chunks.completed()] = worker
            yield chunks


def _span_frames(work: _Work, workers: int) -> int:
    """How many frames a worker does at a time: whole chunks, fewer where results are large or a clip is short."""
    settings, frames = work.settings, work.clip.facts.frames or LONGEST_SPAN
    height, width = size_for_long_edge(work.clip.facts.camera_size, settings.resolution)
    most = min(LONGEST_SPAN, SPAN_BYTES // (CROSSING_BYTES * height * width), frames // (2 * workers))
    per_chunk = settings.frames_per_chunk
    return per_chunk * max(1, max(SHORTEST_SPAN, most) // per_chunk)


def _spans(times: list[int], length: int, after: Position | None) -> list[_Span]:
    """The frames after a position in spans of a `length`, that of whole chunks."""
    spans = []
    for first in range(0 if after is None else after.index + 1, len(times), length):
        last = min(first + length, len(times)) - 1
        before = Position(first - 1, times[first - 1]) if first else None
        spans.append(_Span(before, last + 1 - first, times[last]))
    return spans

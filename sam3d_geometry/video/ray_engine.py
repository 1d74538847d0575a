"""A clip's frames taken through the network by the workers of a Ray cluster, `--engine ray`; an optional extra.

Workers decode and infer spans of frames; their geometry comes back in order, and everything with a memory (smoothing,
writing, the journal) stays in the one process that asked. So a worker that dies costs the span it was at, which Ray
gives to another one, and nothing can be written twice. The clip and this package must lie at the same path on every
machine.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy
import torch

from .. import models
from ..estimate.inference import AT_PHOTO
from ..geometry.pointmap import Pointmap
from ..geometry.pointmap_maker import pointmap_of_depth
from .clip_facts import Position
from .clip_file import Clip
from .engine import GeometryChunk, LocalEngine, StreamSettings, Survey, read_chunks
from .overlap import Pipeline

SPAN_FRAMES = 32  # what a worker does at a time: a killed one loses no more, and seeks no oftener


def import_ray():
    """Ray with its Data library, imported when first needed: it is no requirement of the pack."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ImportError("--engine ray needs Ray; install it with: pip install ray[data]") from error
    return ray


class _Worker:
    """One copy of the network in a process of its own."""

    def __init__(self, wanted: dict[str, Any], threads: int, clip: Clip, settings: StreamSettings, survey: Survey):
        torch.set_num_threads(threads)
        self._engine = LocalEngine(models.load_model(**wanted))
        self._clip, self._settings, self._survey = clip, settings, survey

    def __call__(self, spans: dict[str, numpy.ndarray]) -> Iterator[dict[str, numpy.ndarray]]:
        for row in zip(*(spans[name].tolist() for name in ("after_index", "after_time", "frames", "last_time"))):
            yield from self._span(*row)

    def _span(
        self, after_index: int, after_time: int, frames: int, last_time: int
    ) -> Iterator[dict[str, numpy.ndarray]]:
        after = None if after_index < 0 else Position(after_index, after_time)
        read, last, settings = 0, None, self._settings
        chunks = read_chunks(self._clip, settings.frames_per_chunk, after)
        while read < frames and (chunk := next(chunks, None)) is not None:
            positions = chunk.positions[: frames - read]
            pointmap = self._engine.infer(chunk.images[: len(positions)], settings, self._survey.fov_x_degrees)
            read, last = read + len(positions), positions[-1]
            rows = _ray_columns(positions, pointmap)
            if settings.refine_edges == AT_PHOTO:
                rows["photos"] = chunk.images[: len(positions)].cpu().numpy()
            yield rows
        chunks.close()
        if read != frames or last is None or last.time != last_time:
            raise ValueError(
                f"Frames {after_index + 1} to {after_index + frames} of {self._clip.path} are not where the file's "
                "index says; use --engine local, which counts them from the start."
            )


def _ray_columns(positions: tuple[Position, ...], pointmap: Pointmap) -> dict[str, numpy.ndarray]:
    """Geometry as Ray's columns; the points follow from depth and intrinsics."""
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


def _sample(wanted: dict[str, Any], threads: int, clip: Clip, settings: StreamSettings) -> Pointmap:
    torch.set_num_threads(threads)
    return LocalEngine(models.load_model(**wanted)).sample(clip, settings)


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
        self.device = torch.device("cpu")
        self.model_name = f"{wanted['name']} {wanted.get('precision', 'auto')} on ray"

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
        self._connect()
        task = self._ray.remote(num_cpus=self._cpus, num_gpus=self._gpus)(_sample)
        return self._ray.get(task.remote(self._wanted, self._cpus, clip, settings))

    def geometry(
        self, clip: Clip, settings: StreamSettings, survey: Survey, after: Position | None, pipeline: Pipeline
    ) -> Generator[GeometryChunk]:
        self._connect()
        data = self._ray.data
        context = data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        spans = _spans(clip.times(), settings.frames_per_chunk, after)
        if not spans:
            return
        geometry = data.from_items(spans, override_num_blocks=len(spans)).map_batches(
            _Worker,
            fn_constructor_args=(self._wanted, self._cpus, clip, settings, survey),
            batch_size=1,
            compute=data.ActorPoolStrategy(size=self._workers),
            num_cpus=self._cpus,
            num_gpus=self._gpus,
        )
        for rows in geometry.iter_batches(
            batch_size=settings.frames_per_chunk, batch_format="numpy", prefetch_batches=1
        ):
            yield _chunk(rows, clip.facts.camera_size)


def _spans(times: list[int], frames_per_chunk: int, after: Position | None) -> list[dict[str, int]]:
    """The frames after a position in spans of whole chunks, each known by the position before it and its last time."""
    length = frames_per_chunk * max(1, SPAN_FRAMES // frames_per_chunk)
    spans = []
    for first in range(0 if after is None else after.index + 1, len(times), length):
        last = min(first + length, len(times)) - 1
        before = times[first - 1] if first else -1
        spans.append(
            {"after_index": first - 1, "after_time": before, "frames": last + 1 - first, "last_time": times[last]}
        )
    return spans

"""A clip of any length turned into depth and normals in bounded memory: its steps overlap, chunk by chunk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy
import torch

from .. import __version__
from ..geometry.progress import OnProgress
from ..maps.depth import DepthRange
from .clip_camera import KeptCameraWriter, write_camera_of_clip
from .clip_facts import import_av
from .clip_file import Clip
from .engine import Engine, StreamSettings, Survey, survey_clip
from .journal import Commit, Journal
from .kept_depth import Drawing, KeptDepthWriter, range_of_clip
from .overlap import Pipeline
from .picture_chunks import PictureChunk, is_drawn_late, pictures_after_commit
from .product import CAMERA, VideoProduct
from .stages import Stage, pack
from .timings import Timings
from .writer import Segment, SegmentWriter, format_named, join_segments

log = logging.getLogger(__name__)

SEGMENT_FRAMES = 96


class _Output:
    """Writes picture chunks, segment by segment, and commits each segment to the journal."""

    def __init__(self, clip: Clip, products: Sequence[VideoProduct], journal: Journal, settings: StreamSettings):
        self._clip, self._products, self._journal, self._settings = clip, products, journal, settings
        self._writers: list[SegmentWriter | KeptDepthWriter | KeptCameraWriter | None] = []
        self._open: Commit | None = None
        self._frames = 0
        for product in products:
            folder = product.target if format_named(product.format_name).sequence else product.target.parent
            folder.mkdir(parents=True, exist_ok=True)

    def _start(self, time: int) -> Commit:
        """Opens a segment that begins at a time: the commit that it will be a part of."""
        number = len(self._journal.last.segments)
        for i, product in enumerate(self._products):
            path, writer = self._journal.segment_path(number, i), None
            if product.kind == CAMERA:
                writer = KeptCameraWriter(path)
            elif is_drawn_late(product, self._settings):
                writer = KeptDepthWriter(path)
            elif not format_named(product.format_name).sequence:
                writer = self._encoder(product, path)
            self._writers.append(writer)
        return replace(self._journal.last, segments=(*self._journal.last.segments, time))

    def _encoder(self, product: VideoProduct, path: Path) -> SegmentWriter:
        return SegmentWriter(path, format_named(product.format_name), product.grey, self._clip.facts)

    def _write_frame(self, product: VideoProduct, index: int, picture: numpy.ndarray) -> None:
        product.write_frame(product.target / self._clip.frame_name(index), picture, self._clip.facts.pixel_aspect)

    def write(self, chunk: PictureChunk) -> None:
        commit = self._start(chunk.positions[0].time) if self._open is None else self._open
        for product, writer, pictures in zip(self._products, self._writers, chunk.pictures):
            for position, picture in zip(chunk.positions, pictures):
                if writer is not None:
                    writer.write(picture, position.time)
                else:
                    self._write_frame(product, position.index, picture)
        survey = {**(commit.survey or {}), "metric": chunk.metric}
        self._open = replace(commit, position=chunk.positions[-1], states=chunk.states, survey=survey)
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
        self._journal.commit(replace(self._open, states=pack(self._open.states)))
        self._writers, self._open, self._frames = [], None, 0

    def abandon(self) -> None:
        """Drops the open segment, if there is one."""
        for writer in self._writers:
            if writer is not None:
                writer.abandon()

    def draw(self, device: torch.device, pipeline: Pipeline, on_step: Callable[[], None]) -> DepthRange | None:
        """Draws what waited for the range of the whole clip, which is returned; segments that a killed run drew stay."""
        waiting = [i for i, product in enumerate(self._products) if is_drawn_late(product, self._settings)]
        if not waiting:
            return None
        segments = range(len(self._journal.last.segments))
        kept = [self._journal.segment_path(n, waiting[0]) for n in segments]
        shown = range_of_clip(kept, self._settings.clip_percent)
        size = (self._clip.facts.height, self._clip.facts.width)
        drawing = Drawing(shown, self._settings.look, size, device, self._settings.frames_per_chunk)
        for i in waiting:
            index = 0
            for n in segments:
                writer, path = None, self._drawn_path(n, i)
                if not format_named(self._products[i].format_name).sequence:
                    if path.exists():
                        continue
                    writer = self._encoder(self._products[i], path)
                chunks = drawing.pictures(self._products[i], self._journal.segment_path(n, i))
                index = self._draw_segment(self._products[i], chunks, writer, index, pipeline=pipeline, on_step=on_step)
        return shown

    def _draw_segment(
        self,
        product: VideoProduct,
        chunks: Generator,
        writer: SegmentWriter | None,
        index: int,
        *,
        pipeline: Pipeline,
        on_step: Callable[[], None],
    ) -> int:
        """Writes a segment's pictures, the first of them the clip's `index`th; the index after them."""
        chunks = pipeline.ahead("render", pipeline.step("render", chunks))
        try:
            for times, pictures in chunks:
                with pipeline.doing("encode"):
                    for time, picture in zip(times, pictures):
                        if writer is not None:
                            writer.write(picture, time)
                        else:
                            self._write_frame(product, index, picture)
                        index += 1
                on_step()
        except BaseException:
            if writer is not None:
                writer.abandon()
            raise
        finally:
            chunks.close()
        if writer is not None:
            writer.close()
        return index

    def _drawn_path(self, segment: int, product: int) -> Path:
        """The file of a segment of a product; what is drawn late has another one than the depths that it is drawn from."""
        late = is_drawn_late(self._products[product], self._settings)
        return self._journal.segment_path(segment, product + late * len(self._products))

    def join(self) -> None:
        """Puts every video in place, the sound beside its pictures."""
        clip, segments = self._clip, self._journal.last.segments
        for i, product in enumerate(self._products):
            if product.kind == CAMERA:
                metric = bool((self._journal.last.survey or {}).get("metric"))
                kept = [self._journal.segment_path(n, i) for n in range(len(segments))]
                write_camera_of_clip(kept, product, clip.facts, metric)
            elif not format_named(product.format_name).sequence:
                parts = [Segment(self._drawn_path(n, i), time) for n, time in enumerate(segments)]
                join_segments(parts, product.target, clip.facts, clip.sound, product.texts)


def stream_clip(
    engine: Engine,
    clip: Clip,
    products: Sequence[VideoProduct],
    settings: StreamSettings | None = None,
    stages: Sequence[Stage] = (),
    *,
    work_folder: Path | None = None,
    overlap: bool = True,
    resume: bool = True,
    timings: Timings | None = None,
    on_progress: OnProgress | None = None,
    on_done: Callable[[int, Survey], None] | None = None,
) -> tuple[int, Survey]:
    """Writes the `products` of every frame of a clip, at the clip's size, frame rate and times, with its sound.

    Memory does not depend on the clip's length. Killed at any moment, the same call resumes after the last frame that
    is on the disk, unless `resume` is off, from the notes in `work_folder` (beside the first target if not given), which
    goes when all is done. Raises files.lock.Locked while another process works on the same job.
    `on_progress(done, total)` is called after each chunk and may raise to stop; total is an estimate. Returned are the
    number of frames, and the camera and range that all of them share; `on_done` is given the same once the products are
    in place and before the notes go. `timings` are told where the time goes.
    """
    if not products:
        raise ValueError("A stream was given nothing to write; name at least one of depth, normals or true depth.")
    settings, pipeline = settings or StreamSettings(), Pipeline(overlap, timings)
    if work_folder is None:
        first = products[0].target
        work_folder = first.with_name(first.name + ".unfinished")
    with Journal(work_folder, job_fingerprint(engine, clip, products, settings, stages), resume=resume) as journal:
        if not _frames_stand(clip, [p for p in products if not is_drawn_late(p, settings)], journal.last):
            log.warning("Frames that %s tells of are gone; starting from the first frame.", work_folder)
            journal.restart()
        if journal.last.survey is None:
            with pipeline.doing("survey"):
                survey = survey_clip(clip, engine, settings)
            journal.commit(replace(journal.last, survey=asdict(survey)))
        else:
            log.info("Resuming %s after %s.", clip.path, journal.last.position)
            survey = Survey(**journal.last.survey)
        output = _Output(clip, products, journal, settings)
        after = journal.last.position
        done = 0 if after is None else after.index + 1
        chunks = pictures_after_commit(
            engine, clip, products, settings, stages=stages, survey=survey, last=journal.last, pipeline=pipeline
        )

        def tell() -> None:
            if on_progress is not None:
                on_progress(done, max(done, clip.facts.frames or done))

        try:
            for chunk in chunks:
                with pipeline.doing("encode"):
                    output.write(chunk)
                if timings is not None:
                    timings.frames += len(chunk.positions)
                done = chunk.positions[-1].index + 1
                tell()
            output.commit()
        finally:
            chunks.close()
            output.abandon()
        shown = output.draw(engine.device, pipeline, tell)
        survey = replace(survey, metric=(journal.last.survey or {}).get("metric"))
        if shown is not None:
            survey = replace(survey, near=float(shown.near), far=float(shown.far))
        with pipeline.doing("join"):
            output.join()
        if on_done is not None:
            on_done(done, survey)
        journal.remove()
    return done, survey


def _frames_stand(clip: Clip, products: Sequence[VideoProduct], last: Commit) -> bool:
    """Whether the frames that a commit tells of are still in the folders of the products that are folders."""
    frames = 0 if last.position is None else last.position.index + 1
    folders = [p for p in products if format_named(p.format_name).sequence] if frames else []
    there = {p: {path.name for path in p.target.iterdir()} if p.target.is_dir() else set() for p in folders}
    return all(
        clip.frame_name(index) + format_named(product.format_name).suffix in names
        for product, names in there.items()
        for index in range(frames)
    )


def job_identity(engine: Engine, clip: Clip, settings: StreamSettings, stages: Sequence[Stage]) -> dict:
    """What tells a job from every other one, but for what it writes, in plain values."""
    return {
        "clip": clip.fingerprint(),
        "model": engine.model_name,
        "settings": asdict(settings),
        "stages": [stage.fingerprint() for stage in stages],
        "segment_frames": SEGMENT_FRAMES,
        "versions": [__version__, import_av().__version__],
    }


def job_fingerprint(
    engine: Engine, clip: Clip, products: Sequence[VideoProduct], settings: StreamSettings, stages: Sequence[Stage]
) -> dict:
    """What tells a job from every other one, in plain values."""
    written = [[p.kind, p.format_name, str(p.target.resolve())] for p in products]
    return {**job_identity(engine, clip, settings, stages), "products": written}

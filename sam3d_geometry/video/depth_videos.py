"""Depth and normals of a clip as files: named after the job, so that the same job resumes and another begins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..files.whole_files import NO_TEXTS
from ..geometry.progress import OnProgress
from .clip_file import Clip
from .clip_notes import clip_notes
from .engine import FIXED, Engine, StreamSettings, Survey
from .product import VideoProduct
from .stages import Stage
from .stream import job_identity, stream_clip
from .writer import FORMATS, format_named

NONE = "none"
DEPTH_CODECS = (*FORMATS, NONE)
NORMALS_CODECS = (*(name for name, chosen in FORMATS.items() if chosen.bits < 32), NONE)


@dataclass(frozen=True)
class DepthVideos:
    """What was written.

    targets    a file or a folder of frames for each of depth and normals
    near, far  the range shown, 0 where none is shared
    report     what was read, with what camera, and what is unusual in the clip, a line each
    """

    targets: Mapping[str, Path]
    near: float
    far: float
    report: str

    def is_video(self, label: str) -> bool:
        """Whether `label` was written as one video file, which has a suffix; folders of frames have none."""
        return label in self.targets and bool(self.targets[label].suffix)


def depth_videos(
    engine: Engine,
    clip: Clip,
    base: Path,
    *,
    depth_codec: str,
    normals_codec: str,
    settings: StreamSettings,
    stages: Sequence[Stage] = (),
    texts: Mapping[str, str] = NO_TEXTS,
    on_progress: OnProgress | None = None,
) -> DepthVideos:
    """Writes depth and normals of every frame of a clip beside `base`, whose name a code for clip and settings follows.

    The codecs are of DEPTH_CODECS and NORMALS_CODECS. Video files keep the `texts` by name. For the rest see
    `stream.stream_clip`.
    """
    for name, codec, codecs in (("depth", depth_codec, DEPTH_CODECS), ("normals", normals_codec, NORMALS_CODECS)):
        if codec not in codecs:
            raise ValueError(f"Input {name}_codec came as {codec!r}; choose one of {', '.join(codecs)}.")
    chosen = {label: codec for label, codec in (("depth", depth_codec), ("normals", normals_codec)) if codec != NONE}
    if not chosen:
        raise ValueError("depth_codec and normals_codec are both none; choose a codec for at least one of them.")
    job = {**job_identity(engine, clip, settings, stages), "codecs": chosen}
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:8]
    products = [_product(base, key, label, codec, texts) for label, codec in chosen.items()]
    frames, survey = stream_clip(engine, clip, products, settings, stages, on_progress=on_progress)
    targets = {label: product.target for label, product in zip(chosen, products)}
    ends = (settings.near, settings.far) if settings.range == FIXED else (survey.near or 0.0, survey.far or 0.0)
    return DepthVideos(targets, *ends, _report_of_clip(clip, frames, survey))


def _report_of_clip(clip: Clip, frames: int, survey: Survey) -> str:
    facts = clip.facts
    camera = (
        "a camera for each frame"
        if survey.fov_x_degrees is None
        else f"one camera of {survey.fov_x_degrees:.1f} degrees"
    )
    first = f"{frames} frames of {facts.width} x {facts.height} at {float(facts.frame_rate):.5g} a second, {camera}."
    return "\n".join([first, *clip_notes(facts)])


def _product(base: Path, key: str, label: str, codec: str, texts: Mapping[str, str]) -> VideoProduct:
    chosen = format_named(codec)
    kind = "true depth" if chosen.bits == 32 else label
    name = f"{base.name}_{key}_{label}{'' if chosen.sequence else chosen.suffix}"
    return VideoProduct(kind, codec, base.with_name(name), texts)

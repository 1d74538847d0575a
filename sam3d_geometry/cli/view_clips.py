"""Clips as the command for views takes them: their keyframes become photos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy
import torch

from ..clips.flow import grey_frames
from ..files.photo import PhotoError
from ..geometry.colour import eight_bit
from ..geometry.progress import OnProgress
from ..geometry.resize import resize_image, size_for_long_edge
from ..video.clip_file import Clip, open_clip
from ..video.engine import as_float
from ..views.keyframes import KEYFRAME_LONG_EDGE, Keyframe, KeyframePicker, KeyframeSettings
from .photo_products import write_picture


@contextmanager
def keyframe_photos(path: Path, settings: KeyframeSettings, on_progress: OnProgress) -> Iterator[dict[str, Path]]:
    """The keyframes of a clip as PNG files, {name: path}, which are there as long as the context is open.

    PhotoError, one sentence, for a file that is no clip or in which nothing moves.
    """
    try:
        clip = open_clip(path)
        chosen = _chosen(clip, settings, on_progress)
    except (ValueError, OSError, ImportError) as error:
        raise PhotoError(str(error)) from error
    if len(chosen) < 2:
        raise PhotoError("nothing moves in this clip, or it has one frame; give a clip whose camera moves.")
    with TemporaryDirectory() as folder:
        yield dict(_written(clip, path.stem, {frame.index for frame in chosen}, Path(folder)))


def _chosen(clip: Clip, settings: KeyframeSettings, on_progress: OnProgress) -> list[Keyframe]:
    picker, total = KeyframePicker(settings), clip.facts.frames or 0
    for frame in clip.frames():
        picker.offer(frame.index, _small_grey(frame.pixels))
        on_progress(frame.index + 1, max(total, frame.index + 1))
    return picker.chosen()


def _colours(pixels: numpy.ndarray) -> torch.Tensor:
    """(1, h, w, 3) float32 in [0, 1] of a clip's pixels."""
    return as_float(torch.from_numpy(numpy.ascontiguousarray(pixels[..., :3]))[None]).clamp(0, 1)


def _small_grey(pixels: numpy.ndarray) -> numpy.ndarray:
    size = size_for_long_edge((pixels.shape[0], pixels.shape[1]), KEYFRAME_LONG_EDGE)
    return grey_frames(resize_image(_colours(pixels), size))[0]


def _written(clip: Clip, stem: str, wanted: set[int], folder: Path) -> Iterator[tuple[str, Path]]:
    last = max(wanted)
    for frame in clip.frames():
        if frame.index in wanted:
            path = folder / f"{stem}_{frame.index:06d}.png"
            with path.open("wb") as file:
                write_picture(eight_bit(_colours(frame.pixels))[0].numpy(), file)
            yield path.name, path
        if frame.index >= last:
            return

"""Clips read frame by frame: a video file, or a folder of pictures; nothing is held but the frame in hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from .clip_facts import DEFAULT_FRAME_RATE
from .frame_folder import FrameFolder
from .memory_frames import MemoryFrames
from .video_file import VideoFile

Clip = VideoFile | FrameFolder | MemoryFrames


def open_clip(
    path: str | Path,
    frame_rate: Fraction | float = DEFAULT_FRAME_RATE,
    start_seconds: float = 0.0,
    duration_seconds: float = 0.0,
    start_number: int | None = None,
    *,
    exposure: float = 0.0,
) -> Clip:
    """A video file or a folder of pictures as a clip, or a part of it.

    `frame_rate`, `start_number` and `exposure` are for the folder: a file has its own rate, and its frames no numbers and no floats.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path} does not exist; give a video file or a folder of pictures.")
    if not (path.is_dir() or path.is_file()):  # a pipe would wait for ever, and a clip is read more than once
        raise ValueError(
            f"{path} is no file or folder but a pipe or device; give a video file or a folder of pictures."
        )
    if path.is_dir():
        return FrameFolder(path, frame_rate, start_seconds, duration_seconds, start_number, exposure=exposure)
    return VideoFile(path, start_seconds, duration_seconds)

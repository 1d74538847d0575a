"""The photos or the clip that people are of, as the command for bodies is given them: read one frame at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..files.photo import PhotoError, read_photo
from ..video.clip_file import Clip, open_clip
from .inputs import VIDEO_SUFFIXES


@dataclass(frozen=True)
class Photos:
    """Photos of one size, (height, width), `count` of them, in files or in a clip (a video, or a folder of frames)."""

    size: tuple[int, int]
    count: int
    files: tuple[Path, ...] = ()
    clip: Clip | None = None

    def frames(self) -> Iterator[torch.Tensor]:
        """Each photo, (1, h, w, 3) in [0, 1]; a single one for ever."""
        if self.count == 1:
            return itertools.repeat(next(self._each()))
        return self._each()

    def _each(self) -> Iterator[torch.Tensor]:
        if self.clip is not None:
            return (torch.from_numpy(frame.pixels)[None, ..., :3].float() / 255 for frame in self.clip.frames())
        return (_photo(path)[0] for path in self.files)

    def require_frames(self, frames: int) -> None:
        """ValueError where there are neither so many photos nor one for all."""
        if self.count not in (1, frames):
            raise ValueError(
                f"--photo gives {self.count} pictures and the people are in {frames} {'frame' if frames == 1 else 'frames'}; give as "
                "many, or one."
            )

    def sources(self) -> list[Path]:
        """The files that this depends on."""
        return list(self.files) if self.clip is None else [self.clip.path]


def _photo(path: Path) -> tuple[torch.Tensor, tuple[int, int]]:
    """A photo, and its size before it was shrunk to be worked on; PhotoError names the file."""
    try:
        photo = read_photo(path)
    except PhotoError as error:
        raise PhotoError(f"--photo {path}: {error}") from error
    return photo.image, photo.size


def open_photos(paths: Sequence[Path]) -> Photos:
    """The photos in files, or the clip in a video or folder; ValueError, in one sentence, where they cannot be read or differ in size."""
    if len(paths) == 1 and (paths[0].is_dir() or paths[0].suffix.lower() in VIDEO_SUFFIXES):
        clip = open_clip(paths[0])
        return Photos(clip.facts.camera_size, len(clip.times()), clip=clip)
    size = _photo(paths[0])[1]
    for path in paths[1:]:
        height, width = _photo(path)[1]
        if (height, width) != size:
            raise ValueError(
                f"--photo {path} has {width} x {height} pixels and {paths[0].name} {size[1]} x {size[0]}; give photos of one "
                "size, the frames of one clip."
            )
    return Photos(size, len(paths), tuple(paths))

"""Where the camera of a clip was, frame by frame: kept on the disk segment by segment, and one track once all frames are done."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import torch

from ..clips.align import AlignState, units_of_shots
from ..files.whole_files import write_files
from ..geometry.pointmap import Pointmap
from .clip_facts import ClipFacts
from .product import VideoProduct
from .writer import CAMERAS

if TYPE_CHECKING:
    from ..files.camera_track import CameraTrack

# columns of what is kept of a frame
POSE, INTRINSICS, SCALE, START = slice(0, 16), slice(16, 25), 25, 26
COLUMNS = 27


def cameras_to_keep(pointmap: Pointmap, states: Sequence[Any]) -> numpy.ndarray:
    """(B, COLUMNS) float64 of a chunk's frames: pose and scale as the aligner has them, lens, and whether a shot starts.

    ValueError where no stage aligns the clip, so that nothing is known of how the camera moved.
    """
    state = next((state for state in states if isinstance(state, AlignState)), None)
    if state is None or state.placed is None:
        raise ValueError("The camera's path is found by aligning; steady the clip by following its motion.")
    rows = torch.zeros(len(pointmap), COLUMNS, dtype=torch.float64)
    rows[:, POSE] = state.placed.world_from_camera.flatten(1)
    rows[:, INTRINSICS] = pointmap.intrinsics.cpu().double().flatten(1)
    rows[:, SCALE], rows[:, START] = state.placed.scale, state.placed.start.double()
    return rows.numpy()


class KeptCameraWriter:
    """One segment's cameras in a file that appears under its name when closed."""

    def __init__(self, path: Path):
        self._path = path
        self._rows: list[numpy.ndarray] = []

    def write(self, row: numpy.ndarray, time: int) -> None:
        """One frame's row of `cameras_to_keep`; the time of a frame is not kept."""
        self._rows.append(row)

    def close(self) -> None:
        """Writes the file."""
        write_files({self._path: partial(numpy.save, arr=numpy.stack(self._rows))})

    def abandon(self) -> None:
        """Ends without a file."""


def track_of_clip(segments: Sequence[Path], facts: ClipFacts, metric: bool) -> CameraTrack:
    """The camera of a clip, whose pictures are as large as its frames in square pixels.

    Each shot's first camera is the origin, and its unit the one that the estimator gives on average over the shot.
    """
    from ..files.camera_track import CameraTrack

    rows = torch.from_numpy(numpy.concatenate([numpy.load(path, allow_pickle=False) for path in segments]))
    starts = rows[:, START] > 0
    poses = rows[:, POSE].unflatten(1, (4, 4)).clone()
    poses[:, :3, 3] *= units_of_shots(rows[:, SCALE], starts)[:, None]
    return CameraTrack(
        world_from_camera=poses,
        intrinsics=rows[:, INTRINSICS].unflatten(1, (3, 3)).clone(),
        size=facts.camera_size,
        fps=float(facts.frame_rate),
        metric=metric,
    )


def write_camera_of_clip(segments: Sequence[Path], product: VideoProduct, facts: ClipFacts, metric: bool) -> None:
    """Writes the camera kept in segments as the file of a product, in one of its formats."""
    # with them comes what writes people and many views
    from ..files.camera_formats import camera_writer

    _, write = camera_writer(track_of_clip(segments, facts, metric), CAMERAS[product.format_name])
    write_files({product.target: write})

"""The frames of a pointmap as depth files of one kind: how they are written, and read again as one clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ..geometry.camera import fov_degrees_from_intrinsics
from ..geometry.normals import normals_from_pointmap
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..geometry.resize import pointmap_at_image, require_photo
from .depth_file import DEPTH_FORMATS, check_one_clip, depth_format_named, depth_writer, read_depth
from .depth_frame import AT_ZERO, INVALID_DEPTHS, DepthFrame, extent, frame_from_pointmap, pointmap_from_frames
from .depth_record import described_depth
from .depth_steps import RangeSteps, Steps, UnitSteps
from .exr import PICTURES, ExrLayers, import_openexr

PHOTO, POINTMAP = OUTPUT_SIZES = ("photo", "pointmap")
UNIT, RANGE = STEPS_OF = ("unit", "range")


@dataclass(frozen=True, kw_only=True)
class DepthSeries:
    """How depth is written.

    depth_format    one of `depth_file.DEPTH_FORMATS`
    output_size     one of OUTPUT_SIZES: brought to the photo's size inside surfaces, or as it was computed
    steps_of        one of STEPS_OF, for 16 bits: `steps_per_unit` steps of the pointmap's unit, or steps of the range `near` to
                    `far` along `curve`, where near and far of 0 stand for the nearest and farthest depth of all frames
    include_normals, include_position, picture, invalid_depth  channels of an EXR, and its depth where there is none; see `exr.ExrLayers`
    """

    depth_format: str = "exr 32-bit"
    output_size: str = PHOTO
    steps_of: str = UNIT
    steps_per_unit: float = 1000.0
    near: float = 0.0
    far: float = 0.0
    curve: str = "linear"
    include_normals: bool = True
    include_position: bool = False
    picture: str = "photo"
    invalid_depth: str = AT_ZERO
    texts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        depth_format_named(self.depth_format)
        for name, options in (
            ("output_size", OUTPUT_SIZES),
            ("steps_of", STEPS_OF),
            ("picture", PICTURES),
            ("invalid_depth", INVALID_DEPTHS),
        ):
            if getattr(self, name) not in options:
                raise ValueError(f"Input {name} came as {getattr(self, name)!r}; choose one of {', '.join(options)}.")
        if self.suffix == ".exr":
            import_openexr()

    @property
    def suffix(self) -> str:
        return DEPTH_FORMATS[self.depth_format].suffix

    def frames(self, pointmap: Pointmap, image: torch.Tensor | None = None) -> Iterator[DepthFrame]:
        """Each frame of a pointmap as it is written; `image` (1 or B, H, W, 3) is the photo at full size."""
        require_photo(pointmap, image)
        steps = self._steps(pointmap, image)
        for i in range(len(pointmap)):
            brought = self._brought(pointmap, image, i)
            normals = None
            if self.suffix == ".exr" and self.include_normals:
                held = replace(pointmap[i], source_size=brought.size)
                normals, _ = normals_from_pointmap(held)
            yield frame_from_pointmap(brought, steps, normals)

    def description(self, frame: DepthFrame) -> dict[str, Any]:
        """What the JSON beside a frame's file says."""
        invalid = self.invalid_depth if self.suffix == ".exr" else AT_ZERO
        return {**frame.description(), "depth": described_depth(invalid)}

    def writer(self, frame: DepthFrame) -> Callable[[BinaryIO], None]:
        """What writes a frame of `frames` into an open file."""
        return depth_writer(frame, DEPTH_FORMATS[self.depth_format], self._layers, self.texts)

    @property
    def _layers(self) -> ExrLayers:
        return ExrLayers(position=self.include_position, picture=self.picture, invalid_depth=self.invalid_depth)

    def _brought(self, pointmap: Pointmap, image: torch.Tensor | None, i: int) -> Pointmap:
        frame = pointmap[i].to("cpu")
        if self.output_size == POINTMAP:
            return replace(frame, source_size=frame.size)
        return pointmap_at_image(frame, None if image is None else image[min(i, len(image) - 1)][None])

    def _steps(self, pointmap: Pointmap, image: torch.Tensor | None) -> Steps | None:
        if DEPTH_FORMATS[self.depth_format].bits == 32:
            return None
        if self.steps_of == UNIT:
            return UnitSteps(self.steps_per_unit)
        if self.near or self.far:
            return RangeSteps(self.near, self.far, self.curve)
        brought = (self._brought(pointmap, image, i) for i in range(len(pointmap)))
        ends = [extent(frame.depth, frame.mask) for frame in brought]
        seen = [(near, far) for near, far in ends if far > 0] or [(0.0, 0.0)]
        return RangeSteps(min(near for near, _ in seen), max(far for _, far in seen), self.curve)


@dataclass(frozen=True)
class ReadSeries:
    """Depth files read as one clip: depth (B, H, W), mask (B, H, W) bool, camera and range.

    pointmap      None where a file does not say its camera
    fov_x_degrees the median over the frames, 0 without a camera
    near, far     over all frames, 0 where nothing is valid
    """

    pointmap: Pointmap | None
    depth: torch.Tensor
    mask: torch.Tensor
    fov_x_degrees: float
    near: float
    far: float


def read_series(
    paths: Sequence[Path],
    channel: str = "",
    steps_per_unit: float = 1000.0,
    on_progress: OnProgress | None = None,
) -> ReadSeries:
    """The files as one clip; for `channel` and `steps_per_unit` see `read_depth`. `on_progress(done, total)` may raise to stop.

    ValueError where the files differ in size or kind.
    """
    read = []
    for path in paths:
        read.append(read_depth(path, channel, steps_per_unit))
        if on_progress is not None:
            on_progress(len(read), len(paths))
    check_one_clip(paths, read)
    depth, mask = torch.stack([frame.depth for frame in read]), torch.stack([frame.mask for frame in read])
    pointmap, fov = None, 0.0
    if all(frame.record.intrinsics is not None for frame in read):
        pointmap = pointmap_from_frames(read)
        fov = float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0].median())
    return ReadSeries(pointmap, depth, mask, fov, *extent(depth, mask))

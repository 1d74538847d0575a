"""The frames of a pointmap as depth files of one kind: what Save Depth (exact) is set to, and what it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import torch

from ..geometry.normals import normals_from_pointmap
from ..geometry.pointmap import Pointmap
from ..geometry.resize import pointmap_at_image
from .depth_file import FORMATS, depth_writer, format_named
from .depth_frame import DepthFrame, extent, frame_from_pointmap
from .depth_steps import RangeSteps, Steps, UnitSteps
from .exr import PICTURES, import_openexr

SIZES = ("of the photo", "of the pointmap")
VALUES = ("steps of the unit", "steps of the range")


@dataclass(frozen=True)
class DepthSeries:
    """How depth is written.

    format_name     one of `depth_file.FORMATS`
    size            one of SIZES: brought to the photo's size inside surfaces, or as it was computed
    values          one of VALUES, for 16 bits: `steps_per_unit` of the pointmap's unit, or of the range `near` to `far`
                    along `curve`, where near and far of 0 stand for the nearest and farthest depth of all frames
    normals, position, picture  channels of an EXR; see `exr`
    """

    format_name: str = "exr 32-bit"
    size: str = SIZES[0]
    values: str = VALUES[0]
    steps_per_unit: float = 1000.0
    near: float = 0.0
    far: float = 0.0
    curve: str = "linear"
    normals: bool = True
    position: bool = False
    picture: str = "photo"

    def __post_init__(self) -> None:
        format_named(self.format_name)
        for name, options in (("size", SIZES), ("values", VALUES), ("picture", PICTURES)):
            if getattr(self, name) not in options:
                raise ValueError(f"Input {name} came as {getattr(self, name)!r}; choose one of {', '.join(options)}.")
        if self.suffix == ".exr":
            import_openexr()

    @property
    def suffix(self) -> str:
        return FORMATS[self.format_name].suffix

    def frames(self, pointmap: Pointmap, image: torch.Tensor | None = None) -> Iterator[DepthFrame]:
        """Each frame of a pointmap as it is written; `image` (1 or B, H, W, 3) is the photo at full size."""
        if image is not None and len(image) not in (1, len(pointmap)):
            raise ValueError(
                f"The image has {len(image)} frames and the pointmap {len(pointmap)}; give as many as the pointmap has, or one."
            )
        steps = self._steps(pointmap, image)
        for i in range(len(pointmap)):
            brought = self._brought(pointmap, image, i)
            normals = None
            if self.suffix == ".exr" and self.normals:
                held = replace(pointmap[i], source_size=brought.size)
                normals, _ = normals_from_pointmap(held)
            yield frame_from_pointmap(brought, steps, normals)

    def writer(self, frame: DepthFrame) -> Callable[[BinaryIO], None]:
        """What writes a frame of `frames` into an open file."""
        return depth_writer(frame, FORMATS[self.format_name], self.position, self.picture)

    def _brought(self, pointmap: Pointmap, image: torch.Tensor | None, i: int) -> Pointmap:
        frame = pointmap[i].to("cpu")
        if self.size == SIZES[1]:
            return replace(frame, source_size=frame.size)
        return pointmap_at_image(frame, None if image is None else image[min(i, len(image) - 1)][None])

    def _steps(self, pointmap: Pointmap, image: torch.Tensor | None) -> Steps | None:
        if FORMATS[self.format_name].bits == 32:
            return None
        if self.values == VALUES[0]:
            return UnitSteps(self.steps_per_unit)
        if self.near or self.far:
            return RangeSteps(self.near, self.far, self.curve)
        brought = (self._brought(pointmap, image, i) for i in range(len(pointmap)))
        ends = [extent(frame.depth, frame.mask) for frame in brought]
        seen = [(near, far) for near, far in ends if far > 0] or [(0.0, 0.0)]
        return RangeSteps(min(near for near, _ in seen), max(far for _, far in seen), self.curve)

"""What a stream makes of a clip's geometry: depth pictures, normal maps or true depth, and where each goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy
import torch

from ..files.depth_frame import AT_ZERO
from ..files.exr import import_openexr
from ..files.geometry_arrays import geometry_arrays, write_arrays
from ..files.geometry_exr import write_geometry_exr
from ..files.whole_files import write_files
from ..geometry.axes import encode_normals
from ..geometry.normals import normals_from_pointmap
from ..geometry.pixel_aspect import SQUARE
from ..geometry.pointmap import Pointmap
from ..maps.colormap import COLORMAPS, apply_colormap
from ..maps.depth import AT_FAR_END, CURVES, DepthRange, invalid_level, picture_of_depth
from .writer import ARRAYS, CAMERAS, check_codec, format_named, quantise, write_quantised

CAMERA = "camera"
PRODUCT_KINDS = ("depth", "coloured depth", "normals", "true depth", "arrays", CAMERA)


@dataclass(frozen=True)
class Look:
    """How depth and normals are shown; see `depth.depth_picture`, `colormap` and `normals`."""

    curve: str = "disparity"
    invert: bool = False
    colormap: str = "magma"
    normal_source: str = "auto"
    normal_smoothing: int = 0
    normal_convention: str = "opengl"
    invalid: str = AT_FAR_END
    invalid_depth: str = AT_ZERO

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise ValueError(f"Depth curve {self.curve!r} is not known; choose one of {', '.join(CURVES)}.")
        if self.colormap not in COLORMAPS:
            raise ValueError(f"Colour map {self.colormap!r} is not known; choose one of {', '.join(COLORMAPS)}.")
        invalid_level(self.invalid, self.invert)  # refuses what is not known


@dataclass(frozen=True)
class VideoProduct:
    """One kind of picture of every frame, in one of `video_writer.FORMATS`, at `target`: a file or a folder.

    A video file also keeps the `texts`, by name; they do not make it another product.
    """

    kind: str
    format_name: str
    target: Path
    texts: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in PRODUCT_KINDS:
            raise ValueError(f"Product {self.kind!r} is not known; choose one of {', '.join(PRODUCT_KINDS)}.")
        chosen = format_named(self.format_name)
        if self.kind == "true depth":
            import_openexr()
        if (self.kind == "arrays") != (self.format_name == ARRAYS):
            raise ValueError(f"{self.kind} cannot be written as {self.format_name}; {ARRAYS} are for arrays only.")
        if (self.kind == CAMERA) != (self.format_name in CAMERAS):
            raise ValueError(
                f"{self.kind} cannot be written as {self.format_name}; {', '.join(CAMERAS)} are for cameras."
            )
        if self.kind in ("arrays", CAMERA):
            return
        if (self.kind == "true depth") != (chosen.bits == 32):
            raise ValueError(
                f"{self.kind} cannot be written as {self.format_name}; "
                "true depth needs exr 32-bit files and pictures any other."
            )
        if not chosen.sequence and self.target.suffix != chosen.suffix:
            raise ValueError(f"{self.target} is to hold {self.format_name}; give it the suffix {chosen.suffix}.")
        if self.kind != "true depth":
            check_codec(self.format_name)

    @property
    def grey(self) -> bool:
        return self.kind in ("depth", "true depth")

    @property
    def needs_range(self) -> bool:
        """Whether the pictures show a range of depths."""
        return self.kind in ("depth", "coloured depth")

    def render(self, pointmap: Pointmap, shown: DepthRange | None, look: Look) -> numpy.ndarray:
        """The pictures of a chunk at the photos' size (B, H, W) or (B, H, W, 3), quantised for the encoder.

        Of arrays: one dict for each frame (B,). Of true depth: what writes a frame's file. `shown` may be None where no range is needed.
        """
        if self.needs_range:
            if shown is None:
                raise ValueError(f"Pictures of {self.kind} need a range of depths, and none was given.")
            return self.draw(pointmap.depth, pointmap.mask, pointmap.source_size, shown, look)
        if self.kind == "arrays":
            return numpy.array(geometry_arrays(pointmap, look.normal_source, look.normal_smoothing), dtype=object)
        if self.kind == "true depth":
            writers = numpy.empty(len(pointmap), dtype=object)  # at the pointmap's size until they are written
            writers[:] = [partial(_write_exr, pointmap[i].to("cpu"), look) for i in range(len(pointmap))]
            return writers
        normals, mask = normals_from_pointmap(pointmap, look.normal_source, look.normal_smoothing)
        return quantise(encode_normals(normals, look.normal_convention, mask), format_named(self.format_name))

    def draw(
        self, depth: torch.Tensor, mask: torch.Tensor, size: tuple[int, int], shown: DepthRange, look: Look
    ) -> numpy.ndarray:
        """Pictures of depths (B, h, w), 0 where the mask is False, at `size` and quantised, as `render` gives them."""
        picture, mask = picture_of_depth(
            depth, mask, size, shown, curve=look.curve, invert=look.invert, invalid=look.invalid
        )
        if self.kind == "coloured depth":
            colours = apply_colormap(picture, look.colormap)
            level = invalid_level(look.invalid, look.invert)
            picture = colours if look.invalid == AT_FAR_END else torch.where(mask[..., None], colours, level)
        return quantise(picture, format_named(self.format_name))

    def write_frame(self, base: Path, picture: Any, pixel_aspect: Fraction = SQUARE) -> None:
        """Writes what `render` gave for one frame as the file `base`, plus the format's suffix; for the aspect see `write_quantised`."""
        chosen = format_named(self.format_name)
        path = base.with_name(base.name + chosen.suffix)
        if self.kind == "arrays":
            write_files({path: partial(write_arrays, picture)})
        elif self.kind == "true depth":
            write_files({path: partial(picture, float(pixel_aspect))})
        else:
            write_quantised(path, picture, chosen, pixel_aspect)


def _write_exr(frame: Pointmap, look: Look, pixel_aspect: float, file: BinaryIO) -> None:
    normals, _ = normals_from_pointmap(frame, look.normal_source, look.normal_smoothing)
    write_geometry_exr(frame, normals, file, invalid_depth=look.invalid_depth, pixel_aspect=pixel_aspect)

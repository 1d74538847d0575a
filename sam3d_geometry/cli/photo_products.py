"""What is made for a photo: pictures of its depth and normals, its arrays, and the record that says what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, BinaryIO

import numpy
import torch
from PIL import Image

from ..files import writers_of
from ..files.camera_suffixes import CAMERA_SUFFIXES
from ..files.depth_frame import AT_ZERO
from ..files.depth_record import camera_entry
from ..files.exr import import_openexr
from ..files.geometry_arrays import geometry_arrays, write_arrays
from ..files.geometry_exr import write_geometry_exr
from ..files.rerun_recording import write_recording
from ..files.whole_files import Writer
from ..geometry.axes import encode_normals
from ..geometry.colour import eight_bit
from ..geometry.gravity import Up, find_up
from ..geometry.normals import normals_from_pointmap
from ..geometry.panorama import Panorama
from ..geometry.pointmap import Pointmap
from ..maps.colormap import apply_colormap
from ..maps.depth import AT_FAR_END, DepthRange, depth_formula, depth_picture, normalise_depth, true_depth
from ..maps.summary import doubt_of_fov
from ..shapes.displaced_plane import displaced_plane
from ..shapes.point_cloud import point_cloud_from_pointmap
from ..shapes.surface import surface_from_pointmap
from .outcome import reason

SMALLEST_ISLAND = 100  # triangles; fewer that hang together are left out of the mesh
CAMERA, WORLD = SPACES = ("camera", "world")
PNG_COMPRESSION = 3  # zlib's default of 6 takes three times as long for files 5 % smaller
DEPTH16_STEPS = 65534  # 1 to 65535 are depths, 0 is no geometry


def camera_kind(file_format: str) -> str:
    """The kind of file, a key of KINDS, that holds the camera in one of CAMERA_FORMATS."""
    return f"camera, {file_format}"


# of a product by itself: the photo's other products are not touched by it. A full disk (OSError) touches them all
PRODUCT_FAILURES = (RuntimeError, ValueError, ImportError, MemoryError)


class ProductError(Exception):
    """One kind of file cannot be written; the others can."""

    def __init__(self, kind: str, why: str):
        super().__init__(why)
        self.kind = kind


def named_writer(kind: str, write: Writer) -> Writer:
    """A writer whose failure tells which kind it was."""

    def named(file: BinaryIO) -> None:
        try:
            write(file)
        except PRODUCT_FAILURES as error:
            raise ProductError(kind, reason(error)) from error

    return named


@dataclass
class MadePhoto:
    """What a photo gives: a writer for each kind, the record's entries, and why the kinds that failed did."""

    record: dict[str, Any]
    writers: dict[str, Writer] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def by_suffix(self) -> dict[str, Writer]:
        """The writers by what follows the photo's name."""
        return {KINDS[kind].suffix: write for kind, write in self.writers.items()}

    def drop(self, error: ProductError) -> None:
        """Leaves out the kind that cannot be written."""
        self.failed[error.kind] = str(error)
        del self.writers[error.kind]


@dataclass(frozen=True, kw_only=True)
class Products:
    """Which files to make of a pointmap (`kinds`, keys of KINDS) and how they are to look."""

    kinds: tuple[str, ...] = ("depth", "normals")
    curve: str = "disparity"
    invert: bool = False
    invalid: str = AT_FAR_END
    invalid_depth: str = AT_ZERO
    colormap: str | None = None
    normal_convention: str = "opengl"
    normal_space: str = CAMERA
    normal_source: str = "auto"
    normal_smoothing: int = 0

    def make(self, pointmap: Pointmap, shown: DepthRange, photo: torch.Tensor) -> MadePhoto:
        """One frame's pointmap, the range of its depth picture and the photo -> what is to be written of each kind."""
        frame = _Frame(self, pointmap, shown, photo)
        camera = camera_entry(pointmap.intrinsics[0], pointmap.source_size)
        if pointmap.fov_spread is not None and (doubt := doubt_of_fov(float(pointmap.fov_spread[0]))):
            camera["field_of_view"] = doubt
        made = MadePhoto(record={"camera": camera, "depth": self.describe_depth(pointmap, shown)})
        for kind in self.kinds:
            try:
                made.writers[kind] = named_writer(kind, KINDS[kind].writer(frame))
            except PRODUCT_FAILURES as error:
                made.failed[kind] = reason(error)
        if "normals" in made.writers:
            entry: dict[str, Any] = {"convention": self.normal_convention, "space": self.normal_space}
            if self.normal_space == WORLD:
                entry |= frame.up.record()
            made.record["normals"] = entry
        return made

    def describe_depth(self, pointmap: Pointmap | Panorama, shown: DepthRange) -> dict[str, Any]:
        """The record's entry of the depth: its unit, range and how pictures show it."""
        near, far = shown.limits
        if self.curve != "linear":
            near = max(near, far * 1e-3)  # as normalise_depth does
        described = {
            "metric": pointmap.metric,
            "unit": "metre" if pointmap.metric else "unknown, another for every photo",
            "near": near,
            "far": far,
            "curve": self.curve,
            "inverted": self.invert,
            "valid_share": round(float(pointmap.mask.float().mean()), 6),
        }
        if "depth16" in self.kinds:
            share = f"(value - 1) / {DEPTH16_STEPS}"
            described["depth16"] = (
                f"value 0: no geometry; else n = {f'1 - {share}' if self.invert else share}, "
                f"depth = {depth_formula(self.curve, 'n')}"
            )
        return described


@dataclass(frozen=True)
class _Frame:
    """One photo's geometry and what is computed from it for the files, each once and only when a file needs it."""

    products: Products
    pointmap: Pointmap
    shown: DepthRange
    photo: torch.Tensor

    @cached_property
    def depth_and_mask(self) -> tuple[torch.Tensor, torch.Tensor]:
        return true_depth(self.pointmap)

    @cached_property
    def normals_and_mask(self) -> tuple[torch.Tensor, torch.Tensor]:
        """In camera axes."""
        return normals_from_pointmap(self.pointmap, self.products.normal_source, self.products.normal_smoothing)

    @cached_property
    def up(self) -> Up:
        """Which way is up, by the normals that are written."""
        return find_up(self.pointmap, source=self.products.normal_source)


def _depth_picture(frame: _Frame) -> Writer:
    look = frame.products
    picture, _ = depth_picture(frame.pointmap, frame.shown, look.curve, look.invert, look.invalid)
    if look.colormap is not None:
        picture = apply_colormap(picture, look.colormap)
    return partial(write_picture, eight_bit(picture[0]).numpy())


def _normal_map(frame: _Frame) -> Writer:
    normals, mask = frame.normals_and_mask
    if frame.products.normal_space == WORLD:
        normals = normals @ frame.up.world_from_camera[0].T
    return partial(write_picture, eight_bit(encode_normals(normals, frame.products.normal_convention, mask)[0]).numpy())


def _depth16(frame: _Frame) -> Writer:
    depth, mask = frame.depth_and_mask
    nearness = normalise_depth(depth, frame.shown, frame.products.curve)
    return partial(write_picture, sixteen_bit(nearness, mask, frame.products.invert))


def _arrays(frame: _Frame) -> Writer:
    look = frame.products
    arrays = geometry_arrays(frame.pointmap, look.normal_source, look.normal_smoothing)
    return partial(write_arrays, arrays[0])


def _exr(frame: _Frame) -> Writer:
    import_openexr()
    normals, _ = frame.normals_and_mask
    return partial(write_geometry_exr, frame.pointmap, normals, invalid_depth=frame.products.invalid_depth)


def _recording(frame: _Frame) -> Writer:
    return partial(write_recording, frame.pointmap)


def _mesh(frame: _Frame) -> Writer:
    mesh = surface_from_pointmap(frame.pointmap, frame.photo, smallest_island=SMALLEST_ISLAND)
    return writers_of(mesh, "glb", "gltf", "mesh")[".glb"]


def _points(frame: _Frame) -> Writer:
    return writers_of(point_cloud_from_pointmap(frame.pointmap), "ply", "gltf", "points")[".ply"]


def _plane(frame: _Frame) -> Writer:
    plane = displaced_plane(frame.pointmap, frame.shown, frame.photo, curve=frame.products.curve)
    return writers_of(plane, "glb", "gltf", "plane")[".glb"]


def _camera(file_format: str, frame: _Frame) -> Writer:
    # with them comes what writes people and many views
    from ..files.camera_formats import camera_writer
    from ..files.camera_track import camera_track

    return camera_writer(camera_track(frame.pointmap), file_format)[1]


@dataclass(frozen=True)
class Kind:
    """A kind of file: how its name ends, and what makes its writer."""

    suffix: str
    writer: Callable[[_Frame], Writer]


KINDS = {
    "depth": Kind("_depth.png", _depth_picture),
    "normals": Kind("_normals.png", _normal_map),
    "depth16": Kind("_depth16.png", _depth16),
    "arrays": Kind(".npz", _arrays),
    "exr": Kind(".exr", _exr),
    "recording": Kind(".rrd", _recording),
    "mesh": Kind("_mesh.glb", _mesh),
    "points": Kind("_points.ply", _points),
    "plane": Kind("_plane.glb", _plane),
    **{camera_kind(name): Kind(f"_camera{suffix}", partial(_camera, name)) for name, suffix in CAMERA_SUFFIXES.items()},
}


def sixteen_bit(nearness: torch.Tensor, mask: torch.Tensor, invert: bool) -> numpy.ndarray:
    """Nearness (1, H, W) in [0, 1] as whole numbers (H, W) from 1 to 65535, 0 where the mask is False."""
    values = 1 - nearness[0] if invert else nearness[0]
    steps = torch.where(mask[0], values.double().mul_(DEPTH16_STEPS).round_() + 1, 0)
    return steps.numpy().astype(numpy.uint16)


def write_picture(values: numpy.ndarray, file: BinaryIO) -> None:
    """Writes whole numbers (H, W) or (H, W, 3) of 8 or 16 bits as PNG."""
    Image.fromarray(values).save(file, "PNG", compress_level=PNG_COMPRESSION)

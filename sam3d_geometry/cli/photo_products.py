"""What is made for a photo: pictures of its depth and normals, its arrays, and the record that says what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy
import torch
from PIL import Image

from ..files import writers_of
from ..files.depth_frame import frame_from_pointmap
from ..files.depth_record import camera_entry
from ..files.exr import write_exr
from ..files.rerun_recording import write_recording
from ..files.whole_files import Writer
from ..geometry.axes import encode_normals
from ..geometry.camera import unproject
from ..geometry.colour import eight_bit
from ..geometry.gravity import level_world
from ..geometry.normals import normals_from_pointmap
from ..geometry.pointmap import Pointmap
from ..geometry.resize import pointmap_at_image
from ..maps.colormap import apply_colormap
from ..maps.depth import DepthRange, depth_picture, normalise_depth, true_depth
from ..shapes.displaced_plane import displaced_plane
from ..shapes.point_cloud import point_cloud_from_pointmap
from ..shapes.surface import surface_from_pointmap

SUFFIXES = {
    "depth": "_depth.png",
    "normals": "_normals.png",
    "depth16": "_depth16.png",
    "arrays": ".npz",
    "exr": ".exr",
    "recording": ".rrd",
    "mesh": "_mesh.glb",
    "points": "_points.ply",
    "plane": "_plane.glb",
}
SMALLEST_ISLAND = 100  # triangles; fewer that hang together are left out of the mesh
SPACES = ("camera", "world")
PNG_COMPRESSION = 3  # zlib's default of 6 takes three times as long for files 5 % smaller
DEPTH16_STEPS = 65534  # 1 to 65535 are depths, 0 is no geometry

NEARNESS = {
    "disparity": "depth = 1 / (1 / far + n * (1 / near - 1 / far))",
    "linear": "depth = far + n * (near - far)",
    "log": "depth = far * (near / far) ** n",
}


@dataclass(frozen=True)
class Products:
    """Which files to make of a pointmap (`kinds`, keys of SUFFIXES) and how they are to look."""

    kinds: tuple[str, ...] = ("depth", "normals")
    curve: str = "disparity"
    invert: bool = False
    invalid: str = "black"
    colormap: str | None = None
    normal_convention: str = "opengl"
    normal_space: str = "camera"
    normal_source: str = "auto"
    smoothing: int = 0

    def make(
        self, pointmap: Pointmap, shown: DepthRange, photo: torch.Tensor
    ) -> tuple[dict[str, Writer], dict[str, Any]]:
        """One frame's pointmap, the range of its depth picture and the photo -> a writer per suffix, and what to record."""
        writers: dict[str, Writer] = {}
        camera = camera_entry(pointmap.intrinsics[0], pointmap.source_size)
        record = {"camera": camera, "depth": self._describe_depth(pointmap, shown)}
        if "depth" in self.kinds:
            picture, _ = depth_picture(pointmap, shown, self.curve, self.invert, self.invalid)
            if self.colormap is not None:
                picture = apply_colormap(picture, self.colormap)
            writers[SUFFIXES["depth"]] = partial(_write_png, eight_bit(picture[0]).numpy())
        if {"depth16", "arrays"} & set(self.kinds):
            depth, mask = true_depth(pointmap)
        if "depth16" in self.kinds:
            nearness = normalise_depth(depth, shown, self.curve)
            writers[SUFFIXES["depth16"]] = partial(_write_png, _sixteen_bit(nearness, mask, self.invert))
        if {"normals", "arrays", "exr"} & set(self.kinds):
            normals, normal_mask = normals_from_pointmap(pointmap, self.normal_source, self.smoothing)
        if "arrays" in self.kinds:
            arrays = {
                "points": unproject(depth, pointmap.intrinsics),
                "depth": depth,
                "mask": mask,
                "intrinsics": pointmap.intrinsics,
                "normals": normals,
            }
            writers[SUFFIXES["arrays"]] = partial(
                _write_arrays, {name: value[0].numpy() for name, value in arrays.items()}
            )
        if "exr" in self.kinds:
            frame = frame_from_pointmap(pointmap_at_image(pointmap), normals=normals)
            writers[SUFFIXES["exr"]] = partial(write_exr, frame, True, "depth")
        if "recording" in self.kinds:
            writers[SUFFIXES["recording"]] = partial(write_recording, pointmap)
        if "normals" in self.kinds:
            record["normals"] = {"convention": self.normal_convention, "space": self.normal_space}
            if self.normal_space == "world":
                rotation = level_world(pointmap, source=self.normal_source)
                record["normals"]["world_from_camera"] = rotation[0].tolist()
                normals = normals @ rotation[0].T
            colours = encode_normals(normals, self.normal_convention, normal_mask)
            writers[SUFFIXES["normals"]] = partial(_write_png, eight_bit(colours[0]).numpy())
        return writers | self._models(pointmap, shown, photo), record

    def _models(self, pointmap: Pointmap, shown: DepthRange, photo: torch.Tensor) -> dict[str, Writer]:
        """A writer for every 3D file."""
        make = {
            "mesh": lambda: surface_from_pointmap(pointmap, photo, smallest_island=SMALLEST_ISLAND),
            "points": lambda: point_cloud_from_pointmap(pointmap),
            "plane": lambda: displaced_plane(pointmap, shown, photo, curve=self.curve),
        }
        writers = {}
        for kind in make:
            if kind in self.kinds:
                file_format = SUFFIXES[kind].rpartition(".")[2]
                writers |= {SUFFIXES[kind]: writers_of(make[kind](), file_format, "gltf", kind)[f".{file_format}"]}
        return writers

    def _describe_depth(self, pointmap: Pointmap, shown: DepthRange) -> dict[str, Any]:
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
                f"value 0: no geometry; else n = {f'1 - {share}' if self.invert else share}, {NEARNESS[self.curve]}"
            )
        return described


def _sixteen_bit(nearness: torch.Tensor, mask: torch.Tensor, invert: bool) -> numpy.ndarray:
    values = 1 - nearness[0] if invert else nearness[0]
    steps = torch.where(mask[0], values.double().mul_(DEPTH16_STEPS).round_() + 1, 0)
    return steps.numpy().astype(numpy.uint16)


def _write_png(values: numpy.ndarray, file: BinaryIO) -> None:
    Image.fromarray(values).save(file, "PNG", compress_level=PNG_COMPRESSION)


def _write_arrays(arrays: dict[str, numpy.ndarray], file: BinaryIO) -> None:
    numpy.savez(file, **arrays)

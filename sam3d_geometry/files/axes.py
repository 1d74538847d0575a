"""What goes into a file: positions, normals and faces in the axes of the program that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

from .. import __version__
from ..geometry.axes import AXIS_FRAMES, convert_directions, convert_points, flips_winding
from ..geometry.colour import eight_bit
from ..shapes.decimation import sample_picture
from ..shapes.mesh import Mesh
from ..shapes.point_cloud import PointCloud

# what the menus call a file's axes, and the frame they are
AXES = {"gltf": "opengl", "blender": "blender", "unreal": "unreal", "unity": "unity"}
TEXTURE_QUALITY = 95  # of the JPEG


@dataclass(frozen=True)
class Layout:
    """Arrays of a mesh or of a point cloud (no faces) in the axes of a file, and the note that says what they mean."""

    positions: numpy.ndarray  # (N, 3) float32
    faces: numpy.ndarray | None  # (M, 3) int32
    normals: numpy.ndarray | None  # (N, 3) float32
    uvs: numpy.ndarray | None  # (N, 2) float32, v down
    colours: numpy.ndarray | None  # (N, 3) float32 in [0, 1], sRGB
    texture: numpy.ndarray | None  # (H, W, 3) uint8
    intrinsics: numpy.ndarray | None  # (3, 3) float64, normalised, of the camera at the origin
    note: dict[str, Any]

    def texture_and_uvs(self) -> tuple[numpy.ndarray, numpy.ndarray] | None:
        """The texture and its coordinates; None where one of them is missing and so neither is written."""
        return None if self.texture is None or self.uvs is None else (self.texture, self.uvs)


def _note_of_model(model: Mesh | PointCloud, axes: str) -> dict[str, Any]:
    frame = AXIS_FRAMES[AXES[axes]]
    note: dict[str, Any] = {"generator": f"sam3d-geometry {__version__}", "axes": f"{frame.name}: {frame.meaning}"}
    note["handedness"] = frame.handedness
    if not model.metric:
        scale = "" if frame.units_per_metre == 1 else f", times {frame.units_per_metre:g}"
        note["unit"] = f"unknown scale{scale}"
    else:
        note["unit"] = {1.0: "metre", 100.0: "centimetre"}[frame.units_per_metre]
    if model.intrinsics is not None:
        note["intrinsics_normalised"] = [[round(float(value), 9) for value in row] for row in model.intrinsics]
    return note


def layout(model: Mesh | PointCloud, axes: str = "gltf", paint_vertices: bool = False) -> Layout:
    """A mesh or point cloud in OpenCV axes -> its arrays in `axes`, a key of AXES; faces keep facing outward.

    With `paint_vertices` a mesh that has a texture but no colours gets them from it, for formats without textures.
    """
    if axes not in AXES:
        raise ValueError(f"Axes {axes!r} are not known; choose one of {', '.join(AXES)}.")
    frame = AXES[axes]
    points = model.vertices if isinstance(model, Mesh) else model.points
    faces = uvs = texture = None
    colours = model.colours
    if isinstance(model, Mesh):
        faces = model.faces.flip(1) if flips_winding(frame) else model.faces
        uvs, texture = model.uvs, model.texture
        if colours is None and paint_vertices and texture is not None and uvs is not None:
            colours = sample_picture(texture, uvs)
    return Layout(
        positions=convert_points(points, frame).contiguous().numpy(),
        faces=None if faces is None else faces.contiguous().numpy(),
        normals=None if model.normals is None else convert_directions(model.normals, frame).contiguous().numpy(),
        uvs=None if uvs is None else uvs.contiguous().numpy(),
        colours=None if colours is None else colours.contiguous().numpy(),
        texture=None if texture is None else eight_bit(texture).contiguous().numpy(),
        intrinsics=None if model.intrinsics is None else model.intrinsics.double().numpy(),
        note=_note_of_model(model, axes),
    )


def jpeg_of(texture: numpy.ndarray) -> bytes:
    """Picture (H, W, 3) uint8 -> the bytes of a JPEG file, colour at full resolution."""
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(texture).save(buffer, "JPEG", quality=TEXTURE_QUALITY, subsampling=0)
    return buffer.getvalue()

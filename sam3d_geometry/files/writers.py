"""Which files a format of 3D shapes has, and what writes each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ..shapes.mesh import Mesh
from ..shapes.point_cloud import PointCloud
from .axes import layout
from .glb import write_glb
from .obj import write_mtl, write_obj, write_texture
from .ply import write_ply
from .whole_files import NO_TEXTS, Writer

SHAPE_FORMATS = ("glb", "ply", "obj")


def writers_of(
    model: Mesh | PointCloud, file_format: str, axes: str, name: str, texts: Mapping[str, str] = NO_TEXTS
) -> dict[str, Writer]:
    """A function for every file of a mesh or point cloud, by its suffix, that writes it; the first is the model itself.

    `axes` is a key of AXES; `name` is the files' name without suffix, by which an OBJ names its material and texture.
    Further `texts` by name are kept by a GLB.
    """
    if file_format not in SHAPE_FORMATS:
        raise ValueError(f"File format {file_format!r} is not known; choose one of {', '.join(SHAPE_FORMATS)}.")
    if file_format == "glb" and axes != "gltf":
        raise ValueError(
            f"Axes came as {axes!r} for a GLB, which always has glTF axes, and which Blender, Unity and Unreal turn into their own when "
            "they import it; set axes to gltf, or choose ply or obj."
        )
    writers: dict[str, Writer]
    content = layout(model, axes, paint_vertices=file_format == "ply")
    if file_format == "glb":
        writers = {".glb": partial(write_glb, content, texts=texts)}
    elif file_format == "ply":
        writers = {".ply": partial(write_ply, content)}
    else:
        writers = {".obj": partial(write_obj, content, name)}
    textured = content.texture_and_uvs()
    if file_format == "obj" and textured is not None:
        if any(character.isspace() for character in name):
            raise ValueError(
                f"An OBJ with a texture came with the name {name!r}, and many programs read the names of its material and texture up to the "
                "first space only; choose a name without spaces."
            )
        writers |= {".mtl": partial(write_mtl, name), ".jpg": partial(write_texture, textured[0])}
    return writers

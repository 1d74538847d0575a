# SPDX-License-Identifier: GPL-3.0-or-later
"""A photo's result as objects in Blender: the surface, the camera that took the photo, and what the scene needs."""

from __future__ import annotations

import math
import statistics
from array import array
from dataclasses import dataclass
from pathlib import Path

import bpy
from mathutils import Matrix

from .compositor import composite, photo_in_front
from .glb_file import FileError, TexturedMesh, read_glb
from .job import Result
from .material import light_by, material, place_pictures
from .points import PLACE, as_points, fill_points
from .settings import DEPTH16, EXR, NORMALS, POINTS, Look

PHOTO = "sam3d_geometry_photo"  # custom property of a collection: which photo it was made of
SURE = 0.5  # of the ground: below it the camera is taken for level
RELIEF = 0.5  # of the plane's width
LEAST_ROOM = 0.8  # of the plane's distance: the relief never reaches the camera
BLENDER_FROM_OPENCV = Matrix(((1, 0, 0), (0, 0, 1), (0, -1, 0)))  # x right, y into the picture, z up
OPENCV_FROM_GLTF = Matrix.Diagonal((1, -1, -1))
ASSET_PREVIEW = 256  # long edge in pixels


@dataclass(frozen=True)
class Frame:
    """How camera axes (glTF's and Blender's: x right, y up, z toward the viewer) become the world's.

    square  factor of y that makes the photo's pixels square: the network saw it at a rounded size
    """

    rotation: Matrix
    scale: float
    square: float

    def matrix(self) -> Matrix:
        """world_from_camera, for places."""
        return (self.rotation @ Matrix.Diagonal((1, self.square, 1)) * self.scale).to_4x4()


@dataclass(frozen=True)
class Built:
    """What was made of one photo.

    exr   the depth as a packed picture, None where it was not asked for
    unit  the factor from its depths to the scene's lengths
    """

    collection: bpy.types.Collection
    camera: bpy.types.Object
    photo: bpy.types.Image
    exr: bpy.types.Image | None
    unit: float


def build(result: Result, look: Look, context: bpy.types.Context, name: str) -> Built:
    """A collection with surface, camera and an empty that moves both; raises FileError before anything is made."""
    mesh = read_glb(result.mesh)
    extras = _read(result)
    photo = packed_image(name, mesh.photo)
    width, height = photo.size
    frame = _frame(result, mesh, look, width / height)
    data = bpy.data.meshes.new(name)
    if look.form == POINTS:
        fill_points(data, mesh, frame.scale)
    elif DEPTH16 in extras:
        _fill_plane(data, mesh, frame, look.subdivisions, width / height)
    else:
        _fill_surface(data, mesh)
    data.transform(frame.matrix())
    data.materials.append(material(name, photo, look.shading))
    if NORMALS in extras:
        normals = packed_image(f"{name} normals", extras[NORMALS], data=True)
        light_by(data.materials[0], normals, _object_from_map(result, frame))
    surface = bpy.data.objects.new(name, data)
    if look.form == POINTS:
        place_pictures(data.materials[0], PLACE)
        as_points(surface, data.materials[0])
    elif DEPTH16 in extras:
        displace(surface, packed_image(f"{name} depth", extras[DEPTH16], data=True))
    camera = camera_of(name, mesh, frame, photo)
    root = bpy.data.objects.new(f"{name} scene", None)
    collection = bpy.data.collections.new(name)
    collection[PHOTO] = str(result.photo)
    collection["metric"] = mesh.metric
    context.scene.collection.children.link(collection)
    for thing in (root, surface, camera):
        collection.objects.link(thing)
    surface.parent = camera.parent = root
    if look.asset:
        mark_as_asset(surface, photo)
    exr = packed_image(f"{name} distances", extras[EXR], data=True) if EXR in extras else None
    return Built(collection, camera, photo, exr, frame.scale)


def _read(result: Result) -> dict[str, bytes]:
    try:
        return {kind: path.read_bytes() for kind, path in result.extras.items()}
    except OSError as error:
        raise FileError(f"{error.filename} cannot be read ({error.strerror or error}).") from error


def photos_in_file() -> set[str]:
    """The photos that collections of this file were made of."""
    return {collection[PHOTO] for collection in bpy.data.collections if PHOTO in collection}


def packed_image(name: str, content: bytes, data: bool = False) -> bpy.types.Image:
    """A picture that lives in the .blend file alone; `data` where its values are no colours."""
    image = bpy.data.images.new(name, 1, 1, is_data=data)
    image.pack(data=content, data_len=len(content))
    image.source = "FILE"
    if data:
        image.colorspace_settings.name = "Non-Color"
    return image


def _frame(result: Result, mesh: TexturedMesh, look: Look, aspect: float) -> Frame:
    fx, fy = mesh.intrinsics[0][0], mesh.intrinsics[1][1]
    rotation = BLENDER_FROM_OPENCV
    normals = result.record.get("normals")
    if look.level and isinstance(normals, dict) and normals.get("up_confidence", 0) >= SURE:
        rotation = rotation @ Matrix(normals["world_from_camera"])
    middle = statistics.median(-z for z in mesh.positions[2::3]) if len(mesh.positions) else 1.0
    return Frame(rotation @ OPENCV_FROM_GLTF, 1.0 if mesh.metric else look.distance / middle, fy / (fx * aspect))


def _object_from_map(result: Result, frame: Frame) -> Matrix:
    """The rotation of a normal map's axes (x right, y up, z toward the viewer) to the object's."""
    said = result.record["normals"]
    if said.get("space") != "world":
        return frame.rotation
    to_world = OPENCV_FROM_GLTF @ Matrix(said["world_from_camera"]) @ OPENCV_FROM_GLTF
    return frame.rotation @ to_world.transposed()


def mark_as_asset(surface: bpy.types.Object, photo: bpy.types.Image) -> None:
    """Lists an object in the asset browser, with the photo as its preview."""
    surface.asset_mark()
    small = photo.copy()
    shrunk = ASSET_PREVIEW / max(small.size)
    small.scale(*(max(1, round(side * shrunk)) for side in small.size))
    preview = surface.preview_ensure()
    preview.image_size = small.size
    preview.image_pixels_float.foreach_set(small.pixels[:])
    bpy.data.images.remove(small)


def _fill_surface(data: bpy.types.Mesh, mesh: TexturedMesh) -> None:
    uvs = array("f", mesh.uvs)
    uvs[1::2] = array("f", (1 - v for v in uvs[1::2]))  # Blender counts v from the bottom
    _fill(data, mesh.positions, mesh.faces, uvs, corners=3)


def _fill_plane(data: bpy.types.Mesh, mesh: TexturedMesh, frame: Frame, squares: int, aspect: float) -> None:
    """A flat grid that fills the camera's picture at the scene's middle distance, facing the camera."""
    fx, (cx, cy) = mesh.intrinsics[0][0], (mesh.intrinsics[0][2], mesh.intrinsics[1][2])
    away = statistics.median(-z for z in mesh.positions[2::3]) if len(mesh.positions) else 1.0
    places, uvs = array("f"), array("f")
    for j in range(squares + 1):
        for i in range(squares + 1):
            u, v = i / squares, j / squares
            places.extend(((u - cx) / fx * away, (cy - v) / (fx * aspect * frame.square) * away, -away))
            uvs.extend((u, 1 - v))
    faces = array("I")
    for j in range(squares):
        for i in range(squares):
            a = j * (squares + 1) + i
            faces.extend((a, a + squares + 1, a + squares + 2, a + 1))
    _fill(data, places, faces, uvs, corners=4)


def _fill(data: bpy.types.Mesh, places: array, faces: array, uvs: array, corners: int) -> None:
    count = len(faces) // corners
    data.vertices.add(len(places) // 3)
    data.vertices.foreach_set("co", places)
    data.loops.add(len(faces))
    data.loops.foreach_set("vertex_index", faces)
    data.polygons.add(count)
    data.polygons.foreach_set("loop_start", array("i", range(0, len(faces), corners)))
    data.polygons.foreach_set("use_smooth", array("b", b"\1" * count))
    pairs = memoryview(uvs).cast("B").cast("Q")  # both floats of a vertex in one number
    at_corners = array("f")
    at_corners.frombytes(array("Q", map(pairs.__getitem__, faces)).tobytes())
    data.uv_layers.new(name="UVMap").uv.foreach_set("vector", at_corners)
    data.update(calc_edges=True)


def displace(plane: bpy.types.Object, depth: bpy.types.Image) -> None:
    """A Displace modifier that pushes the plane toward the camera where the 16-bit depth is white."""
    texture = bpy.data.textures.new(depth.name, "IMAGE")
    texture.image, texture.extension = depth, "EXTEND"
    corners = [plane.data.vertices[i].co for i in (0, round(math.sqrt(len(plane.data.vertices))) - 1)]
    width = (corners[1] - corners[0]).length
    away = min(vertex.co.length for vertex in plane.data.vertices)
    made = plane.modifiers.new("Displace", "DISPLACE")
    made.texture, made.texture_coords, made.uv_layer = texture, "UV", "UVMap"
    made.mid_level, made.strength = 0.0, min(RELIEF * width, LEAST_ROOM * away)


def camera_of(name: str, mesh: TexturedMesh, frame: Frame, photo: bpy.types.Image) -> bpy.types.Object:
    """The camera that took the photo, where it stood, with the photo behind its picture."""
    width, height = photo.size
    (fx, _, cx), (_, _, cy) = mesh.intrinsics[:2]
    data = bpy.data.cameras.new(f"{name} camera")
    data.sensor_fit = "HORIZONTAL"
    data.angle_x = 2 * math.atan(0.5 / fx)
    data.shift_x, data.shift_y = 0.5 - cx, (cy - 0.5) * height / width
    distances = [-z * frame.scale for z in mesh.positions[2::3]] or [1.0]
    data.clip_start, data.clip_end = min(0.1, min(distances) / 10), max(1000.0, max(distances) * 4)
    data.show_background_images = True
    behind = data.background_images.new()
    behind.image, behind.frame_method, behind.display_depth, behind.alpha = photo, "STRETCH", "BACK", 1.0
    made = bpy.data.objects.new(f"{name} camera", data)
    made.matrix_basis = frame.rotation.to_4x4()
    return made


def set_scene(context: bpy.types.Context, built: Built) -> None:
    """Renders have the photo's size and colors, are seen by its camera and, with the EXR depth, put into it."""
    scene = context.scene
    scene.camera = built.camera
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = *built.photo.size, 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    scene.view_settings.view_transform = "Standard"
    if built.exr is not None:
        group = photo_in_front(f"{built.collection.name} in front", built.photo, built.exr, built.unit)
        composite(scene, context.view_layer, group)


def set_in_row(collections: list[bpy.types.Collection]) -> None:
    """Moves each beside the one before it, without turning or resizing any."""
    right = 0.0
    for collection in collections:
        root = next(thing for thing in collection.objects if thing.parent is None)
        xs = [0.0, *(v.co.x for o in collection.objects if o.type == "MESH" for v in o.data.vertices)]
        root.location.x = right - min(xs)
        right += (max(xs) - min(xs)) * 1.1


def name_of(photo: Path) -> str:
    """What the objects of a photo are called."""
    return photo.stem[:40] or "photo"

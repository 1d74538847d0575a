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

from .glb_file import TexturedMesh, read_glb
from .job import Result
from .points import as_points, fill_points, place_picture
from .settings import EMISSION, PLANE, POINTS, Look

PHOTO = "sam3d_geometry_photo"  # custom property of a collection: which photo it was made of
SURE = 0.5  # of the ground: below it the camera is taken for level
RELIEF = 0.5  # of the plane's width
LEAST_ROOM = 0.8  # of the plane's distance: the relief never reaches the camera
BLENDER_FROM_OPENCV = Matrix(((1, 0, 0), (0, 0, 1), (0, -1, 0)))  # x right, y into the picture, z up
OPENCV_FROM_GLTF = Matrix.Diagonal((1, -1, -1))


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


def build(result: Result, look: Look, context: bpy.types.Context, name: str) -> bpy.types.Collection:
    """A collection with surface, camera and an empty that moves both; raises FileError before anything is made."""
    mesh = read_glb(result.mesh)
    depth = result.depth16.read_bytes() if look.form == PLANE and result.depth16 else None
    photo = packed_image(name, mesh.photo)
    width, height = photo.size
    frame = _frame(result, mesh, look, width / height)
    data = bpy.data.meshes.new(name)
    if look.form == POINTS:
        fill_points(data, mesh, frame.scale)
    elif depth is None:
        _fill_surface(data, mesh)
    else:
        _fill_plane(data, mesh, frame, look.subdivisions, width / height)
    data.transform(frame.matrix())
    data.materials.append(material(name, photo, look.shading))
    surface = bpy.data.objects.new(name, data)
    if look.form == POINTS:
        place_picture(data.materials[0])
        as_points(surface, data.materials[0])
    elif depth is not None:
        displace(surface, packed_image(f"{name} depth", depth, data=True))
    camera = camera_of(name, mesh, frame, photo)
    root = bpy.data.objects.new(f"{name} scene", None)
    collection = bpy.data.collections.new(name)
    collection[PHOTO] = str(result.photo)
    collection["metric"] = mesh.metric
    context.scene.collection.children.link(collection)
    for thing in (root, surface, camera):
        collection.objects.link(thing)
    surface.parent = camera.parent = root
    if look.scene:
        set_scene(context.scene, camera, width, height)
    if look.asset:
        surface.asset_mark()
    return collection


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


def material(name: str, photo: bpy.types.Image, shading: str) -> bpy.types.Material:
    """The photo as light of its own, or as the color of a matte surface."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.clear()
    picture = nodes.new("ShaderNodeTexImage")
    picture.image, picture.extension, picture.location = photo, "EXTEND", (-400, 0)
    shader = nodes.new("ShaderNodeEmission" if shading == EMISSION else "ShaderNodeBsdfPrincipled")
    output = nodes.new("ShaderNodeOutputMaterial")
    output.location = (300, 0)
    if shading != EMISSION:
        shader.inputs["Roughness"].default_value = 1.0
    links.new(picture.outputs["Color"], shader.inputs[0])
    links.new(shader.outputs[0], output.inputs["Surface"])
    return made


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


def set_scene(scene: bpy.types.Scene, camera: bpy.types.Object, width: int, height: int) -> None:
    """Renders of the scene have the photo's size and colors, and are seen by its camera."""
    scene.camera = camera
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    scene.view_settings.view_transform = "Standard"


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

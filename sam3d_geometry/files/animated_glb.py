"""GLB of people who move: skeletons, skins and keyframes, and beside them a scene and the camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy
import torch

from ..bodies.body_mesh import person_colour
from ..bodies.performance import Performance
from ..bodies.rotation_maths import continuous
from ..geometry.colour import linear_from_srgb
from ..geometry.rotations import quaternion_xyzw
from ..shapes.mesh import vertex_normals
from .axes import Layout
from .camera_track import CameraTrack
from .glb import add_primitive, perspective_camera, texture_parts
from .glb_container import FLOAT, INDEX_DATA, UNSIGNED_INT, UNSIGNED_SHORT, VERTEX_DATA, GlbBuffer, write_container


class _File:
    """glTF's lists while they grow."""

    def __init__(self) -> None:
        self.buffer = GlbBuffer()
        self.nodes: list[dict[str, Any]] = []
        self.roots: list[int] = []
        self.meshes: list[dict[str, Any]] = []
        self.skins: list[dict[str, Any]] = []
        self.materials: list[dict[str, Any]] = []
        self.cameras: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}

    def node(self, **values: Any) -> int:
        self.nodes.append(values)
        return len(self.nodes) - 1

    def root(self, **values: Any) -> int:
        self.roots.append(self.node(**values))
        return self.roots[-1]

    def times(self, frames: torch.Tensor, fps: float) -> int:
        """Number of the accessor of keyframe times, seconds."""
        seconds = _float32_array(frames.double() / fps)
        return self.buffer.add(seconds, FLOAT, "SCALAR", min=[float(seconds.min())], max=[float(seconds.max())])

    def key(self, node: int, path: str, times: int, values: torch.Tensor, interpolation: str = "LINEAR") -> None:
        """Keyframes of one node's translation, rotation or scale."""
        output = self.buffer.add(_float32_array(values), FLOAT, f"VEC{values.shape[-1]}")
        self.samplers.append({"input": times, "output": output, "interpolation": interpolation})
        self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})


def _float32_array(values: torch.Tensor) -> numpy.ndarray:
    return numpy.ascontiguousarray(values.detach().cpu().numpy(), dtype=numpy.float32)


def _list(values: torch.Tensor) -> list[float]:
    return [float(value) for value in values.float()]


def _bones(file: _File, person: Performance) -> tuple[list[int], int]:
    """The nodes of a person's bones, and the node above them; what moves is not yet in them."""
    turned, places = person.rest_at_parents()
    turns = quaternion_xyzw(turned)
    numbers = [
        file.node(name=name, translation=_list(places[bone]), rotation=_list(turns[bone]))
        for bone, name in enumerate(person.bones)
    ]
    for bone, parent in enumerate(person.parents):
        if parent >= 0:
            file.nodes[numbers[parent]].setdefault("children", []).append(numbers[bone])
    tops = [number for number, parent in zip(numbers, person.parents) if parent < 0]
    return numbers, file.root(name=person.name, children=tops)


def _keyframes(file: _File, person: Performance, numbers: list[int], holder: int) -> None:
    """What moves: rotations of all bones, positions of those that stray, and whether the person is there at all."""
    turned, places = person.at_parents()
    turns, strays = continuous(quaternion_xyzw(turned)), person.strays()
    times = file.times(person.frames, person.fps)
    for bone, number in enumerate(numbers):
        file.key(number, "rotation", times, turns[:, bone])
        if bool(strays[bone]):
            file.key(number, "translation", times, places[:, bone])
    if len(person.frames) < person.frame_count:
        there = torch.zeros(person.frame_count, 3)
        there[person.frames] = 1
        every = file.times(torch.arange(person.frame_count), person.fps)
        file.key(holder, "scale", every, there, "STEP")


def _skin(file: _File, person: Performance, numbers: list[int], holder: int, colour: Sequence[float]) -> None:
    """The mesh, bound to the bones as they rest."""
    if person.vertices is None or person.faces is None or person.skin is None:
        return
    buffer, skin = file.buffer, person.skin
    positions = _float32_array(person.vertices)
    low, high = positions.min(0).tolist(), positions.max(0).tolist()
    joints = torch.zeros(len(skin), 4, dtype=torch.int64)
    weights = torch.zeros(len(skin), 4, dtype=torch.float64)
    joints[:, : skin.joints.shape[1]], weights[:, : skin.joints.shape[1]] = skin.joints, skin.weights
    joints = torch.where(weights > 0, joints, 0)
    normals = vertex_normals(person.vertices, person.faces)
    attributes = {
        "POSITION": buffer.add(positions, FLOAT, "VEC3", VERTEX_DATA, min=low, max=high),
        "NORMAL": buffer.add(_float32_array(normals), FLOAT, "VEC3", VERTEX_DATA),
        "JOINTS_0": buffer.add(joints.numpy().astype(numpy.uint16), UNSIGNED_SHORT, "VEC4", VERTEX_DATA),
        "WEIGHTS_0": buffer.add(_float32_array(weights), FLOAT, "VEC4", VERTEX_DATA),
    }
    faces = buffer.add(person.faces.numpy().astype(numpy.uint32), UNSIGNED_INT, "SCALAR", INDEX_DATA)
    surface = {"baseColorFactor": [*colour, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.8}
    file.materials.append({"name": person.name, "pbrMetallicRoughness": surface, "doubleSided": False})
    primitive = {"attributes": attributes, "indices": faces, "mode": 4, "material": len(file.materials) - 1}
    file.meshes.append({"name": person.name, "primitives": [primitive]})
    # glTF counts a matrix's numbers column after column
    binds = _float32_array(torch.linalg.inv(person.rest).transpose(-1, -2))
    file.skins.append({"joints": numbers, "inverseBindMatrices": buffer.add(binds, FLOAT, "MAT4"), "skeleton": holder})
    mesh = file.node(name=f"{person.name} mesh", mesh=len(file.meshes) - 1, skin=len(file.skins) - 1)
    file.nodes[holder]["children"].append(mesh)


def _write_scene(file: _File, scene: Layout) -> None:
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    textured = scene.texture_and_uvs()
    if textured is not None:
        surface["baseColorTexture"] = {"index": 0}
        file.more |= texture_parts(textured[0])
    primitive = add_primitive(scene, file.buffer) | {"material": len(file.materials)}
    file.materials.append({"name": "scene", "pbrMetallicRoughness": surface, "doubleSided": True})
    file.meshes.append({"name": "scene", "primitives": [primitive]})
    file.root(name="scene", mesh=len(file.meshes) - 1)


def _write_camera(file: _File, camera: CameraTrack) -> None:
    poses = camera.poses_in("opengl")
    turns, places = continuous(quaternion_xyzw(poses[:, :3, :3])), poses[:, :3, 3]
    file.cameras.append(perspective_camera(float(camera.fov_y[0]), camera.aspect, 0.05, 1000.0))
    node = file.root(name="camera", camera=0, translation=_list(places[0]), rotation=_list(turns[0]))
    if len(turns) > 1:
        times = file.times(torch.arange(len(turns)), camera.fps)
        file.key(node, "rotation", times, turns)
        file.key(node, "translation", times, places)


def _humanoid(people: Sequence[Performance], numbers: Sequence[list[int]]) -> dict[str, Any]:
    """VRM's table of the first person's bones, which makes the file a VRM animation too."""
    named = people[0].humanoid if people else {}
    if not named:
        return {}
    table = {name: {"node": numbers[0][bone]} for name, bone in named.items()}
    animation = {"specVersion": "1.0", "humanoid": {"humanBones": table}}
    return {"extensionsUsed": ["VRMC_vrm_animation"], "extensions": {"VRMC_vrm_animation": animation}}


def write_animated_glb(
    people: Sequence[Performance],
    file: BinaryIO,
    *,
    note: dict[str, Any],
    scene: Layout | None = None,
    camera: CameraTrack | None = None,
) -> None:
    """People with skeletons, skins and keyframes, in glTF axes and metres, with a scene and the camera where they are given.

    Bones rest as `Performance.rest` says and a mesh is bound to them there. A person who is away from some frames shrinks to
    nothing in them. `note` says in asset.extras what the numbers mean and names the generator.
    """
    parts = _File()
    if scene is not None:
        _write_scene(parts, scene)
    numbers = []
    for i, person in enumerate(people):
        bones, holder = _bones(parts, person)
        light = linear_from_srgb(torch.tensor(person_colour(i)))
        _skin(parts, person, bones, holder, [round(float(value), 4) for value in light])
        _keyframes(parts, person, bones, holder)
        numbers.append(bones)
    if camera is not None:
        _write_camera(parts, camera)
    lists = {
        "meshes": parts.meshes,
        "skins": parts.skins,
        "materials": parts.materials,
        "cameras": parts.cameras,
    }
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": note["generator"], "extras": note},
        "scene": 0,
        "scenes": [{"nodes": parts.roots}],
        "nodes": parts.nodes,
        **{name: values for name, values in lists.items() if values},
        **(
            {"animations": [{"name": "clip", "channels": parts.channels, "samplers": parts.samplers}]}
            if parts.channels
            else {}
        ),
        **parts.buffer.described(),
        **parts.more,
        **_humanoid(people, numbers),
    }
    write_container(gltf, parts.buffer, file)

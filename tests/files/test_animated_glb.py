"""A GLB of people: read by pygltflib its skin, skeleton and keyframes give every body back, beside a scene and a camera."""

import io
import json
import struct

import closed_form
import numpy
import pytest
import torch
from posed_people import largest, real_people, upright, walkers, without

from sam3d_geometry.bodies.level_frame import HALF_TURN
from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.rotation_maths import rotation_from_xyzw
from sam3d_geometry.files import layout
from sam3d_geometry.files.animated_glb import write_animated_glb
from sam3d_geometry.files.camera_track import CameraTrack
from sam3d_geometry.shapes.surface import surface_from_pointmap

NOTE = {"generator": "test"}
COMPONENTS = {5126: numpy.float32, 5123: numpy.uint16, 5125: numpy.uint32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def written(performances, **more):
    file = io.BytesIO()
    write_animated_glb(performances, file, note=NOTE, **more)
    return file.getvalue()


def parts(data):
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


class Reader:
    """glTF's own way from keyframes to skinned vertices, apart from the writer."""

    def __init__(self, data):
        self.gltf, self.binary = parts(data)

    def array(self, number):
        accessor = self.gltf["accessors"][number]
        view = self.gltf["bufferViews"][accessor["bufferView"]]
        kind, width = COMPONENTS[accessor["componentType"]], WIDTHS[accessor["type"]]
        values = numpy.frombuffer(self.binary, kind, accessor["count"] * width, view["byteOffset"])
        return values.reshape(accessor["count"], width) if width > 1 else values

    def local(self, key):
        """(nodes, 4, 4) of the nodes at the keyframe with this number."""
        poses = {i: dict(node) for i, node in enumerate(self.gltf["nodes"])}
        animation = self.gltf["animations"][0]
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            values = self.array(sampler["output"])
            if key < len(values):
                poses[channel["target"]["node"]][channel["target"]["path"]] = values[key]
        result = []
        for node in poses.values():
            matrix = numpy.eye(4)
            turn = rotation_from_xyzw(
                torch.tensor(numpy.array(node.get("rotation", [0, 0, 0, 1.0])), dtype=torch.float64)
            )
            matrix[:3, :3] = turn.numpy() * numpy.array(node.get("scale", [1, 1, 1]))
            matrix[:3, 3] = node.get("translation", [0, 0, 0])
            result.append(matrix)
        return result

    def world(self, key):
        local, found = self.local(key), {}
        parents = {child: i for i, node in enumerate(self.gltf["nodes"]) for child in node.get("children", [])}

        def of(node):
            if node not in found:
                found[node] = (of(parents[node]) if node in parents else numpy.eye(4)) @ local[node]
            return found[node]

        return [of(i) for i in range(len(local))]

    def skinned(self, key, skin=0):
        gltf, world = self.gltf, self.world(key)
        node = next(n for n in gltf["nodes"] if n.get("skin") == skin)
        attributes = gltf["meshes"][node["mesh"]]["primitives"][0]["attributes"]
        positions, joints, weights = (self.array(attributes[k]) for k in ("POSITION", "JOINTS_0", "WEIGHTS_0"))
        binds = self.array(gltf["skins"][skin]["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        moves = numpy.stack([world[joint] for joint in gltf["skins"][skin]["joints"]]) @ binds
        blend = (moves[joints] * weights[..., None, None]).sum(1)
        return numpy.einsum("vab,vb->va", blend[:, :3, :3], positions) + blend[:, :3, 3]


@pytest.mark.parametrize("name", ["mhr", "vrm", "unreal"])
def test_skinned_vertices_are_the_person_within_a_millimetre(name):
    people = walkers()
    performances = [perform(people, person, Settings(names=name)) for person in range(2)]
    reader = Reader(written([made for made, _ in performances]))
    for person, (_, facts) in enumerate(performances):
        frame = facts.exact_frame
        assert largest(reader.skinned(frame, person) - upright(people, frame, person)) < 1e-3


def test_of_real_people_the_exact_frame_is_exact():
    people = real_people()
    reader = Reader(written([perform(people, person, Settings(names="mixamo"))[0] for person in range(4)]))
    for person in range(4):
        assert largest(reader.skinned(0, person) - upright(people, 0, person)) < 1e-3


def test_every_bone_is_where_it_was_in_every_frame():
    made, _ = perform(walkers(), 0, Settings(names="rigify"))
    reader = Reader(written([made]))
    numbers = reader.gltf["skins"][0]["joints"]
    for frame in range(6):
        world = reader.world(frame)
        places = numpy.stack([world[number][:3, 3] for number in numbers])
        assert largest(places - made.places[frame].numpy()) < 1e-5
    assert [reader.gltf["nodes"][number]["name"] for number in numbers] == list(made.bones)


def test_another_reader_takes_it():
    pygltflib = pytest.importorskip("pygltflib", reason="pygltflib, which reads GLB files, is not installed")
    made, _ = perform(walkers(), 0, Settings(names="mixamo"))
    found = pygltflib.GLTF2.load_from_bytes(written([made]))
    assert len(found.skins[0].joints) == len(made.bones) == 63
    assert found.meshes[0].primitives[0].attributes.WEIGHTS_0 is not None
    assert found.accessors[found.animations[0].samplers[0].input].max == pytest.approx([5 / 30])


@pytest.mark.parametrize(("name", "fps"), [("mhr", 23.976), ("mixamo", 29.97), ("unreal", 24.0), ("rigify", 60.0)])
def test_quaternions_do_not_change_their_sign_and_keyframes_lie_on_frames(name, fps):
    people = without(walkers(20), 1, [4, 5])  # this one turns more than once about himself
    made, _ = perform(people, 1, Settings(names=name, fps=fps))
    reader = Reader(written([made]))
    animation = reader.gltf["animations"][0]
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        frames = reader.array(sampler["input"]) * fps
        assert largest(frames - frames.round()) < 1e-3 and (numpy.diff(frames) > 0.5).all()
        if channel["target"]["path"] == "rotation":
            turns = reader.array(sampler["output"])
            assert ((turns[1:] * turns[:-1]).sum(1) > 0).all() and largest(numpy.linalg.norm(turns, axis=1) - 1) < 1e-5


@pytest.mark.parametrize("name", ["mixamo", "vrm"])
def test_a_clip_of_one_frame_is_the_person(name):
    people = walkers(1)
    made, _ = perform(people, 0, Settings(names=name))
    assert largest(Reader(written([made])).skinned(0, 0) - upright(people, 0, 0)) < 1e-3


def test_a_person_who_is_away_shrinks_to_nothing():
    people = without(walkers(), 1, [0, 3])
    made, _ = perform(people, 1, Settings())
    reader = Reader(written([made]))
    scales = [c for c in reader.gltf["animations"][0]["channels"] if c["target"]["path"] == "scale"]
    sampler = reader.gltf["animations"][0]["samplers"][scales[0]["sampler"]]
    assert sampler["interpolation"] == "STEP" and len(scales) == 1
    assert reader.array(sampler["output"])[:, 0].tolist() == [0, 1, 1, 0, 1, 1]


def test_a_scene_and_a_camera_go_along():
    pointmap = closed_form.pointmap(closed_form.sphere(30, 40)[0], metric=True)
    mesh = surface_from_pointmap(pointmap)
    poses = torch.eye(4, dtype=torch.float64).repeat(6, 1, 1)
    poses[:, 0, 3] = torch.arange(6) * 0.1
    lens = torch.tensor([[0.375, 0, 0.5], [0, 0.5, 0.5], [0, 0, 1]], dtype=torch.float64) / torch.tan(torch.tensor(0.4))
    camera = CameraTrack(world_from_camera=poses, intrinsics=lens.expand(6, 3, 3), size=(3, 4), fps=30.0)
    made, _ = perform(walkers(), 0, Settings())
    reader = Reader(written([made], scene=layout(mesh), camera=camera))
    gltf = reader.gltf
    node = next(node for node in gltf["nodes"] if node.get("name") == "scene")
    primitive = gltf["meshes"][node["mesh"]]["primitives"][0]
    assert (
        largest(reader.array(primitive["attributes"]["POSITION"]) - (mesh.vertices.double() @ HALF_TURN).numpy()) < 1e-5
    )
    material = gltf["materials"][primitive["material"]]
    assert material["pbrMetallicRoughness"]["baseColorTexture"] == {"index": 0} and len(gltf["images"]) == 1
    seen = next(i for i, node in enumerate(gltf["nodes"]) if "camera" in node)
    assert reader.world(4)[seen][0, 3] == pytest.approx(0.4)
    assert gltf["cameras"][0]["perspective"]["yfov"] == pytest.approx(0.8)


def test_vrm_names_make_a_vrm_animation():
    made, _ = perform(walkers(), 0, Settings(names="vrm"))
    gltf, _ = parts(written([made]))
    table = gltf["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]
    assert gltf["nodes"][table["leftUpperArm"]["node"]]["name"] == "leftUpperArm"
    assert "extensions" not in parts(written([perform(walkers(), 0, Settings(names="mixamo"))[0]]))[0]

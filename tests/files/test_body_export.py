"""People saved for other programs: which files there are, that they hold the people in the world asked for, and what is refused."""

import io
import json
from dataclasses import replace
from pathlib import Path

import closed_form
import numpy
import pytest
import torch
import trimesh
from posed_people import largest, upright, walkers, without

from sam3d_geometry.bodies.world import world_of
from sam3d_geometry.files.body_export import BODY_FORMATS, BodyExport, export_bodies
from sam3d_geometry.files.body_file import read_bodies
from sam3d_geometry.files.whole_files import write_files
from sam3d_geometry.geometry.axes import convert_points, target_from_source

BASE = Path("people_00001_")


def content(bodies, export, suffix, **more):
    writers = export_bodies(bodies, BASE, export, **more).writers
    file = io.BytesIO()
    writers[BASE.with_name(BASE.name + suffix)](file)
    return file.getvalue()


@pytest.mark.parametrize("file_format", BODY_FORMATS)
def test_every_format_is_written_whole(tmp_path, file_format):
    people = walkers(3)
    steps = []
    saved = export_bodies(
        people, tmp_path / "people", BodyExport(file_format=file_format), on_progress=lambda *at: steps.append(at)
    )
    paths = write_files(saved.writers)
    assert len(paths) == {"bvh": 2, "obj": 3, "ply": 3}.get(file_format, 1)
    assert all(path.stat().st_size > 1000 and path.suffix == f".{file_format}" for path in paths)
    assert "2 people, 3 frames" in saved.report
    assert steps == ([(1, 2), (2, 2)] if file_format in ("glb", "bvh", "json") else [])


def test_a_failure_leaves_nothing(tmp_path):
    people = walkers(3)
    writers = dict(export_bodies(people, tmp_path / "people", BodyExport(file_format="ply")).writers)

    def fails(file):
        raise OSError("the disk is full")

    writers[tmp_path / "people_last.ply"] = fails
    with pytest.raises(OSError, match="full"):
        write_files(writers)
    assert list(tmp_path.iterdir()) == []


def test_npz_is_read_back_as_it_was(tmp_path):
    people = walkers(3)
    (path,) = write_files(export_bodies(people, tmp_path / "people", BodyExport(file_format="npz")).writers)
    again = read_bodies([path])
    assert torch.equal(again.vertices, people.vertices) and torch.equal(again.faces, people.faces)


@pytest.mark.parametrize("axes", ["gltf", "blender", "unreal", "unity"])
def test_json_has_places_and_rotations_that_fit_each_other_in_every_axes(axes):
    export = BodyExport(file_format="json", world="camera", axes=axes, bone_names="mixamo")
    found = json.loads(content(walkers(3), export, ".json"))
    person = found["people"][0]
    frame = {"gltf": "opengl"}.get(axes, axes)
    gltf = json.loads(content(walkers(3), replace(export, axes="gltf"), ".json"))["people"][0]
    wanted = convert_points(torch.tensor(gltf["global_positions"], dtype=torch.float64), frame, "opengl")
    assert largest(torch.tensor(person["global_positions"]) - wanted) < (1e-3 if axes == "unreal" else 1e-5)
    # the local rotations and positions, put together by the parents, are the global ones
    from sam3d_geometry.bodies.rotation_maths import rotation_from_xyzw

    local, everywhere = (
        rotation_from_xyzw(torch.tensor(person[f"{of}_quaternions_xyzw"], dtype=torch.float64))
        for of in ("local", "global")
    )
    places = torch.tensor(person["local_positions"], dtype=torch.float64)
    goal = torch.tensor(person["global_positions"], dtype=torch.float64)
    for bone, parent in enumerate(person["parents"]):
        if parent >= 0:
            assert largest(everywhere[:, parent] @ local[:, bone] - everywhere[:, bone]) < 1e-4
            moved = goal[:, parent] + torch.einsum("nab,nb->na", everywhere[:, parent], places[:, bone])
            assert largest(moved - goal[:, bone]) < (0.02 if axes == "unreal" else 2e-4)
    up = {"gltf": 1, "blender": 2, "unreal": 2, "unity": 1}[axes]
    head, toe = (person["bones"].index(f"mixamorig:{bone}") for bone in ("Head", "LeftToeBase"))
    assert (goal[:, head] - goal[:, toe])[:, up].min() > 0.5
    assert ("left" in found["axes"]) == (torch.det(target_from_source(frame, "opengl")) < 0)


def test_angles_in_json_are_the_quaternions():
    from scipy.spatial.transform import Rotation

    person = json.loads(content(walkers(3), BodyExport(file_format="json"), ".json"))["people"][1]
    angles = Rotation.from_euler("ZXY", numpy.array(person["local_euler_zxy_degrees"]).reshape(-1, 3), degrees=True)
    turns = Rotation.from_quat(numpy.array(person["local_quaternions_xyzw"]).reshape(-1, 4))
    assert (angles.inv() * turns).magnitude().max() < 1e-4


def test_meshes_are_the_people_of_each_frame(tmp_path):
    people = without(walkers(3), 1, [1])
    export = BodyExport(file_format="ply", world="camera")
    paths = write_files(export_bodies(people, tmp_path / "people", export).writers)
    meshes = [trimesh.load(path, process=False) for path in paths]
    assert [len(mesh.vertices) // people.vertex_count for mesh in meshes] == [2, 1, 2]
    assert largest(meshes[1].vertices - upright(people, 1, 0)) < 1e-5
    assert meshes[0].volume > 0


def test_a_level_world_has_its_floor_at_nought(tmp_path):
    people = walkers(3)
    _, said = world_of(people, None, "level")
    assert "camera taken as level" in said
    paths = write_files(export_bodies(people, tmp_path / "people", BodyExport(file_format="obj")).writers)
    lowest = min(trimesh.load(path, process=False).vertices[:, 1].min() for path in paths)
    assert lowest == pytest.approx(0, abs=1e-5)
    spot = BodyExport(file_format="obj", world="in place")
    paths = write_files(export_bodies(people, tmp_path / "spot", spot).writers)
    middles = [trimesh.load(path, process=False).vertices[: people.vertex_count, [0, 2]].mean(0) for path in paths]
    assert numpy.abs(middles).max() < 0.15  # both people stand over the origin


def test_a_scene_and_a_camera_go_into_one_world():
    people = walkers(3)
    depth = closed_form.plane(48, 64, 0.0, distance=6.0)[0].expand(3, -1, -1)
    pointmap = closed_form.pointmap(depth.float(), metric=True)
    tilt = torch.eye(4, dtype=torch.float64)
    tilt[1, 3] = -1.2
    people = replace(people, world_from_camera=tilt.expand(3, 4, 4).clone())
    data = content(people, BodyExport(scene="whole"), ".glb", pointmap=pointmap)
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    camera = next(name for name in scene.graph.nodes if name.startswith("camera"))
    assert "scene" in scene.graph.nodes
    assert scene.graph[camera][0][1, 3] == pytest.approx(1.2)  # the camera's height above the floor


def test_what_does_not_fit_is_said_in_a_sentence():
    people = walkers(2)
    with pytest.raises(ValueError, match="choose one of glb, bvh"):
        BodyExport(file_format="fbx")
    with pytest.raises(ValueError, match="leave the scene out"):
        BodyExport(scene="whole", world="in place")
    with pytest.raises(ValueError, match="without a pointmap"):
        export_bodies(people, BASE, BodyExport(scene="whole"))
    with pytest.raises(ValueError, match="World came as 'moon'"):
        export_bodies(people, BASE, BodyExport(world="moon"))
    unscaled = closed_form.pointmap(closed_form.plane(48, 64, 0.0, distance=6.0)[0].float())
    with pytest.raises(ValueError, match="no meters"):
        export_bodies(people, BASE, BodyExport(scene="whole", world="camera"), pointmap=unscaled)
    with pytest.raises(ValueError, match="has 3 frames and the people 2"):
        export_bodies(
            people, BASE, BodyExport(), pointmap=closed_form.pointmap(unscaled.points[..., 2].expand(3, -1, -1))
        )
    with pytest.raises(ValueError, match="Rest pose came as 'B'; choose one of auto, a pose, t pose"):
        BodyExport(rest_pose="B")
    with pytest.raises(ValueError, match="leg length as -1"):
        BodyExport(leg_length_m=-1)


def test_a_bvh_tells_when_it_begins_and_where_it_holds_a_pose():
    people = without(without(walkers(6), 1, [0, 1, 4]), 0, [5])
    report = export_bodies(people, BASE, BodyExport(file_format="bvh")).report.splitlines()
    late = next(line for line in report if line.startswith("person_1"))
    assert "begins with frame 2 of the clip; the pose held for 1 frame without" in late
    assert not any("begins" in line for line in report if line.startswith("person_0"))

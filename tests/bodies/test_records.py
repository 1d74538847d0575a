"""People as lists of dictionaries: there and back, with persons that come and go, and one sentence for what is wrong."""

import numpy
import pytest
import torch
from people import FOCAL, SIZE, two_people

from sam3d_geometry.bodies.records import bodies_from_records, camera_from_keypoints, faults_of, record_of


def records(frames=1):
    people = two_people(frames)
    listed = [[record_of(people, t, p) for p in people.here(t)] for t in range(frames)]
    for record in (record for persons in listed for record in persons):
        del record["track_id"]
    return listed, people


def test_there_and_back_is_the_same():
    listed, people = records(3)
    again = bodies_from_records(listed, faces=people.faces, image_size=SIZE)
    for name in (
        "vertices",
        "joints",
        "keypoints",
        "keypoints_2d",
        "translations",
        "focal",
        "rotations",
        "boxes",
        "present",
    ):
        assert torch.equal(getattr(again, name), getattr(people, name)), name
    assert torch.equal(again.parameters["global_rot"], people.parameters["global_rot"])


def test_tensors_arrays_and_plain_lists_are_read_alike():
    listed, people = records()
    person = {key: value.tolist() for key, value in listed[0][0].items()}
    other = {key: torch.from_numpy(numpy.asarray(value)) for key, value in listed[0][1].items()}
    again = bodies_from_records([[person, other]], image_size=SIZE)
    assert torch.allclose(again.vertices, people.vertices, atol=1e-6) and again.faces is None


def test_the_camera_is_found_from_the_keypoints_where_it_is_not_told():
    listed, _ = records(2)
    for record in (record for persons in listed for record in persons):
        del record["focal_length"]
    again = bodies_from_records(listed)
    assert again.image_size == SIZE
    assert torch.allclose(again.focal, torch.full((2, 2), FOCAL), rtol=1e-4)


def test_keypoints_of_no_camera_are_refused():
    generator = numpy.random.default_rng(0)
    points = generator.normal(loc=(0, 0, 5), size=(70, 3))
    with pytest.raises(ValueError, match="fit no camera"):
        camera_from_keypoints(points, generator.uniform(0, 600, (70, 2)))


def test_persons_come_and_go_by_their_place_in_the_list():
    listed, people = records(4)
    listed[1], listed[2] = [], listed[2][:1]
    again = bodies_from_records(listed, image_size=SIZE)
    assert again.present.tolist() == [[True, True], [False, False], [True, False], [True, True]]
    assert not again.vertices[1].any() and torch.equal(again.vertices[2, 0], people.vertices[2, 0])


def test_persons_keep_their_track_when_the_list_shifts():
    listed, people = records(2)
    for persons in listed:
        for number, record in enumerate(persons):
            record["track_id"] = 7 + 2 * number
    listed[1] = listed[1][1:]
    again = bodies_from_records(listed, image_size=SIZE)
    assert again.track_ids.tolist() == [7, 9] and again.present.tolist() == [[True, True], [False, True]]
    assert torch.equal(again.vertices[1, 1], people.vertices[1, 1])
    listed[0][1]["track_id"] = 7
    with pytest.raises(ValueError, match="same track_id"):
        bodies_from_records(listed, image_size=SIZE)


def test_masks_come_in_both_of_their_shapes():
    listed, _ = records()
    listed[0][0]["mask"] = torch.ones(*SIZE, 1, dtype=torch.uint8)
    listed[0][1]["mask"] = numpy.zeros(SIZE, dtype=bool)
    again = bodies_from_records(listed, image_size=SIZE)
    assert [tuple(mask.shape) for mask in again.masks[0]] == [SIZE, SIZE]


def broken(key, value, person=1):
    listed, _ = records(2)
    if value is None:
        del listed[1][person][key]
    else:
        listed[1][person][key] = value
    return listed


def not_numbers(shape):
    array = numpy.zeros(shape, dtype=numpy.float32)
    array[0] = numpy.nan
    return array


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        (broken("pred_cam_t", None), r"pred_cam_t of person 1 of frame 1 is missing"),
        (
            broken("pred_vertices", numpy.zeros((7, 3))),
            r"pred_vertices of person 1 of frame 1 came as \(7, 3\); \(2058, 3\)",
        ),
        (broken("pred_keypoints_3d", numpy.zeros((308, 3))), r"came as \(308, 3\); \(70, 3\) is needed"),
        (broken("pred_vertices", "vertices.npy"), "came as vertices.npy, and numbers are needed"),
        (
            broken("pred_joint_coords", not_numbers((127, 3))),
            "pred_joint_coords of person 1 of frame 1 has values that are no",
        ),
        (broken("pred_cam_t", numpy.array([0, 0, -3.0])), "puts it -3 m in front of the camera"),
        (broken("body_pose_params", numpy.zeros(130)), r"body_pose_params .* \(130,\); \(133,\)"),
        ([[], []], "nobody in any of the 2 frames"),
        ([["a person"]], "Person 0 of frame 0 came as str"),
    ],
)
def test_what_is_wrong_is_named_in_a_sentence(frames, sentence):
    with pytest.raises(ValueError, match=sentence):
        bodies_from_records(frames, image_size=SIZE)


def test_persons_with_faults_can_be_left_out():
    listed = broken("pred_joint_coords", not_numbers((127, 3)))
    faults = faults_of(listed)
    assert [(fault.frame, fault.person, fault.key) for fault in faults] == [(1, 1, "pred_joint_coords")]
    assert bodies_from_records(listed, image_size=SIZE, without=faults).present.tolist() == [
        [True, True],
        [True, False],
    ]


@pytest.mark.parametrize("size", [(480,), (480.5, 640), (0, 640), (float("nan"), 640), ("a", "b")])
def test_a_picture_size_that_is_none_is_refused(size):
    listed, _ = records()
    with pytest.raises(ValueError, match=r"image_size came as \S"):
        bodies_from_records(listed, image_size=size)


def test_track_ids_are_whole_numbers_of_any_size():
    people = two_people()
    first, second = (record_of(people, 0, p) for p in range(2))
    found = bodies_from_records(
        [[first | {"track_id": (1 << 40) + 1}, second | {"track_id": numpy.array([1 << 40])}]], image_size=SIZE
    )
    assert found.track_ids.tolist() == [1 << 40, (1 << 40) + 1]
    for wrong in ("x", [1, 2], float("nan"), None):
        with pytest.raises(ValueError, match="track_id came as .*, and one whole number is needed"):
            bodies_from_records([[first | {"track_id": wrong}]], image_size=SIZE)

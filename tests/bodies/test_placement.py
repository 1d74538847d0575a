"""People on the pointmap: true sizes and places come back, the picture stands still, and what cannot be is said."""

import math
from dataclasses import replace

import pytest
import torch
from people import FLOOR, room_with, seen_as, standing, two_people

from sam3d_geometry.bodies.mannequin import mannequins
from sam3d_geometry.bodies.placement import ADULT_SIZE, KNOWN_HEIGHT, POINTMAP_CAMERA, SCENE_SIZE, Placing, place_bodies
from sam3d_geometry.bodies.size import statures
from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from sam3d_geometry.geometry.transform import scale_pointmap, with_fov_x


def clothes(placed, truth):
    """How much larger people come out because a mannequin has no clothes on: 1.5 cm over its distance, at most."""
    return 1 + 0.017 / truth.translations[..., 2].amin()


@pytest.mark.parametrize("contact", [True, False])
def test_a_metric_scene_gives_everybody_their_size_and_place(contact):
    truth = two_people(2)
    wrong = seen_as(truth, [[1.4, 0.8], [1.35, 0.82]])
    placed = place_bodies(wrong, room_with(truth, noise=0.02), Placing(ground_contact=contact))
    assert placed.size_from == SCENE_SIZE and placed.scene_scale == 1
    ratio = placed.bodies.translations[..., 2] / truth.translations[..., 2]
    assert torch.allclose(statures(placed.bodies), statures(truth), rtol=0.005)
    assert float((ratio - 1).abs().max()) < 0.005
    for name in ("vertices", "keypoints", "joints"):
        before, after = wrong.projected(getattr(wrong, name)), placed.bodies.projected(getattr(placed.bodies, name))
        assert float((before - after).abs().max()) < 2e-3


def test_a_child_that_was_taken_for_a_far_adult_comes_near():
    truth = standing((-0.6, 3.5), (0.6, 3.2), sizes=[1.0, 0.6])
    wrong = seen_as(truth, [[1.0, 1 / 0.6]])
    placed = place_bodies(wrong, room_with(truth))
    assert float(placed.bodies.sizes[0, 1]) == pytest.approx(0.6, rel=0.006)
    assert "A child" in placed.people[1].describe() and "A child" not in placed.people[0].describe()


def test_adults_give_a_scene_without_unit_its_metres_and_children_their_size_from_it():
    truth = standing((-0.9, 4.0), (0.9, 4.2), (0.1, 3.2), sizes=[1.0, 1.0, 0.6])
    wrong = seen_as(truth, [[1.0, 1.0, 1 / 0.6]])
    pointmap = replace(scale_pointmap(room_with(truth), 0.37), metric=False)
    placed = place_bodies(wrong, pointmap)
    assert placed.size_from == ADULT_SIZE and placed.pointmap.metric
    assert placed.scene_scale == pytest.approx(1 / 0.37, rel=0.006)
    assert torch.allclose(placed.bodies.sizes[0], torch.tensor([1.0, 1.0, 0.6]), rtol=0.01)


def test_a_known_height_gives_the_scene_and_everybody_else_their_metres():
    truth = standing((-0.6, 4.0), (0.6, 4.2))
    pointmap = replace(scale_pointmap(room_with(truth), 3.0), metric=False)
    placed = place_bodies(
        seen_as(truth, [[1.3, 0.9]]), pointmap, Placing(size_from=KNOWN_HEIGHT, height_m=1.9, person=1)
    )
    assert torch.allclose(statures(placed.bodies)[0], torch.tensor(1.9), rtol=0.01)
    assert placed.scene_scale == pytest.approx(1.9 / float(statures(truth)[0, 1]) / 3.0, rel=0.01)


@pytest.mark.parametrize(
    "places",
    [((0.0, 4.0), (0.12, 4.3)), ((-0.1, 3.2), (0.15, 4.0), (0.4, 4.8)), ((-2.2, 4.0), (1.6, 3.0))],
    ids=["one before the other", "three in a row", "cut off by the picture"],
)
def test_people_who_hide_one_another_or_leave_the_picture_are_placed(places):
    truth = standing(*places)
    wrong = seen_as(truth, [[1.25, 0.8, 1.4][: len(places)]])
    placed = place_bodies(wrong, room_with(truth, size=(240, 320), noise=0.01))
    assert torch.allclose(statures(placed.bodies), statures(truth), rtol=0.007)
    assert all(abs(person.ground_gap_cm) < 2 for person in placed.people)


def test_one_size_over_the_clip_whatever_the_frames_say():
    truth = two_people(5)
    factors = torch.tensor([1.0, 1.05, 0.96, 1.02, 0.9])[:, None].expand(5, 2)
    placed = place_bodies(seen_as(truth, factors), room_with(truth))
    found = statures(placed.bodies)
    assert float((found / found[:1] - 1).abs().max()) < 1e-5
    assert torch.allclose(found, statures(truth), rtol=0.01)


def test_who_comes_and_goes_is_placed_where_he_is():
    truth = two_people(3)
    present = torch.tensor([[True, True], [False, False], [True, False]])
    for name in ("vertices", "joints", "keypoints", "translations", "focal", "sizes"):
        value = getattr(truth, name)
        truth = replace(truth, **{name: value * present.reshape(3, 2, *[1] * (value.dim() - 2))})
    truth = replace(truth, present=present)
    placed = place_bodies(truth.scaled(torch.where(present, 1.2, 1.0)), room_with(truth))
    assert placed.bodies.present.equal(present) and not placed.bodies.vertices[1].any()
    assert torch.allclose(statures(placed.bodies)[present], statures(truth)[present], rtol=0.01)
    assert [person.frames for person in placed.people] == [2, 1]


def test_a_person_whom_the_pointmap_does_not_show_stays_as_he_came_and_is_told():
    truth = standing((-0.6, 4.0), (0.6, 4.2))
    pointmap = room_with(truth)
    pointmap = pointmap.masked((torch.arange(160) < 80)[None, None].expand(1, 120, 160))
    placed = place_bodies(seen_as(truth, [[1.2, 1.2]]), pointmap, Placing(ground_contact=False))
    assert float(placed.bodies.sizes[0, 1]) == 1 and "not seen on the pointmap" in placed.people[1].describe()
    assert float(placed.bodies.sizes[0, 0]) == pytest.approx(1 / 1.2, rel=0.01)


def test_a_mask_keeps_an_occluder_over_most_of_a_person_out():
    truth = standing((0.0, 4.0))
    pointmap = room_with(truth)
    cover = (torch.arange(120) > 42)[:, None] & (torch.arange(160) > 20)
    depth = torch.where(cover, torch.tensor(2.0), pointmap.depth[0])
    hidden = replace(pointmap, points=pointmap.points * (depth / pointmap.depth[0])[None, ..., None])
    wrong = seen_as(truth, [[1.3]])
    given = place_bodies(wrong, hidden, Placing(ground_contact=False), selection=(~cover)[None].float())
    assert float(given.bodies.sizes[0, 0]) == pytest.approx(1 / 1.3, rel=0.01)


def test_ground_under_the_feet_is_told_and_helps_only_where_it_agrees():
    truth = mannequins([[({}, (0.0, FLOOR - 0.3, 3.0), 1.0)]], focal=560.0, image_size=(480, 640))
    jumping = place_bodies(seen_as(truth, [[1.1]]), room_with(truth))
    assert jumping.people[0].ground_gap_cm == pytest.approx(30, abs=3)
    assert "gap is wide" in jumping.people[0].describe()
    assert float(jumping.bodies.sizes[0, 0]) == pytest.approx(1 / 1.1, rel=0.008)
    on_floor = place_bodies(two_people(), room_with(two_people()))
    assert abs(on_floor.people[0].ground_gap_cm) < 2
    assert on_floor.bodies.world_from_camera.shape == (1, 4, 4)


def test_cameras_that_differ_are_told_and_can_be_brought_together():
    truth = two_people()
    pointmap = with_fov_x(room_with(truth), 50.0)
    own = place_bodies(truth, pointmap, Placing(ground_contact=False))
    assert own.disagreement_degrees > 5 and "again with fov" in own.describe() and own.shift_pixels == 0
    moved = place_bodies(truth, pointmap, Placing(ground_contact=False, camera=POINTMAP_CAMERA))
    assert "moved into the pointmap's camera" in moved.describe() and 0 < moved.shift_pixels < 3
    seen = moved.bodies.points(0, 0).mean(0)
    row, column = 60, int(160 * (0.5 + float(pointmap.intrinsics[0, 0, 0]) * float(seen[0] / seen[2])))
    assert abs(float(pointmap.points[0, row, column, 0] - seen[0])) < 0.15


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_lens_that_the_pointmap_has_wrong_moves_neither_people_nor_the_ground_under_them(factor):
    truth = two_people()
    scene = room_with(truth)
    fov, _ = fov_degrees_from_intrinsics(scene.intrinsics)
    placed = place_bodies(seen_as(truth, [[1.2, 1.2]]), with_fov_x(scene, factor * float(fov)))
    assert all(abs(person.ground_gap_cm) < 2.5 for person in placed.people)
    assert torch.allclose(statures(placed.bodies), statures(truth), rtol=0.005)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda people, scene: (two_people(2), scene), "people are in 2 frames and the pointmap has 1"),
        (
            lambda people, scene: (people, replace(scene, source_size=(480, 480))),
            "640 x 480 pixels and the pointmap of one of 480",
        ),
        (lambda people, scene: (replace(people, faces=None), scene), r"estimator\.faces"),
    ],
)
def test_what_does_not_belong_together_is_refused(change, sentence):
    people = two_people()
    with pytest.raises(ValueError, match=sentence):
        place_bodies(*change(people, room_with(people)))


def test_settings_that_cannot_be_are_refused():
    people = two_people()
    loose = replace(room_with(people), metric=False)
    with pytest.raises(ValueError, match="distances in metres"):
        place_bodies(people, loose, Placing(size_from=SCENE_SIZE))
    with pytest.raises(ValueError, match="Person 7, whose height is known"):
        place_bodies(people, loose, Placing(size_from=KNOWN_HEIGHT, person=7))
    with pytest.raises(ValueError, match="Nobody is seen on the pointmap"):
        place_bodies(people, loose.masked(torch.zeros(1, 120, 160, dtype=torch.bool)), Placing(ground_contact=False))
    with pytest.raises(ValueError, match="height_m came as 17"):
        Placing(height_m=17.0)
    with pytest.raises(ValueError, match="size_from came as 'magic'"):
        Placing(size_from="magic")
    with pytest.raises(ValueError, match="selection has 3 frames"):
        place_bodies(people, room_with(people), selection=torch.ones(3, 120, 160))


def test_the_report_has_words_and_numbers():
    truth = two_people()
    placed = place_bodies(truth, room_with(truth))
    numbers = placed.numbers()
    assert math.isclose(numbers["people"][0]["factor"], float(placed.bodies.sizes[0, 0]), rel_tol=1e-6)
    assert len(placed.describe().splitlines()) == 5 and "m above the ground" in placed.describe()

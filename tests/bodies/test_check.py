"""Checks of people: fine ones pass every one, and each kind of fault is noticed by its own."""

from dataclasses import replace

import pytest
import torch
from people import FLOOR, SIZE, room_with, seen_as, standing, two_people

from sam3d_geometry.bodies.check import check_bodies, describe_bodies, mirrored, reprojection
from sam3d_geometry.bodies.placement import place_bodies
from sam3d_geometry.bodies.records import Fault
from sam3d_geometry.bodies.surface import raster_of
from sam3d_geometry.geometry.transform import scale_pointmap


def looks(report):
    return [line for line in report.splitlines() if line.startswith("look")]


def with_masks(people, swapped=False):
    """The people with masks of who is in front by their depths, or the other way round."""
    rasters = [raster_of(people, 0, p, SIZE) for p in (0, 1)]
    both = (rasters[0].face >= 0) & (rasters[1].face >= 0)
    first = (rasters[0].depth < rasters[1].depth) ^ swapped
    masks = (
        (rasters[0].face >= 0) & (~both | first),
        (rasters[1].face >= 0) & (~both | ~first),
    )
    return replace(people, masks=(masks,))


def test_people_in_their_places_pass_every_check():
    people = two_people(2)
    pointmap = room_with(people)
    report = check_bodies(place_bodies(people, pointmap).bodies, pointmap)
    assert len(report.splitlines()) == 8 and looks(report) == []


def test_keypoints_that_lie_elsewhere_in_the_picture_are_named_by_index():
    people = two_people()
    off = people.keypoints_2d.clone()
    off[0, 1, 7] += 40
    moved = replace(people, keypoints_2d=off)
    assert float(reprojection(moved)[0, 1, 7]) == pytest.approx(40 * 2**0.5, rel=1e-3)
    assert float(reprojection(moved)[0, 1, 8]) < 0.01
    assert "left-elbow" in check_bodies(moved)
    assert "keypoints" in looks(check_bodies(replace(people, keypoints_2d=people.keypoints_2d + 9)))[0]


def test_exchanged_sides_are_noticed_in_any_pose_and_turn():
    people = two_people()
    assert not mirrored(people).any()
    flip = torch.tensor([-1.0, 1.0, 1.0])
    other = replace(people, keypoints=people.keypoints * flip)
    assert bool(mirrored(other).all())
    assert any("exchanged" in line for line in looks(check_bodies(other)))


@pytest.mark.parametrize("swapped", [False, True])
def test_masks_tell_who_is_in_front(swapped):
    people = with_masks(standing((0.0, 4.5), (0.12, 3.5)), swapped)
    found = [line for line in looks(check_bodies(people)) if "farther away" in line]
    assert bool(found) == swapped


def test_floor_size_and_scene_are_looked_at():
    people = two_people()
    world = torch.eye(4, dtype=torch.float64)[None]
    world[:, 1, 3] = -FLOOR - 0.4
    assert any("41.8 cm above" in line for line in looks(check_bodies(replace(people, world_from_camera=world))))
    flickering = seen_as(two_people(2), [[1.0, 1.0], [1.1, 1.0]])
    assert any("changes by 10.0 %" in line for line in looks(check_bodies(flickering)))
    assert any(
        "person 0 19." in line
        for line in looks(check_bodies(people.scaled(torch.full((1, 2), 1.25)), room_with(people)))
    )
    assert any("statures" in line for line in looks(check_bodies(seen_as(people, [[2.0, 1.0]]))))
    assert "no meters" in check_bodies(people, replace(scale_pointmap(room_with(people), 2.0), metric=False))


def test_faults_are_told():
    report = check_bodies(two_people(), faults=[Fault(0, 1, "pred_cam_t")])
    assert looks(report) == [
        "look: pred_cam_t of person 1 in frame 0 has values that are no numbers; they count as absent there."
    ]


def test_people_are_described_in_lines():
    said = describe_bodies(two_people(3))
    assert said.startswith("2 people in 3 frames of 640 x 480 pixels; field of view 59.5 x 46.4 degrees.")
    assert "Person 1: in 3 of the frames, 1.79 m tall, 4.60 m in front of the camera." in said

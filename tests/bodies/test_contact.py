"""Where people stand: soles reach the floor that they were put on, and gaps are told in shares of the camera's height."""

import pytest
import torch
from people import FLOOR, room_with, standing, two_people

from sam3d_geometry.bodies.contact import Level, find_level, sole_depths, standing_gaps, standing_ratio
from sam3d_geometry.bodies.mannequin import mannequins

DOWN = torch.tensor([0.0, 1.0, 0.0])


def level(frames, height=FLOOR):
    return Level(torch.eye(3).repeat(frames, 1, 1), torch.full((frames,), height))


def test_soles_reach_the_floor_and_a_raised_foot_does_not():
    raised = {"r_upleg": (0.0, -60.0, 0.0), "r_lowleg": (0.0, 60.0, 0.0)}
    people = mannequins(
        [[({}, (0.0, FLOOR, 4.0), 1.0), (raised, (0.8, FLOOR, 4.0), 0.6)]], focal=500.0, image_size=(480, 640)
    )
    assert torch.allclose(sole_depths(people, 0, 0, DOWN), torch.full((2,), FLOOR), atol=0.01)
    left, right = sole_depths(people, 0, 1, DOWN)
    assert float(left) == pytest.approx(FLOOR, abs=0.01) and float(right) < FLOOR - 0.1


def test_gaps_are_told_against_the_cameras_height():
    people = standing((0.0, 4.0))
    assert float(standing_gaps(people, level(1), 0)[0]) == pytest.approx(1.0, abs=0.01)
    assert float(standing_gaps(people, level(1, 0.99), 0)[0]) == pytest.approx(1.1, abs=0.01)


def test_whoever_jumps_now_and_then_stands_where_he_is_lowest():
    up = [FLOOR, FLOOR, FLOOR - 0.3, FLOOR]
    people = mannequins([[({}, (0.0, y, 4.0), 1.0)] for y in up], focal=500.0, image_size=(480, 640))
    assert standing_ratio(standing_gaps(people, level(4), 0)) == pytest.approx(1.0, abs=0.01)
    assert standing_ratio(torch.zeros(0)) is None


def test_the_ground_of_a_room_is_found_and_where_none_is_seen_there_is_none():
    people = two_people(2)
    pointmap = room_with(people)
    found = find_level(pointmap)
    assert torch.allclose(found.camera_height, torch.full((2,), FLOOR), rtol=0.02)
    world = found.rigid()
    floor_point = torch.tensor([0.3, FLOOR, 3.0, 1.0], dtype=torch.float64)
    assert abs(float((world[1] @ floor_point)[1])) < 0.06
    upper = pointmap.masked((torch.arange(120) < 55)[None, :, None].expand(2, 120, 160))
    assert find_level(upper) is None

"""A floor faces straight up in the world, however the camera was held; a wall or a face is never taken for one."""

import math

import closed_form
import gravity_scenes
import gravity_traps
import pytest
import torch
from gravity_scenes import seen, true_up

from sam3d_geometry.geometry.gravity import DOUBTFUL, WORDS, Up, find_up, level_world, world_from_pitch_roll
from sam3d_geometry.geometry.pointmap import Pointmap

DOUBT = 0.6


def floor_seen_at(pitch, roll, height=120, width=160):
    """Depth of a level floor 1.5 below a camera that looks `pitch` degrees up and is rolled clockwise."""
    camera_from_world = world_from_pitch_roll(pitch, roll)[0].double().T
    up = camera_from_world @ torch.tensor([0.0, -1.0, 0.0], dtype=torch.float64)
    depth = -1.5 / (closed_form.rays(height, width) @ up)
    return torch.where((depth > 0) & (depth < 50), depth, 0)


def error(pointmap, pitch, roll, **how):
    """Degrees between the up that is found and the true one."""
    return float(closed_form.angles(-find_up(pointmap, **how).world_from_camera[0, 1], true_up(pitch, roll)))


def scene(name, pitch, roll, **how):
    return seen(getattr(gravity_scenes, name)(pitch), pitch, roll, **how)


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (-30, 0), (-20, 15), (10, -25), (-40, 5), (-60, 40), (-15, 60)])
def test_a_floor_gives_the_cameras_pitch_and_roll(pitch, roll):
    pointmap = closed_form.pointmap(floor_seen_at(pitch, roll))
    rotation = level_world(pointmap)
    expected = world_from_pitch_roll(pitch, roll)
    floor = torch.tensor([0.0, -1.0, 0.0])
    assert closed_form.angles(rotation.transpose(1, 2) @ floor, expected.transpose(1, 2) @ floor).max() < 0.5


@pytest.mark.parametrize("roll", [-45, 10])
@pytest.mark.parametrize(
    ("name", "pitch"),
    [
        ("floor_and_box", -80),
        ("floor_and_box", -46),
        ("table_top", -60),
        ("table_top", -30),
        ("living_room", -60),
        ("living_room", 0),
        ("street", 15),
        ("street", -30),
        ("stairs", -30),
        ("ramp", -15),
        ("ceiling", 46),
    ],
)
def test_up_is_right_within_1_degree_at_any_pitch_and_roll_where_floor_or_ceiling_is_seen(name, pitch, roll):
    assert error(scene(name, pitch, roll), pitch, roll) < 1


@pytest.mark.parametrize("how", [{"noise": 0.005}, {"soft": 1}, {"fov": 30.0}, {"fov": 95.0}], ids=str)
@pytest.mark.parametrize(("name", "pitch"), [("table_top", -46), ("living_room", -15), ("floor_and_box", -60)])
def test_noise_soft_edges_and_the_field_of_view_do_not_matter(name, pitch, how):
    assert error(scene(name, pitch, 10, **how), pitch, 10) < 1


@pytest.mark.parametrize("name", ["portrait", "frontal_wall"])
@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_a_face_or_a_wall_is_not_a_floor_and_a_level_camera_is_stated_with_a_doubt(name, noise):
    pointmap = scene(name, 0, 0, noise=noise)
    found = find_up(pointmap)
    assert error(pointmap, 0, 0) < 1
    assert float(found.confidence[0]) < DOUBT and found.word() in found.describe()


@pytest.mark.parametrize("pitch", [-15, -10, 10])
def test_a_camera_that_looks_up_or_down_at_a_portrait_is_levelled_by_its_wall(pitch):
    assert error(scene("portrait", pitch, 0), pitch, 0) < 1


@pytest.mark.parametrize(("pitch", "roll"), [(0, 25), (-15, -10), (10, 45)])
def test_upright_lines_of_the_picture_tell_the_roll_in_front_of_a_bare_wall(pitch, roll):
    striped = scene("wallpaper", pitch, roll, size=(240, 320))
    assert error(striped, pitch, roll) < 1.2 and float(find_up(striped).confidence[0]) > DOUBT
    blank = scene("wall", pitch, roll, size=(240, 320))
    assert float(find_up(blank).confidence[0]) < DOUBT


def test_two_walls_tell_where_up_is_without_a_floor():
    assert error(scene("corner", 15, 5), 15, 5) < 1


def test_a_passage_whose_walls_are_nearer_than_its_floor_is_not_turned_over():
    cells = [(pitch, roll) for pitch in (-20, 0, 20) for roll in (-45, -25, -10, 0, 10, 25, 45)]
    right = sure_and_wrong = 0
    for pitch, roll in cells:
        passage = seen(gravity_traps.corridor(pitch), pitch, roll)
        is_right = error(passage, pitch, roll) < 5
        right += is_right
        sure_and_wrong += not is_right and float(find_up(passage).confidence[0]) >= DOUBTFUL
    assert right >= 14 and sure_and_wrong <= 7  # of 21; some of these rolls nothing tells from another


def test_the_finding_is_surer_where_more_tells():
    room, wall = (float(find_up(scene(name, 0, 0)).confidence[0]) for name in ("living_room", "wall"))
    assert room > 0.9 > 0.6 > wall


def test_without_geometry_the_camera_is_level_and_that_is_a_guess():
    nothing = find_up(closed_form.pointmap(torch.zeros(2, 30, 40)))
    assert torch.allclose(nothing.world_from_camera, torch.eye(3).expand(2, 3, 3)) and nothing.word(1) == "a guess"


def test_the_rotation_is_proper_and_keeps_the_heading():
    rotation = level_world(closed_form.pointmap(floor_seen_at(-20, 15)))[0]
    assert torch.allclose(rotation @ rotation.T, torch.eye(3), atol=1e-5)
    assert torch.linalg.det(rotation) == pytest.approx(1, abs=1e-5)
    forward = rotation @ torch.tensor([0.0, 0.0, 1.0])
    assert forward[0].abs() < 1e-5 and forward[2] > 0


def test_one_rotation_serves_the_batch_or_each_frame_has_its_own():
    pointmap = closed_form.pointmap(torch.cat([floor_seen_at(-20, 0), floor_seen_at(-30, 0)]))
    shared, own = level_world(pointmap), level_world(pointmap, shared=False)
    assert torch.equal(shared[0], shared[1]) and not torch.allclose(own[0], own[1], atol=0.05)
    assert math.degrees(math.asin(own[1, 1, 2].abs())) == pytest.approx(30, abs=0.5)


def test_the_unit_of_length_does_not_matter():
    frame = scene("table_top", -46, 10)
    large = Pointmap(
        1000 * frame.points,
        frame.mask,
        frame.intrinsics,
        frame.image,
        normals=None,
        metric=False,
        source_size=frame.source_size,
    )
    assert torch.allclose(level_world(frame), level_world(large), atol=1e-4)


def test_the_networks_normals_are_used_where_there_are_any_and_they_are_asked_for():
    frame = closed_form.pointmap(floor_seen_at(-20, 0))
    told = true_up(-35, 10).float() * frame.mask[..., None]
    other = Pointmap(
        frame.points,
        frame.mask,
        frame.intrinsics,
        frame.image,
        normals=told,
        metric=True,
        source_size=frame.source_size,
    )
    assert error(other, -35, 10) < 0.5 and error(other, -20, 0, source="geometry") < 0.5


def test_looking_up_lifts_the_view_axis():
    forward = world_from_pitch_roll(30, 0)[0] @ torch.tensor([0.0, 0.0, 1.0])
    assert forward[1] == pytest.approx(-0.5, abs=1e-6)  # y is down


@pytest.mark.parametrize(("pitch", "roll"), [(30, 10), (-50, -20)])
def test_the_angles_are_those_of_the_camera(pitch, roll):
    up = Up(world_from_pitch_roll(pitch, roll), torch.tensor([0.9]))
    assert up.angles() == pytest.approx((pitch, roll), abs=1e-3)
    assert up.describe() == (
        f"camera looks {'up' if pitch > 0 else 'down'} by {abs(pitch)}.0 degrees, rolled by {roll}.0 "
        "(sure, confidence 0.90)"
    )


def test_there_is_a_word_for_every_confidence():
    words = [Up(torch.eye(3)[None], torch.tensor([c])).word() for c in (1.0, 0.79, 0.3, 0.0)]
    assert words == [word for _, word in WORDS]

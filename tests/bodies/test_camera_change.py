"""Another camera: people keep their shape and stay on their pixels; with the right camera they go to their true place."""

import torch
from people import room_with, two_people

from sam3d_geometry.bodies.camera_change import in_camera_of
from sam3d_geometry.geometry.transform import with_fov_x


def test_the_same_camera_moves_nobody():
    people = two_people(2)
    moved, shift = in_camera_of(people, room_with(people))
    assert torch.allclose(moved.translations, people.translations, atol=1e-3) and shift < 0.05


def test_a_longer_lens_puts_people_farther_and_keeps_their_pixels_and_shape():
    people = two_people()
    pointmap = room_with(people)
    pointmap = with_fov_x(pointmap, 40.0)
    moved, shift = in_camera_of(people, pointmap)
    longer = float(pointmap.intrinsics[0, 1, 1] / people.intrinsics(0, 0)[1, 1])
    assert longer > 1.3
    assert torch.allclose(moved.translations[..., 2] / people.translations[..., 2], torch.tensor(longer), rtol=0.02)
    assert torch.equal(moved.vertices, people.vertices) and shift < 3
    assert torch.allclose(moved.intrinsics(0, 1), pointmap.intrinsics[0], atol=1e-6)

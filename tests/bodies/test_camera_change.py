"""Another camera: people keep their shape and stay on their pixels; with the right camera they go to their true place."""

import torch
from people import FLOOR, room_with, two_people

from sam3d_geometry.bodies.camera_change import cameras_of, in_camera_of, level_by_camera
from sam3d_geometry.geometry.gravity import world_from_pitch_roll
from sam3d_geometry.geometry.transform import with_fov_x, with_intrinsics


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


def test_cameras_of_people_are_told_only_where_they_differ():
    people = two_people(2)
    scene = room_with(people)
    assert cameras_of(people, scene) is None
    own = cameras_of(people, with_fov_x(scene, 50.0))
    assert torch.allclose(own, scene.intrinsics)


def test_the_floor_stays_level_for_the_other_camera():
    people = two_people()
    seen = with_fov_x(room_with(people), 40.0)
    cameras = cameras_of(people, seen)
    tilted = world_from_pitch_roll(20.0, 5.0)
    back = level_by_camera(level_by_camera(tilted, seen.intrinsics, cameras), cameras, seen.intrinsics)
    assert torch.allclose(back, tilted, atol=1e-6)
    floor = with_intrinsics(seen, cameras).points[0, 119]
    assert float((floor[:, 1] - FLOOR).abs().max()) < 0.01
    # any three points of a plane tell its normal, by each camera
    normals = []
    for scene in (seen, with_intrinsics(seen, cameras)):
        points = scene.points[0, [60, 60, 119], [3, 150, 3]]
        normals.append(
            torch.nn.functional.normalize(torch.linalg.cross(points[1] - points[0], points[2] - points[0]), dim=0)
        )
    level = torch.eye(3)[None].clone()
    level[0, 1] = normals[0]
    moved = level_by_camera(level, seen.intrinsics, cameras)[0, 1]
    assert abs(float(moved @ normals[1])) > 1 - 1e-4

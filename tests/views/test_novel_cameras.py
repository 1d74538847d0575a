"""Rigs: cameras stand where their names say, and see all of the object."""

from dataclasses import replace

import pytest
import torch
from round_views import ball_view, pose_on_ring

from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.geometry.camera import project
from sam3d_geometry.views.novel_cameras import RigSettings, cameras_about, cameras_along, cameras_on_path
from sam3d_geometry.views.posed_depth import moved

CORNERS = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3) * torch.tensor([0.3, 0.5, 0.2])


def places(camera, points):
    return project(moved(points, torch.linalg.inv(camera.world_from_camera))[None], camera.intrinsics.float()[None])[0]


@pytest.mark.parametrize(("rig", "count"), [("ring", 5), ("grid", 84), ("four views", 4)])
def test_all_of_the_object_is_in_every_picture(rig, count):
    cameras = cameras_about(CORNERS, pose_on_ring(0), RigSettings(rig, frames=5, elevation_degrees=10))
    assert len(cameras) == count == len({camera.name for camera in cameras})
    for camera in cameras:
        seen = places(camera, CORNERS * 0.9)
        assert bool(((seen > 0) & (seen < 1)).all())
        torch.testing.assert_close(places(camera, torch.zeros(1, 3)), torch.full((1, 2), 0.5))


def test_four_views_are_square_to_one_another_and_fill_the_frame():
    front, left, back, right = cameras_about(CORNERS, pose_on_ring(0), RigSettings("four views"))
    ahead = [camera.world_from_camera[:3, 2] for camera in (front, left, back, right)]
    torch.testing.assert_close(ahead[0], torch.tensor([0.0, 0, 1], dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(ahead[1], torch.tensor([-1.0, 0, 0], dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(ahead[2], -ahead[0])
    torch.testing.assert_close(ahead[3], -ahead[1])
    height = places(front, torch.tensor([[0.0, -0.5, 0.0], [0.0, 0.5, 0.0]]))[:, 1]
    assert float(height[1] - height[0]) == pytest.approx(1 / 1.1, rel=1e-3)


def test_a_path_begins_at_the_photo():
    view = ball_view(90)
    cameras = cameras_on_path(view, preset_path("zoom", 3, 0.5, 4.0, "linear"))
    torch.testing.assert_close(cameras[0].world_from_camera, view.world_from_camera)
    assert float(cameras[2].intrinsics[0, 0] / view.intrinsics[0, 0]) == pytest.approx(1.5)


def test_an_unknown_rig_is_refused():
    with pytest.raises(ValueError, match="Rig 'cube' is not known"):
        RigSettings("cube")
    with pytest.raises(ValueError, match="ring of 0 pictures"):
        RigSettings("ring", frames=0)


def test_cameras_along_the_photos_stand_between_them_at_even_steps():
    views = [replace(ball_view(0), world_from_camera=pose_on_ring(degrees)) for degrees in (0.0, 30.0, 60.0)]
    along = cameras_along(views, 4)
    first, last = (view.world_from_camera for view in views[::2])
    for camera, degrees in zip(along, (7.5, 22.5, 37.5, 52.5)):
        turn = (camera.world_from_camera[:3, :3].T @ pose_on_ring(degrees)[:3, :3].double()).trace()
        assert float(torch.rad2deg(torch.acos(((turn - 1) / 2).clamp(-1, 1)))) < 0.2
        assert (camera.world_from_camera[:3, 3] - pose_on_ring(degrees)[:3, 3]).norm() < 0.06 * (last - first)[
            :3, 3
        ].norm()
    assert torch.equal(cameras_along(views[:1], 1)[0].world_from_camera, first.double())

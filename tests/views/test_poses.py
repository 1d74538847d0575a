"""Poses of rendered photos: within half a degree, in one unit, and no photo is placed where it was not."""

from dataclasses import replace

import numpy
import posed_scenes
import pytest
import torch

pytest.importorskip("cv2")

from development.scenes.moving_room import moving_room
from development.scenes.renderer import render
from sam3d_geometry.geometry.turns import degrees_between
from sam3d_geometry.views.poses import ON_ONE_SPOT, PoseSettings, pose_views

ROOM = posed_scenes.room(4)


def turn_errors(posed, rendering, names):
    """Degrees between the relative rotations of placed views and of the rendering; views are named by their frame."""
    poses = {view.name: view.world_from_camera.numpy() for view in posed.views if view.group == 0}
    truth = {name: rendering.world_from_camera[int(name[0])].numpy() for name in names}
    return [
        degrees_between(poses[a][:3, :3].T @ poses[b][:3, :3], truth[a][:3, :3].T @ truth[b][:3, :3])
        for a in names
        for b in names
        if a < b
    ]


@pytest.mark.parametrize("known", [True, False], ids=["focal length known", "focal length found"])
def test_cameras_come_back(known):
    posed = pose_views(posed_scenes.views(ROOM, known_focal=known))
    names = [view.name for view in posed.views]
    assert [view.state for view in posed.views] == ["placed"] * 4 and not any(view.reason for view in posed.views)
    assert max(turn_errors(posed, ROOM, names)) < 0.6
    centres = numpy.stack([view.world_from_camera[:3, 3].numpy() for view in posed.views])
    truth = ROOM.world_from_camera[:, :3, 3].numpy()
    ratios = numpy.linalg.norm(centres[1:], axis=1) / numpy.linalg.norm(truth[1:] - truth[0], axis=1)
    numpy.testing.assert_allclose(ratios, ratios.mean(), rtol=0.02)
    assert (posed.views[0].world_from_camera - torch.eye(4)).abs().max() < 1e-9
    focal = float(posed.views[0].intrinsics[0, 0]) / float(ROOM.intrinsics[0, 0, 0])
    assert focal == pytest.approx(1.0, abs=1e-9 if known else 0.05)


def test_depths_of_all_views_are_in_one_unit_and_metric_ones_stay_so():
    posed = pose_views(posed_scenes.views(ROOM, smooth=0.0))
    for k, view in enumerate(posed.views):
        assert view.log_scale == pytest.approx(0.0, abs=0.02)
        torch.testing.assert_close(view.depth.median(), ROOM.depth[k].double().median(), rtol=0.02, atol=0)
    distance = (posed.views[3].world_from_camera - posed.views[0].world_from_camera)[:3, 3].norm()
    truth = (ROOM.world_from_camera[3] - ROOM.world_from_camera[0])[:3, 3].norm()
    assert float(distance) == pytest.approx(float(truth), rel=0.02)


def test_mirrored_copied_and_foreign_photos_are_named_and_left_out():
    views = posed_scenes.views(ROOM)
    mirrored = replace(views[2], photo=views[2].photo.flip(1))
    copy = replace(views[0], name="copy.png")
    foreign = replace(
        views[0], name="noise.png", photo=torch.rand(240, 320, 3, generator=torch.Generator().manual_seed(1))
    )
    posed = pose_views([*views[:2], mirrored, views[3], copy, foreign])
    reasons = {view.name: view.reason for view in posed.views}
    assert "only as a mirror image" in reasons["2.png"]
    assert reasons["copy.png"] == "it is the same picture as 0.png"
    assert "with its best partner" in reasons["noise.png"] or "no features" in reasons["noise.png"]
    assert {view.name for view in posed.placed} == {"0.png", "1.png", "3.png"}
    assert max(turn_errors(posed, ROOM, ["0.png", "1.png", "3.png"])) < 0.6


def test_photos_turned_on_the_spot_are_told():
    cameras = [posed_scenes.cameras(4)[1].moved(yaw_degrees=8 * k, pitch_degrees=3 * k) for k in range(2)]
    turned = render(moving_room(), cameras, *posed_scenes.SIZE)
    posed = pose_views(posed_scenes.views(turned))
    assert [view.reason for view in posed.views] == [ON_ONE_SPOT] * 2
    assert max(turn_errors(posed, turned, ["0.png", "1.png"])) < 0.1


def test_two_sets_are_two_groups():
    views = posed_scenes.views(ROOM)
    mirrored = [replace(view, photo=view.photo.flip(1)) for view in views[2:]]
    posed = pose_views([*views[:2], *mirrored])
    assert [view.group for view in posed.views] in ([0, 0, 1, 1], [1, 1, 0, 0])
    assert len(posed.groups) == 2


def test_one_photo_and_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="1 photo came in"):
        pose_views(posed_scenes.views(ROOM)[:1])
    with pytest.raises(ValueError, match="match_on came as 'all'"):
        PoseSettings(match_on="all")
    with pytest.raises(ValueError, match="long edge for features came as 8"):
        PoseSettings(long_edge=8)


def test_progress_ends_with_all_done_and_can_stop():
    told = []
    pose_views(posed_scenes.views(ROOM)[:2], on_progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] and [d for d, _ in told] == sorted(d for d, _ in told)

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        pose_views(posed_scenes.views(ROOM)[:2], on_progress=stop)

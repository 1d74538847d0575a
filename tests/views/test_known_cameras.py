"""Known cameras: they stay as they are, give pointmaps their scale, and tell when they are of other photos."""

import posed_scenes
import pytest

pytest.importorskip("cv2")

from sam3d_geometry.views.known_cameras import UNCHECKED, KnownCamera, views_with_cameras

ROOM = posed_scenes.room(4)


def cameras(order=(0, 1, 2, 3)):
    return [KnownCamera(ROOM.intrinsics[k].double(), ROOM.world_from_camera[k].double()) for k in order]


def test_pointmaps_come_to_the_unit_of_the_cameras():
    posed = views_with_cameras(posed_scenes.views(ROOM), cameras())
    for k, view in enumerate(posed.views):
        assert view.state == "placed" and not view.reason and view.group == 0
        assert float(view.depth.median()) == pytest.approx(float(ROOM.depth[k].median()), rel=0.06)
    assert [len(posed.groups), posed.groups[0].members] == [1, (0, 1, 2, 3)]
    assert max(pair.inliers for pair in posed.pairs) > 50


def test_a_photo_without_a_camera_is_named_and_the_rest_goes_on():
    posed = views_with_cameras(posed_scenes.views(ROOM), [*cameras()[:3], None], "rig.json")
    assert posed.views[3].reason == "rig.json has no camera for it"
    assert [view.state for view in posed.views] == ["placed"] * 3 + ["not placed"]
    with pytest.raises(ValueError, match="None of the 4 photos has a camera"):
        views_with_cameras(posed_scenes.views(ROOM), [None] * 4)


def test_cameras_of_other_photos_are_told():
    wrong = [cameras()[k] for k in (3, 1, 0, 2)]
    moved = wrong[0].world_from_camera.clone()
    moved[:3, 3] += 3.0
    wrong[0] = KnownCamera(wrong[0].intrinsics, moved)
    posed = views_with_cameras(posed_scenes.views(ROOM), wrong)
    assert "matches agree with these cameras" in posed.views[0].reason


def test_one_photo_keeps_the_scale_of_its_pointmap():
    views = posed_scenes.views(ROOM)[:1]
    posed = views_with_cameras(views, cameras()[:1])
    assert posed.views[0].log_scale == 0.0 and UNCHECKED in posed.views[0].reason

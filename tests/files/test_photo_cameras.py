"""Cameras of a file go to the photos that they are of: by name, by name without suffix, or in the order of names."""

import json

import numpy
import posed_scenes
import pytest

from sam3d_geometry.files.camera_sets import CameraFileError, PhotoCamera
from sam3d_geometry.files.photo_cameras import cameras_of_names, views_with_camera_file

CAMERAS = {name: PhotoCamera(numpy.eye(3) * k, numpy.eye(4)) for k, name in enumerate(("a.jpg", "b.jpg", "c.jpg"), 1)}


def numbers(found):
    return [None if camera is None else int(camera.intrinsics[0, 0]) for camera in found]


def test_names_decide_and_else_their_order():
    assert numbers(cameras_of_names(["c.jpg", "a.png", "x"], CAMERAS, "f")) == [3, 1, None]
    assert numbers(cameras_of_names(["photo 1", "photo 2", "photo 3"], CAMERAS, "f")) == [1, 2, 3]
    with pytest.raises(ValueError, match=r"f has 3 cameras .* and 2 photos came in whose names are not among them"):
        cameras_of_names(["photo 1", "photo 2"], CAMERAS, "f")


def test_views_stand_where_the_file_says(tmp_path):
    pytest.importorskip("cv2")
    room = posed_scenes.room(4)
    height, width = posed_scenes.SIZE
    pixels = numpy.diag([width, height, 1.0]) @ room.intrinsics[0].double().numpy()
    entries = {
        f"{k}.png": {
            "size": [width, height],
            "world_from_camera": room.world_from_camera[k].tolist(),
            "intrinsics": pixels.tolist(),
            "pixel_centers": "halves",
        }
        for k in range(2)
    }
    path = tmp_path / "cameras.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    posed = views_with_camera_file(posed_scenes.views(room)[:3], path)
    numpy.testing.assert_allclose(posed.views[1].world_from_camera, room.world_from_camera[1], atol=1e-5)
    assert posed.views[2].reason == "cameras.json has no camera for it" and posed.source == "cameras.json"
    path.write_text("[1", encoding="utf-8")
    with pytest.raises(CameraFileError):
        views_with_camera_file(posed_scenes.views(room)[:3], path)

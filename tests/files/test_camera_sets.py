"""Cameras as files: each form gives back the cameras that were written, pixels count as is said, and other files are refused."""

import json

import numpy
import posed_scenes
import pytest
import torch

from sam3d_geometry.files.camera_sets import (
    CameraFileError,
    cameras_record,
    colmap_texts,
    pixel_intrinsics,
    read_cameras,
    transforms_record,
)
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.views.posed import Group, PosedViews
from sam3d_geometry.views.view import View

REASON = "only 3 features match with its best partner, b.jpg"


def made():
    depth = torch.full((1, 24, 32), 2.0)

    intrinsics = intrinsics_from_fov_x_degrees(50.0, 24, 32)
    intrinsics[0, 0, 2] = 0.47
    image = torch.zeros(1, 24, 32, 3)
    pointmap = Pointmap(
        unproject(depth, intrinsics), depth > 0, intrinsics, image, normals=None, metric=False, source_size=(240, 320)
    )
    own = dict(photo=image[0], pointmap=pointmap, mask=None, intrinsics=intrinsics[0].double())
    poses = [torch.tensor(camera.world_from_camera) for camera in posed_scenes.cameras(2)]
    views = [View(f"{n}.jpg", **own, world_from_camera=p, state="placed", group=0) for n, p in zip("ab", poses)]
    views.append(View("c.jpg", **own, reason=REASON))
    points = numpy.array([[0.0, 0.1, 3.0], [0.5, 0.2, 4.0]])
    seen = numpy.array([[0, 0], [0, 1], [1, 1], [1, 0]])
    group = Group((0, 1), points, seen, numpy.full((4, 2), 0.5), 0.1, 0.05)
    return PosedViews(tuple(views), (group,))


def written(posed, form, folder):
    if form == "COLMAP":
        for name, text in colmap_texts(posed).items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder
    path = folder / "made.json"
    path.write_text(json.dumps(cameras_record(posed) if form == "ours" else transforms_record(posed)), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["ours", "COLMAP", "transforms"])
def test_what_is_written_is_read(form, tmp_path):
    posed = made()
    found = read_cameras(written(posed, form, tmp_path))
    assert set(found) == {"a.jpg", "b.jpg"}
    for view in posed.views[:2]:
        numpy.testing.assert_allclose(found[view.name].world_from_camera, view.world_from_camera.numpy(), atol=1e-9)
        numpy.testing.assert_allclose(found[view.name].intrinsics, view.intrinsics.numpy(), atol=1e-9)


def test_pixels_of_our_file_have_their_centres_at_integers():
    posed = made()
    entry = cameras_record(posed)["a.jpg"]
    assert entry["pixel_centers"] == "integers" and entry["size"] == [320, 240]
    assert entry["intrinsics"][0][2] == pytest.approx(0.47 * 320 - 0.5)
    assert pixel_intrinsics(posed.views[0], "halves")[1, 2] == pytest.approx(120)
    assert cameras_record(posed)["c.jpg"] == {"state": "not placed", "reason": REASON}


def test_a_file_with_k_is_read_as_one_with_intrinsics(tmp_path):
    record = cameras_record(made())
    record["a.jpg"]["K"] = record["a.jpg"].pop("intrinsics")
    (tmp_path / "k.json").write_text(json.dumps(record), encoding="utf-8")
    numpy.testing.assert_allclose(read_cameras(tmp_path / "k.json")["a.jpg"].intrinsics[0, 2], 0.47)


def test_points_of_colmap_lead_back_to_where_they_are_seen():
    texts = colmap_texts(made())
    assert texts["points3D.txt"].splitlines()[0].split()[8:] == ["1", "0", "2", "1"]
    assert texts["images.txt"].splitlines()[3].split()[5] == "1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2]", "is no list of cameras"),
        ("{", "is no list of cameras"),
        ('{"a.jpg": {"reason": "far"}}', "no camera with a pose"),
        ('{"a.jpg": {"world_from_camera": [[1]], "K": [[1]], "size": [2, 3]}}', "is no list of cameras"),
        ('{"frames": [{"file_path": "a.jpg"}]}', "is no list of cameras"),
        ("[" * 5000 + "]" * 5000, "is no list of cameras"),
        ('{"a.jpg": {"world_from_camera": [[%s]], "K": [[1]], "size": [2, 3]}}' % ("9" * 400), "is no list of cameras"),
    ],
    ids=range(7),
)
def test_other_files_are_refused_in_a_sentence(text, said, tmp_path):
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(CameraFileError, match=said) as caught:
        read_cameras(tmp_path / "x.json")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_an_unknown_lens_are_named(tmp_path):
    with pytest.raises(CameraFileError, match="there is no such file"):
        read_cameras(tmp_path / "none.json")
    (tmp_path / "cameras.txt").write_text("1 FISHEYE 3 4 1 2 3\n", encoding="utf-8")
    with pytest.raises(CameraFileError, match="model FISHEYE"):
        read_cameras(tmp_path)

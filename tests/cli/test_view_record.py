"""Reports of sets: what is no number is null, and truth tells silent failures before everything else."""

import json
from dataclasses import replace

import pytest
import torch
from round_views import ball_views

from sam3d_geometry.cli.view_record import (
    errors_against,
    finite,
    posed_lines,
    posed_record,
    surface_record,
    truth_lines,
    truth_record,
)
from sam3d_geometry.files.camera_sets import PhotoCamera
from sam3d_geometry.views.fuse import FusionSettings, fuse_views
from sam3d_geometry.views.posed import Group, Pair, PosedViews

VIEWS = ball_views(4)
EMPTY = torch.zeros(0, 3).numpy()
LOST = replace(VIEWS[3], world_from_camera=None, state="not placed", group=None, reason="it has no features")
POSED = PosedViews(
    (*VIEWS[:3], LOST),
    (Group((0, 1, 2), EMPTY, EMPTY[:, :2], EMPTY[:, :2], float("nan"), float("nan")),),
    (Pair("a", "b", 30, 0, float("nan"), float("nan"), "too few"),),
)


def known(turn=0.0):
    """The cameras as they are, the last turned about its own axis."""
    cameras = {v.name: PhotoCamera(v.intrinsics.numpy(), v.world_from_camera.numpy().copy()) for v in VIEWS}
    c, s = (
        torch.deg2rad(torch.tensor(turn, dtype=torch.float64)).cos(),
        torch.deg2rad(torch.tensor(turn)).double().sin(),
    )
    cameras[VIEWS[2].name].world_from_camera[:3, :3] @= (
        torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]).double().numpy()
    )
    return cameras


def test_photos_groups_and_pairs_are_json():
    record = json.loads(json.dumps(posed_record(POSED), allow_nan=False))
    assert record["photos"][LOST.name] == {"state": "not placed", "group": None, "reason": "it has no features"}
    assert record["groups"][0]["photos"] == [view.name for view in VIEWS[:3]]
    assert record["pairs"][0]["not_used_because"] == "too few" and record["pairs"][0]["turn_degrees"] is None
    assert finite(float("inf")) is None and finite(1 / 3) == 0.333333
    lines = posed_lines(POSED)
    assert lines[0] == "3 of 4 photos have a camera." and lines[1].endswith("not placed, it has no features.")


@pytest.mark.parametrize(("turn", "note", "silent"), [(0.0, "", 0), (15.0, "", 1), (15.0, "weak", 0)])
def test_truth_names_what_is_wrong_and_unsaid(turn, note, silent):
    views = [replace(view, reason=note) if view is VIEWS[2] else view for view in POSED.views]
    posed = replace(POSED, views=tuple(views))
    record = truth_record(errors_against(posed, known(turn)), posed, 4)
    assert next(iter(record)) == "silent_failures" and len(record["silent_failures"]) == silent
    assert record["rotation_degrees"]["largest"] == pytest.approx(turn, abs=1e-5)
    assert record["compared"] == 3 and record["photos_with_truth"] == 4
    json.dumps(record, allow_nan=False)
    assert truth_lines(record)[0].startswith(f"Silent failures: {silent}")


def test_a_surface_is_told_in_numbers():
    record = surface_record(fuse_views(VIEWS, FusionSettings(resolution=24, paint="none")))
    json.dumps(record, allow_nan=False)
    assert record["triangles"] > 100 and set(record["photos"]) == {view.name for view in VIEWS}
    assert record["unit"] == "metre"

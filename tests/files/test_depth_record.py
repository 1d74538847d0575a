"""What a depth file says about itself is read as it was written; damage is said, and not guessed over."""

import json

import numpy
import pytest
import torch
from depth_frames import STEPS, frame

from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError
from sam3d_geometry.files.depth_record import DEPTH_RECORD_FORMAT, DepthRecord, camera_entry
from sam3d_geometry.files.depth_steps import UnitSteps


@pytest.mark.parametrize("steps", [None, *STEPS], ids=str)
def test_what_is_written_is_read_again(steps):
    held = frame(steps).record
    back = DepthRecord.from_json(json.dumps(held.to_dict((45, 80))))
    assert torch.equal(back.intrinsics, held.intrinsics)
    assert (back.metric, back.nearest, back.farthest, back.steps) == (True, held.nearest, held.farthest, steps)


def test_the_camera_is_also_said_in_pixels():
    entry = camera_entry(torch.tensor([[1.0, 0, 0.5], [0, 1.5, 0.25], [0, 0, 1]]), (40, 60))
    assert entry["focal_px"] == 60 and entry["principal_point_px"] == [30, 10]
    assert entry["fov_x_degrees"] == pytest.approx(53.13, abs=0.01)


def test_a_text_of_others_is_none_of_ours():
    for text in (
        "",
        "{",
        "[]",
        '{"format": 1}',
        "[" * 60000,
        json.dumps({"format": DEPTH_RECORD_FORMAT}) + " " * 70000,
    ):
        assert DepthRecord.from_json(text) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"nearest": "x"},
        {"farthest": float("inf")},
        {"nearest": 10**400},
        {"camera": {"intrinsics_normalised": [[1]]}},
        {"camera": {"intrinsics_normalised": [[0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]}},
        {"camera": {"intrinsics_normalised": "1" * 20}},
        {"camera": {}},
        {"camera": {"intrinsics_normalised": [[10**400, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]}},
        {"values": {"steps_per_unit": -1}},
        {"values": {"steps_per_unit": 1e-320}},
        {"values": {"steps_per_unit": 10**400}},
        {"values": {"near": 1}},
        {"values": {"near": 1, "far": 2, "curve": "gone"}},
    ],
    ids=lambda damage: str(damage)[:60],
)
def test_a_damaged_record_is_said_and_not_guessed(tmp_path, damage):
    entry = {**frame(UnitSteps()).description(), **damage}
    with pytest.raises(ValueError, match=r"\w+"):
        DepthRecord.from_json(json.dumps(entry))
    numpy.save(tmp_path / "a.npy", numpy.ones((2, 2)))
    (tmp_path / "a.json").write_text(json.dumps(entry), encoding="utf-8")
    with pytest.raises(DepthFileError, match=r"^a\.npy: the JSON beside it is damaged: .*[^.]\.$"):
        read_depth(tmp_path / "a.npy")

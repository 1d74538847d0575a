"""Runs of frames."""

import torch

from sam3d_geometry.bodies.runs import runs


def test_runs():
    assert runs(torch.tensor([True, False, True, True])) == [(0, 0), (2, 3)]
    assert runs(torch.zeros(3, dtype=torch.bool)) == []

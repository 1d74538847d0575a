"""MoGe 1 rearranged: what only this version has."""

import pytest
import torch

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import V1_CONFIG, build, shorten_backbone


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


def test_v1_mask_threshold_is_moved_to_one_half():
    images = torch.rand(1, 3, 56, 56)
    with torch.no_grad():
        mask = build("v1", V1_CONFIG)(images, 16).mask_probability
        moved = build("v1", V1_CONFIG | {"mask_threshold": 0.4})(images, 16).mask_probability
    assert torch.allclose(moved, (mask + 0.1).clamp(0, 1), atol=1e-5)
    assert not torch.allclose(moved, mask, atol=1e-2)

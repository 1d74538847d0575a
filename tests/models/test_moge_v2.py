"""MoGe 2 rearranged: what only this version has."""

import pytest

from sam3d_geometry.models.moge_v2 import FoldedLastLevel

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import NETWORKS, build, shorten_backbone


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


def test_last_level_is_folded_only_where_it_is_linear():
    assert isinstance(build(*NETWORKS["v2"]).last_level, FoldedLastLevel)
    assert build(*NETWORKS["v2 not foldable"]).last_level is None

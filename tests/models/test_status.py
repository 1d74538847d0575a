"""What is known of each model on this machine: there or not, and how large."""

from __future__ import annotations

import pytest

from sam3d_geometry.models import AUTO_MODEL, CATALOGUE, PREVIEW
from sam3d_geometry.models.catalogue import card_named
from sam3d_geometry.models.status import download_size, model_statuses


@pytest.fixture(autouse=True)
def no_hub_cache(monkeypatch):
    monkeypatch.setattr("sam3d_geometry.models.find.find_in_hub_cache", lambda repository, filename: None)


def test_an_empty_machine_has_the_built_in_model_and_sizes_of_the_others(tmp_path):
    statuses = {status.name: status for status in model_statuses([tmp_path])}
    assert list(statuses) == [AUTO_MODEL, *(card.name for card in CATALOGUE)]
    assert statuses[PREVIEW].is_here and statuses[PREVIEW].size == 0
    assert statuses[AUTO_MODEL].is_here and statuses[AUTO_MODEL].file == PREVIEW
    assert not statuses["moge-2-vitl"].is_here
    assert statuses["moge-2-vitl-normal"].gives == "points, meters, normals"


def test_a_file_in_the_folder_is_there_with_its_own_size(tmp_path):
    (tmp_path / "moge-2-vitl-normal.pt").write_bytes(b"x" * 1234)
    statuses = {status.name: status for status in model_statuses([tmp_path])}
    for name in (AUTO_MODEL, "moge-2-vitl-normal"):
        assert (statuses[name].file, statuses[name].size, statuses[name].is_here) == (
            "moge-2-vitl-normal.pt",
            1234,
            True,
        )


def test_sizes_of_downloads_follow_the_parameters():
    assert download_size(card_named("moge-2-vits-normal")) == 140_000_000
    assert download_size(card_named("moge-3-vitg")) == 5_000_000_000
    assert all(download_size(card) > 10**8 for card in CATALOGUE if card.repository)

"""Files are found where people put them, and a menu never depends on what is on the disk being in order."""

import os
import sys
from dataclasses import replace

import pytest

from sam3d_geometry.models import CATALOGUE, PREVIEW, best_on_disk, menu
from sam3d_geometry.models.catalogue import BEST_FIRST, card_named
from sam3d_geometry.models.find import _is_runnable, find_card, find_in_hub_cache, find_local, search_folders

NAMES = ["auto", *(card.name for card in CATALOGUE)]


@pytest.fixture(autouse=True)
def no_hub_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("sam3d_geometry.models.find.find_in_hub_cache", lambda repository, filename: None)


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_menu_is_the_catalogue_then_local_files(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for name in (
        "b.safetensors",
        "deep/er/a.pt",
        "notes.txt",
        ".hidden/x.pt",
        ".moge-vitl.pt.12.partial",
        "copy/pipeline.yaml",
    ):
        put(first / name)
    put(second / "b.safetensors")
    put(second / "moge-2-vitl.pt")
    put(second / "one/two/three/too-deep.pt")
    assert menu([first, second, tmp_path / "not there"]) == [
        *NAMES,
        "b.safetensors",
        "copy/pipeline.yaml",
        "deep/er/a.pt",
    ]


def test_menu_without_folders_is_the_catalogue():
    assert menu() == NAMES


def test_auto_is_the_best_that_is_there(tmp_path):
    assert best_on_disk([tmp_path]) == PREVIEW
    found = []
    for file in ("moge-2-vits-normal.pt", "moge-vitl.pt", "moge_2_vitl_normal_fp16.safetensors"):
        put(tmp_path / file)
        found.append(best_on_disk([tmp_path]))
    assert found == ["moge-2-vits-normal", "sam-3d-objects (moge-vitl)", "moge-2-vitl-normal"]


def test_auto_leaves_out_what_the_installed_package_cannot_run(tmp_path, monkeypatch):
    put(tmp_path / "moge-2-vits-normal.pt")
    put(tmp_path / "moge-3-vitl.pt")
    versions = {"v2"}
    monkeypatch.setattr("sam3d_geometry.models.find._is_runnable", lambda card: card.version in versions)
    assert best_on_disk([tmp_path]) == "moge-2-vits-normal"
    versions.add("v3")
    assert best_on_disk([tmp_path]) == "moge-3-vitl"
    versions.clear()
    assert best_on_disk([tmp_path]) == PREVIEW


def test_without_the_package_no_downloaded_model_can_run(monkeypatch):
    card = card_named("moge-2-vitl")
    assert _is_runnable(card) and not _is_runnable(replace(card, version="v9"))
    for name in [name for name in sys.modules if name.split(".")[0] == "moge"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    assert not _is_runnable(card)


def test_every_model_that_is_downloaded_has_a_rank():
    assert set(BEST_FIRST) == {card.name for card in CATALOGUE if card.repository}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_menu_survives_a_folder_that_contains_itself(tmp_path):
    put(tmp_path / "a.pt")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert "a.pt" in menu([tmp_path]) and len(menu([tmp_path])) < len(NAMES) + 10


@pytest.mark.parametrize(
    "place",
    [
        "moge-2-vitl-normal.pt",
        "moge-2-vitl-normal.safetensors",
        "moge-2-vitl-normal/model.pt",
        "moge_2_vitl_normal_fp16.safetensors",
    ],
)
def test_catalogue_models_are_found_under_every_usual_name(tmp_path, place):
    card = card_named("moge-2-vitl-normal")
    assert find_card(card, [tmp_path]) is None
    path = put(tmp_path / "second" / place)
    assert find_card(card, [tmp_path / "first", tmp_path / "second"]) == path
    assert find_card(card_named("moge-2-vitl"), [tmp_path / "first", tmp_path / "second"]) is None


def test_first_folder_wins(tmp_path):
    paths = [put(tmp_path / name / "moge-vitl.pt") for name in ("first", "second")]
    assert find_card(CATALOGUE[0], [tmp_path / "first", tmp_path / "second"]) == paths[0]


def test_hub_cache_is_read_without_the_network(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert find_in_hub_cache("Ruicheng/moge-vitl", "model.pt") is None
    commit = "0" * 40
    put(tmp_path / "models--Ruicheng--moge-vitl/refs/main").write_text(commit, encoding="utf-8")
    path = put(tmp_path / f"models--Ruicheng--moge-vitl/snapshots/{commit}/model.pt")
    assert find_in_hub_cache("Ruicheng/moge-vitl", "model.pt") == path


def test_local_names(tmp_path):
    path = put(tmp_path / "mine" / "x.pt")
    assert find_local(str(path), []) == path
    assert find_local("mine/x.pt", [tmp_path / "none", tmp_path]) == path
    assert find_local("y.pt", [tmp_path]) is None


def test_default_folder_is_used_when_none_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert search_folders([]) == [tmp_path / ".cache" / "sam3d_geometry"]

"""Files are found where people put them, and a menu never depends on what is on the disk being in order."""

import os

import pytest

from sam3d_geometry.models import CATALOGUE, menu
from sam3d_geometry.models.catalogue import card_named
from sam3d_geometry.models.find import find_card, find_in_hub_cache, find_local, search_folders

NAMES = [card.name for card in CATALOGUE]


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
    constants = pytest.importorskip("huggingface_hub").constants
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

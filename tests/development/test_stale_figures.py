"""Figures are stale once the code that they measure has changed after them, and those that name no benchmark always are."""

import subprocess
from pathlib import Path

import pytest

from development.stale_figures import BENCHMARKS, figures, measured_code, stalenesses

TEXT = """# Results
## Flow: `flow.py --frames 3`

A load of 9. It took 3 ms.

| what | ms |
|---|---|
| flow | 3.5 |
| `other.py` | 4 |

## Words
Nothing measured in 2 rooms, but 5 dB.
"""


def committed(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for words in (
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", f"Changes {next(iter(files))}"],
    ):
        subprocess.run(["git", *words], cwd=root, check=True)


@pytest.fixture
def root(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    bench = "development__benchmarks__"
    library = {"sam3d_geometry__clips__flow.py": "A = 1\n", "sam3d_geometry__clips__cuts.py": "B = 1\n"}
    script = "from sam3d_geometry.clips.flow import A\nfrom sam3d_geometry.clips import cuts\nimport os\n"
    committed(
        tmp_path, **library, **{f"{bench}flow.py": script, f"{bench}other.py": "import os\n", "README.md": "# It\n"}
    )
    committed(tmp_path, **{f"{bench}RESULTS.md": TEXT})
    return tmp_path


def told(root):
    return {(one.document.name, one.script): one.stale for one in stalenesses(root)}


def test_lines_belong_to_the_script_named_last():
    found = [(figure.line, figure.script) for figure in figures(Path("a.md"), TEXT, {"flow.py", "other.py"})]
    assert found == [(4, "flow.py"), (8, "flow.py"), (9, "other.py"), (12, None)]


def test_the_code_is_the_script_and_what_it_imports(root):
    found = measured_code(BENCHMARKS / "flow.py", root)
    assert [path.name for path in found] == ["flow.py", "flow.py", "cuts.py"]


def test_what_is_newer_than_its_code_is_up_to_date_until_the_code_changes(root):
    assert told(root) == {("RESULTS.md", "flow.py"): (), ("RESULTS.md", "other.py"): (), ("RESULTS.md", None): (12,)}
    committed(root, **{"sam3d_geometry__clips__cuts.py": "B = 2\n"})
    assert told(root)["RESULTS.md", "flow.py"] == (4, 8) and told(root)["RESULTS.md", "other.py"] == ()
    (one,) = [one for one in stalenesses(root) if one.script == "flow.py"]
    assert len(one.changes) == 1 and "2 of 2 lines are older than the code (from line 4)" in one.told()
    results = root / BENCHMARKS / "RESULTS.md"
    results.write_text(TEXT.replace("| flow | 3.5 |", "| flow | 3.4 |"))
    assert told(root)["RESULTS.md", "flow.py"] == (4,)


def test_the_readme_names_the_benchmark_of_its_figures(root):
    committed(root, **{"README.md": "# It\nDepth takes 18 ms.\n"})
    assert told(root)["README.md", None] == (2,)

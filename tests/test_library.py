"""The library stands alone: nothing of ComfyUI in it, imports in one direction, a frozen surface, readable files."""

from __future__ import annotations

import ast
import graphlib
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from repository import LIBRARY

from development.house import imported, tree

FILES = sorted(LIBRARY.rglob("*.py"))
HOST = ("comfy", "folder_paths", "nodes", "server", "execution")
HEAVY = ("moge", "kornia", "cv2", "scipy", "trimesh", "huggingface_hub", "cmap", "PIL", "matplotlib")
# a folder imports only from folders further left, those between the same bars not from each other
FOLDERS = "geometry models | clips | maps | estimate shapes | effects | views bodies | files | video | cli"
WINGS = ("air", "camera", "lens", "light")  # of effects/: none imports another
# of these not even what is heavy loads before it is used
LIGHT = ("geometry", "clips", "maps", "estimate", "shapes", "effects")
MAX_LINES = 350


def absolute_imports(path: Path) -> set[str]:
    """Top-level names of the packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def stages_of_folders(folders: str = FOLDERS) -> dict[str, tuple[int, int]]:
    """Each folder's stage and its place in the list."""
    stages = [stage.split() for stage in folders.split("|")]
    places = itertools.count()
    return {name: (number, next(places)) for number, stage in enumerate(stages) for name in stage}


def arrows_that_run_back(files: list[Path], library: Path = LIBRARY) -> list[str]:
    """Imports from a folder that comes later, or from another wing of effects/."""
    place = {name: number for name, (_, number) in stages_of_folders().items()}
    found = []
    for path in files:
        own = path.relative_to(library).parts
        for other in imported(path, library):
            if len(own) < 2 or not other:
                continue
            back = other[0] not in place or place[other[0]] > place[own[0]]
            wings = own[0] == other[0] == "effects" and len(own) > 2 and own[1] != other[1]
            if back or wings:
                found.append(f"{'/'.join(own)} imports {'.'.join(other)}")
    return found


def circle_inside(files: list[Path], library: Path = LIBRARY) -> list[str]:
    """Modules that import each other in a circle, [] where none do."""
    graph = {path.relative_to(library).with_suffix("").parts: imported(path, library) for path in files}
    try:
        list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        return [".".join(module) for module in error.args[1]]
    return []


def in_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=LIBRARY.parent, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_every_file_loads_nothing_of_comfyui_and_nothing_heavy():
    modules = [
        ".".join(f.relative_to(LIBRARY.parent).with_suffix("").parts)
        for f in FILES
        if f.name not in ("__init__.py", "__main__.py")
    ]
    code = (
        "import sys, importlib, torch\n"  # torch loads what it finds, such as numpy
        "before = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(' '.join(sorted({n.split('.')[0] for n in set(sys.modules) - before})))"
    )
    loaded = in_a_new_process(code).split()
    assert "sam3d_geometry" in loaded
    assert not [n for n in loaded if n in HOST or n.startswith("comfy")]
    core = [m for m in modules if m.split(".")[1] in LIGHT]
    loaded = in_a_new_process(code.replace(repr(modules), repr(core))).split()
    assert "sam3d_geometry" in loaded and not set(loaded) & set(HEAVY)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_no_file_names_comfyui_in_an_import(path):
    assert not [n for n in absolute_imports(path) if n in HOST or n.startswith("comfy")]


def test_every_folder_has_a_place_in_the_order():
    assert {path.relative_to(LIBRARY).parts[0] for path in FILES if path.parent != LIBRARY} == set(stages_of_folders())


def test_imports_go_one_way_at_every_level():
    assert arrows_that_run_back(FILES) == []


def test_no_circle_of_imports():
    assert circle_inside(FILES) == []


def test_a_wrong_import_would_be_noticed(tmp_path):
    for folder in ("geometry", "maps", "effects/air", "effects/lens"):
        (tmp_path / folder).mkdir(parents=True)
    wrong = {
        "geometry/camera.py": "from ..maps.depth import depth_range\n",
        "maps/depth.py": "from . import blend\n",
        "maps/blend.py": "from .depth import depth_range\n",
        "effects/air/fog.py": "def f():\n    from ..lens.focus import focus\n",
        "effects/lens/focus.py": "import comfy.utils\nfrom ...geometry import camera\n",
    }
    for name, text in wrong.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [tmp_path / name for name in wrong]
    assert arrows_that_run_back(files, tmp_path) == [
        "geometry/camera.py imports maps.depth",
        "effects/air/fog.py imports effects.lens.focus",
    ]
    assert set(circle_inside(files[1:3], tmp_path)) == {"maps.depth", "maps.blend"}
    assert "comfy" in absolute_imports(files[-1])
    assert imported(files[-1], tmp_path) == {("geometry", "camera")}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_files_are_ascii_and_of_readable_length(path):
    text = path.read_text(encoding="utf-8")
    assert text.isascii()
    assert len(text.splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_public_functions_and_types_say_what_they_are(path):
    named = [node for node in tree(path).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert not [n.name for n in named if not n.name.startswith("_") and not ast.get_docstring(n)]


def test_nothing_prints_or_catches_everything():
    for path in FILES:
        for node in ast.walk(tree(path)):
            caught = node.type if isinstance(node, ast.ExceptHandler) else node
            broad = caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))
            broad = broad and isinstance(node, ast.ExceptHandler)
            # a handler that cleans up and raises again catches nothing
            assert not broad or any(isinstance(n, ast.Raise) for n in ast.walk(node)), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                assert path.parent.name == "cli", f"{path.name}:{node.lineno}"


def test_what_is_on_a_device_comes_to_the_cpu_before_it_becomes_float64():
    """Apple's graphics have no float64: `x.double().cpu()` fails there, `x.cpu().double()` does not."""
    assert not [path.name for path in FILES if ".double().cpu()" in path.read_text(encoding="utf-8")]

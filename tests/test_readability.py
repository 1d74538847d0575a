"""What a reader meets: short functions, few branches, named arguments, an `execute` of three steps, a test beside each file.

The limits and how they are measured are in development/house.py, which prints them as a table.
"""

from __future__ import annotations

import ast

import pytest
from repository import LIBRARY, ROOT

from development.house import (
    LONGEST_EXECUTE,
    LONGEST_FUNCTION,
    MOST_BRANCHES,
    MOST_POSITIONAL,
    branching_functions,
    executes,
    long_functions,
    positional_calls,
    python_files,
    tree,
)

NODES = ROOT / "nodes"
FILES = python_files(LIBRARY, NODES)
TESTS = {path.relative_to(ROOT / "tests").as_posix() for path in python_files(ROOT / "tests")}
THEMES = {  # test files that run across several files of the library
    "cli/test_killed_clips.py",
    "effects/test_every_effect.py",
    "effects/test_memory.py",
    "files/test_blender.py",
    "files/test_unusual_cameras.py",
    "maps/test_masks.py",
}


def has_behaviour(path) -> bool:
    """Whether a file defines a function or a type with a method, rather than names and settings only."""
    return any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in ast.walk(tree(path)))


def place_of_tests(path) -> str:
    """Where the tests of a library file belong."""
    inner = path.relative_to(LIBRARY)
    return (inner.parent / f"test_{inner.name}").as_posix()


def test_functions_fit_on_a_screen():
    assert long_functions(FILES) == {}


def test_no_function_has_many_branches():
    assert branching_functions(FILES) == []


def test_no_call_has_many_arguments_without_a_name():
    assert positional_calls(FILES) == []


def test_execute_translates_calls_once_and_translates_back():
    lengths = executes(python_files(NODES))
    assert len(lengths) > 40
    assert {name for name, lines in lengths.items() if lines > LONGEST_EXECUTE} == set()


def test_every_library_file_with_behaviour_has_a_test_file_of_its_name():
    files = [p for p in python_files(LIBRARY) if not p.name.startswith("__") and has_behaviour(p)]
    assert [p.relative_to(LIBRARY).as_posix() for p in files if place_of_tests(p) not in TESTS] == []


def test_test_files_are_named_after_library_files():
    """tests/<folder>/ mirrors the library, apart from themes that run across several files."""
    folders = {path.relative_to(LIBRARY).parts[0] for path in python_files(LIBRARY) if path.parent != LIBRARY}
    mirrored = {place_of_tests(path) for path in python_files(LIBRARY)}
    themes = {name for name in TESTS if name.split("/")[0] in folders} - mirrored
    assert themes <= THEMES


@pytest.mark.parametrize(
    ("measure", "text", "found"),
    [
        (long_functions, "def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION + 1), {"a.py:f": LONGEST_FUNCTION + 1}),
        (long_functions, "def define_schema():\n" + "    x = 1\n" * (LONGEST_FUNCTION + 1), {}),
        (executes, "class Node:\n    def execute():\n" + "        x = 1\n" * 16, {"Node": 16}),
        (
            positional_calls,
            f"f({', '.join('1' * (MOST_POSITIONAL + 1))})\nf({', '.join('1' * MOST_POSITIONAL)})",
            ["a.py:1"],
        ),
    ],
)
def test_what_is_wrong_would_be_measured(measure, text, found, tmp_path):
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    assert measure([tmp_path / "a.py"]) == found


def test_many_branches_would_be_measured(tmp_path):
    for branches in (MOST_BRANCHES - 1, MOST_BRANCHES):
        path = tmp_path / f"with_{branches}.py"
        path.write_text("def f(x):\n" + "    if x:\n        pass\n" * branches, encoding="utf-8")
    assert [found.split(":")[0] for found in branching_functions(sorted(tmp_path.iterdir()))] == [
        f"with_{MOST_BRANCHES}.py"
    ]

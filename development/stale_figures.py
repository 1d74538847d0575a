"""Finds figures in the results and the README that are older than the code they measure; exit status 1 if there is one.

python development/stale_figures.py          a line for each benchmark whose figures are to be taken again
python development/stale_figures.py --all    those that are up to date too

A figure belongs to the benchmark that is named in its line, or else last before it; its code is that script and what
the script imports of the library, and its age that of the commit which wrote the line. Nothing is run but git.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = Path("development/benchmarks")
DOCUMENTS = (BENCHMARKS / "RESULTS.md", Path("README.md"))
LIBRARY = "sam3d_geometry"
GPU = ("bench --gpu", "gpu.py")  # how it is called, and which script that is
SCRIPT = re.compile(r"\b([a-z_]+\.py)\b")
# a number with a unit that only measuring gives
MEASURED = re.compile(r"\d\s?(ms|dB|MiB|GiB|px|x as fast|frames/s|frames a second|% of the pixels)\b")
UNCOMMITTED = "0" * 40


@dataclass(frozen=True)
class Figure:
    """A line with figures: document, number from 1, text, and the script that gives it, None where none is named."""

    document: Path
    line: int
    text: str
    script: str | None


def figures(document: Path, text: str, scripts: set[str]) -> Iterator[Figure]:
    """The lines of a document that hold figures: tables below a script's name, and whatever has a measured unit."""
    current: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        named = [name for name in SCRIPT.findall(line.replace(*GPU)) if name in scripts]
        if line.startswith("#"):
            current = None
        current = named[0] if named else current
        is_row = line.startswith("|") and re.search(r"\d", line) is not None and current is not None
        if not line.startswith("#") and (is_row or MEASURED.search(line)):
            yield Figure(document, number, line, current)


def measured_code(script: Path, root: Path) -> list[Path]:
    """The script and the library's files that it imports, relative to the root."""
    found = [script]
    for node in ast.walk(ast.parse((root / script).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == LIBRARY:
            folder = Path(*node.module.split("."))
            candidates = [
                folder.with_suffix(".py"),
                *((folder / alias.name).with_suffix(".py") for alias in node.names),
            ]
            found += [path for path in candidates if (root / path).is_file() and path not in found]
    return found


def git(root: Path, *words: str) -> str:
    """What git says in a folder."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def commits_of_lines(root: Path, document: Path) -> list[str]:
    """The commit that wrote each line of a document; UNCOMMITTED for lines that are not committed."""
    lines = git(root, "blame", "--porcelain", "--", document.as_posix()).splitlines()
    return [line[:40] for line in lines if re.match(r"[0-9a-f]{40} \d+ \d+", line)]


def changes_since(root: Path, commit: str, files: list[Path]) -> list[str]:
    """The subjects of the commits after one that changed any of the files."""
    if commit == UNCOMMITTED:
        return []
    return git(
        root, "log", "--format=%h %s", f"{commit}..HEAD", "--", *(path.as_posix() for path in files)
    ).splitlines()


@dataclass(frozen=True)
class Staleness:
    """One script's figures in a document: how many lines, those older than the code, the changes since the oldest."""

    script: str | None
    document: Path
    lines: int
    stale: tuple[int, ...]
    changes: tuple[str, ...]

    def told(self) -> str:
        """A line for a person."""
        where = f"{self.document.as_posix()}, {self.script or 'no benchmark named'}"
        if not self.stale:
            return f"{where}: {self.lines} lines, up to date"
        if self.script is None:
            return f"{where}: line {', '.join(map(str, self.stale))}"
        newest = self.changes[0] if self.changes else ""
        return (
            f"{where}: {len(self.stale)} of {self.lines} lines are older than the code (from line {self.stale[0]}); "
            f"{len(self.changes)} changes, the last {newest[:70]}"
        )


def stalenesses(root: Path) -> list[Staleness]:
    """What was found of each script in each document. Without a script they are stale: nobody can take them again."""
    scripts = {path.name for path in (root / BENCHMARKS).glob("*.py")}
    found = []
    for document in DOCUMENTS:
        lines = list(figures(document, (root / document).read_text(encoding="utf-8"), scripts))
        commits = commits_of_lines(root, document)
        for script in dict.fromkeys(figure.script for figure in lines):
            own = [figure for figure in lines if figure.script == script]
            if script is None:
                found.append(Staleness(None, document, len(own), tuple(figure.line for figure in own), ()))
                continue
            code = measured_code(BENCHMARKS / script, root)
            since = {c: changes_since(root, c, code) for c in {commits[figure.line - 1] for figure in own}}
            stale = tuple(figure.line for figure in own if since[commits[figure.line - 1]])
            found.append(Staleness(script, document, len(own), stale, tuple(max(since.values(), key=len))))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="name what is up to date too")
    arguments = parser.parse_args()
    found = stalenesses(ROOT)
    for one in found:
        if one.stale or arguments.all:
            print(one.told())
    return int(any(one.stale for one in found))


if __name__ == "__main__":
    sys.exit(main())

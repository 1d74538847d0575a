"""This tree against an older commit: how the processor's time of every effect and step of a clip has changed.

python development/benchmarks/against.py REV [--rounds 5] [--pixels 1] [--frames 16] [--only NAME ...]    or    python dev.py bench --against REV

The commit is unpacked into a temporary folder. A process for each tree does the same work in turns, and each round gives a ratio of two
times taken right after one another, so that a busy machine troubles both alike. Rows that are slower by more than 5 % in every round,
which is beyond the spread of the rounds, are named, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLOWER = 1.05  # ratio of new to old time that is too much
LEAST_SECONDS = 0.02  # that a row is run for in a round: shorter works are repeated


@contextmanager
def older_tree(root: Path, revision: str) -> Iterator[Path]:
    """A folder that holds a commit of a repository; SystemExit, one sentence, where there is no such commit."""
    packed = subprocess.run(["git", "-C", str(root), "archive", revision], capture_output=True, check=False)
    if packed.returncode:
        raise SystemExit(f"git knows no commit {revision} here: {packed.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder)


class Tree:
    """A process that does the works of one tree when asked, by its own `growth.py`."""

    def __init__(self, root: Path, pixels: float, frames: int):
        self._root = root
        command = [sys.executable, str(Path(__file__).resolve()), "--serve", str(root), str(pixels), str(frames)]
        self._process = subprocess.Popen(
            command,
            cwd=root,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.names: list[str] = self._answer()

    def _answer(self):
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"The works of {self._root} could not be done; see above.")
        return json.loads(line)

    def seconds(self, name: str) -> float:
        """The processor's time of one run."""
        assert self._process.stdin is not None
        print(name, file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve(root: Path, pixels: float, frames: int) -> None:
    """Tells the names of a tree's works, then the seconds of each that is asked for on stdin."""
    sys.path[:0] = [str(root), str(root / "tests" / "support"), str(root / "development" / "benchmarks")]
    from growth import works_by_frames, works_by_size

    works = {**works_by_size(pixels), **works_by_frames(frames)}
    print(json.dumps(list(works)), flush=True)
    for line in sys.stdin:
        work, start, runs = works[line.strip()], time.process_time(), 0
        while time.process_time() - start < LEAST_SECONDS:
            work()
            runs += 1
        print(json.dumps((time.process_time() - start) / runs), flush=True)


@dataclass(frozen=True)
class Row:
    """Milliseconds of the fastest round of both trees, and the ratio of new to old in each round."""

    name: str
    old: float
    new: float
    ratios: tuple[float, ...]

    @property
    def is_slower(self) -> bool:
        return min(self.ratios) > SLOWER

    def __str__(self) -> str:
        mark = " **slower**" if self.is_slower else ""
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        return (
            f"| {self.name} | {self.old:.1f} | {self.new:.1f} | {statistics.median(self.ratios):.2f}{mark} | {spread} |"
        )


def compared(old: Tree, new: Tree, rounds: int, only: list[str] | None = None) -> Iterator[Row]:
    """Every work that both trees have, after one run of each to warm up."""
    for name in (name for name in new.names if name in old.names and (not only or name in only)):
        seconds: dict[Tree, list[float]] = {old: [], new: []}
        for turn in range(rounds + 1):
            for tree in (old, new) if turn % 2 else (new, old):
                seconds[tree].append(tree.seconds(name))
        before, after = seconds[old][1:], seconds[new][1:]
        ratios = tuple(b / a for a, b in zip(before, after, strict=True))
        yield Row(name, 1000 * min(before), 1000 * min(after), ratios)


def main(words: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pixels", type=float, default=1.0, help="millions of a picture")
    parser.add_argument("--frames", type=int, default=16, help="of a clip")
    parser.add_argument("--only", nargs="*", help="names of rows")
    options = parser.parse_args(words)
    slower = []
    with older_tree(root, options.revision) as before:
        trees = [Tree(folder, options.pixels, options.frames) for folder in (before, root)]
        try:
            print("| work | before, ms | now, ms | now / before | in the rounds |\n|---|---|---|---|---|", flush=True)
            for row in compared(trees[0], trees[1], options.rounds, options.only):
                print(row, flush=True)
                slower += [row.name] * row.is_slower
        finally:
            for tree in trees:
                tree.close()
    print(f"Slower by more than 5 % in every round: {', '.join(slower) or 'nothing'}.")
    return int(bool(slower))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(main())

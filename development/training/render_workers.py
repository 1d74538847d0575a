"""Processes that render training pictures while a GPU trains on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST_SEED = 2_000_000  # beyond those that are held out
SEEDS_EACH = 100_000


@contextmanager
def rendering_meanwhile(
    folder: Path, processes: int, size: tuple[int, int] = (336, 448)
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`processes` renderers of pictures of `size` fill the folder, each with seeds of its own, until the block ends."""
    command = [sys.executable, "-m", "development.training.dataset", str(folder), "--count", str(SEEDS_EACH)]
    command += ["--height", str(size[0]), "--width", str(size[1])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    running = []
    try:
        for worker in range(processes):
            first = ["--first-seed", str(FIRST_SEED + worker * SEEDS_EACH)]
            running.append(subprocess.Popen([*command, *first], env=environment, stderr=subprocess.DEVNULL))
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()

"""How the time and memory of each node's library function grow with the picture's size and with the number of frames.

python development/benchmarks/growth.py [--pixels 0.25 0.5 1 2 4 8] [--frames 1 16 64 256] [--only NAME ...]

Each function runs in a process of its own (Linux only, since memory is asked there), with one thread; its time is the processor's,
so that a busy machine hardly changes it. The exponent is the slope of log time over log size: 1 is linear, and more than 1.15 is
marked; less than 1 where a fixed part weighs. Memory is what the function holds on top of its input at its peak. Exit status 1 if
one is marked.
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "development" / "benchmarks")]

from gpu import Run, effects
from postprocessing import landscape

from development.scenes.moving_room import film
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.cuts import shots
from sam3d_geometry.clips.plain_average import smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.clips.smooth_images import smooth_images_along_motion
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.depth import depth_range
from sam3d_geometry.shapes.triangulation import triangulate

LINEAR = 1.15  # exponent up to which growth counts as linear
SETTLED = 0.05  # seconds below which a size says more of what is fixed than of growth
MAP_SHARE = 512 / 1920  # of a pointmap's long edge in the photo's
FILM = (16, 72, 128)  # frames that are rendered and repeated, height, width
CHUNK = 8  # frames that a stream's function is given at once

Work = Callable[[], object]


def works_by_size(megapixels: float) -> dict[str, Work]:
    """The functions of single pictures of 16 : 9 and so many million pixels."""
    height = round(math.sqrt(megapixels * 1e6 * 9 / 16))
    size = (height, round(height * 16 / 9))
    run = Run(torch.device("cpu"), 1, size, round(size[1] * MAP_SHARE), FILM, 1, 64)
    surface = landscape(*size)
    return {
        **effects(run, run.device),
        "mesh": lambda: triangulate(surface.depth[0], surface.mask[0], surface.intrinsics[0]),
    }


@functools.cache  # before the processes part, which then share it
def rendered_film() -> Pointmap:
    return film(*FILM).pointmap(False)


def repeated(frames: int) -> Pointmap:
    """So many frames of the film, to and fro."""
    rendered = rendered_film()
    there_and_back = [*range(FILM[0]), *range(FILM[0] - 2, 0, -1)]
    return rendered[torch.tensor([there_and_back[i % len(there_and_back)] for i in range(frames)])]


def streamed(clip: Pointmap) -> None:
    """Align Sequence and smoothing along motion, chunk by chunk, nothing kept but the states."""
    align_state = smooth_state = None
    for start in range(0, len(clip), CHUNK):
        part = clip[start : start + CHUNK]
        aligned, align_state, done = align_sequence(part, align_state, streaming=True, measure=False)
        _, smooth_state = smooth_along_motion(aligned, 0.8, smooth_state, steps=done.steps)


def works_by_frames(frames: int) -> dict[str, Work]:
    """The functions of clips of so many small frames."""
    clip = repeated(frames)
    return {
        "align sequence": lambda: align_sequence(clip),
        "steady pointmap, one way": lambda: smooth_along_motion(clip),
        "steady pointmap, both ways": lambda: smooth_along_motion(clip, direction="zero lag"),
        "temporal smooth, pictures": lambda: smooth_images_along_motion(clip.image),
        "plain average": lambda: smooth_pointmap(clip),
        "shots": lambda: shots(clip.image),
        "range of a clip": lambda: depth_range(clip, "whole clip", 0.0, 0.0, 0.5),
        "align and steady as a stream": lambda: streamed(clip),
    }


def _memory(key: str) -> float:
    """MiB that this process holds (VmRSS) or held at most (VmHWM)."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text[text.index(key) :].split()[1]) / 1024


def _measure(works: Callable[[float], dict[str, Work]], amount: float, name: str, answer: Connection) -> None:
    torch.set_num_threads(1)
    work = works(amount)[name]
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak so far
    before, least = _memory("VmRSS"), math.inf
    for _ in range(3):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
        if least > 1:
            break
    answer.send((least, max(0.0, _memory("VmHWM") - before)))


def measured(works: Callable[[float], dict[str, Work]], amount: float, name: str) -> tuple[float, float]:
    """The seconds and MiB of one function at one amount."""
    here, there = multiprocessing.Pipe(False)
    process = multiprocessing.get_context("fork").Process(target=_measure, args=(works, amount, name, there))
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.join()


def exponent(amounts: list[float], values: list[float]) -> float:
    """The slope of the logarithm of the values over that of the amounts, by least squares; nan of fewer than two."""
    if len(amounts) < 2:
        return math.nan
    x, y = (torch.tensor(v, dtype=torch.float64).log() for v in (amounts, values))
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


def told(works: Callable[[float], dict[str, Work]], amounts: list[float], unit: str, only: list[str] | None) -> bool:
    """Prints the table of some functions; whether all of them grow no faster than linearly."""
    columns = " | ".join(f"{amount:g} {unit}" for amount in amounts)
    print(
        f"\n| function, ms | {columns} | exponent | MiB at the smallest | at the largest |\n|---|"
        + "---|" * (len(amounts) + 3)
    )
    linear = True
    for name in works(amounts[0]):
        if only and name not in only:
            continue
        found = [measured(works, amount, name) for amount in amounts]
        seconds = [time for time, _ in found]
        counted = [i for i, time in enumerate(seconds) if time >= SETTLED][-4:]
        slope = exponent([amounts[i] for i in counted], [seconds[i] for i in counted])
        linear &= not slope > LINEAR
        times = " | ".join(f"{1000 * value:.1f}" for value in seconds)
        mark = " **over**" if slope > LINEAR else ""
        print(f"| {name} | {times} | {slope:.2f}{mark} | {found[0][1]:.0f} | {found[-1][1]:.0f} |", flush=True)
    return linear


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pixels", type=float, nargs="*", default=[0.25, 0.5, 1, 2, 4, 8], help="millions of a picture"
    )
    parser.add_argument("--frames", type=int, nargs="*", default=[1, 16, 64, 256])
    parser.add_argument("--only", nargs="*", help="names of functions")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    by_size = not arguments.pixels or told(works_by_size, arguments.pixels, "MP", arguments.only)
    by_frames = not arguments.frames or told(works_by_frames, arguments.frames, "frames", arguments.only)
    return int(not (by_size and by_frames))


if __name__ == "__main__":
    sys.exit(main())

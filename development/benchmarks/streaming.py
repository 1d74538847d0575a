"""Long clips through the command line: memory over time, speed with and without overlap, kills, Ray workers.

    python development/benchmarks/streaming.py                  2,000 frames of 1280x720; about ten minutes on two cores
    python development/benchmarks/streaming.py --frames 300     a quick look
    python development/benchmarks/streaming.py --ray            also two Ray workers against one, and one killed (needs ray)

Every run is a process of its own. Memory is the resident set of the process and its children, ten times a second; the
frame that it belongs to is read from the job's journal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import av
import numpy
import psutil
from PIL import Image

ROOT = Path(__file__).parents[2]
RATE = Fraction(30000, 1001)
TIME_BASE = Fraction(1, 30000)
SIZE = (720, 1280)
LOSSLESS = ("--format", "ffv1-16-bit-mkv")


def make_clip(path: Path, frames: int) -> None:
    """A pan over one of the example photos, or over a made-up texture where there are none."""
    photos = sorted(p for p in ROOT.rglob("*.jpg") if "examples" in p.parts or "photos" in p.parts)
    height, width = SIZE
    if photos:
        with Image.open(photos[0]) as photo:
            scale = max(1.4 * width / photo.width, 1.4 * height / photo.height)
            picture = numpy.asarray(
                photo.convert("RGB").resize((round(photo.width * scale), round(photo.height * scale)))
            )
    else:
        y, x = numpy.mgrid[: int(height * 1.4), : int(width * 1.4)]
        picture = numpy.stack([x % 256, y % 256, (x * y // 64) % 256], -1).astype(numpy.uint8)
    room_y, room_x = picture.shape[0] - height, picture.shape[1] - width
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20"})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        for i in range(frames):
            top, left = (
                round(room * (0.5 + 0.5 * numpy.sin(i / slow))) for room, slow in ((room_y, 90), (room_x, 140))
            )
            pixels = numpy.ascontiguousarray(picture[top : top + height, left : left + width])
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = i * 1001, TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def frame_times(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return sorted(round(p.pts * p.time_base / TIME_BASE) for p in container.demux(video=0) if p.pts is not None)


@dataclass
class Outcome:
    """seconds of the process by the clock and the processor, its memory by frame [(frames on the disk, MiB)], and whether it was killed."""

    seconds: float
    memory: list[tuple[int, float]]
    killed: bool
    cpu_seconds: float

    def peak(self, first: int, last: float = float("inf")) -> float:
        return max((mib for frame, mib in self.memory if first <= frame < last), default=0.0)


def children_seconds() -> float:
    """The processor's time of all processes that were waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _frames_on_disk(journal: Path) -> int:
    try:
        position = json.loads(journal.read_text(encoding="utf-8"))["position"]
    except (OSError, ValueError):
        return 0
    return 0 if position is None else position[0] + 1


def _memory(process: psutil.Process) -> float:
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


def run(
    clip: Path,
    out: Path,
    options: list[str],
    threads: int,
    kill_at: int | None = None,
    kill_worker: int | None = None,
    tree: Path = ROOT,
) -> Outcome:
    """The command line of a tree on a clip; killed, or one of its Ray workers, once that many frames are on the disk."""
    command = [sys.executable, "-m", "sam3d_geometry", "video", str(clip), "-o", str(out), "--depth", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    start = time.monotonic()
    spent = children_seconds()
    process = psutil.Popen(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    journal = out / f"{clip.stem}.unfinished" / "journal.json"
    memory, killed = [], False
    while process.poll() is None:
        try:
            frames = _frames_on_disk(journal)
            memory.append((frames, _memory(process)))
            if kill_at is not None and frames >= kill_at:
                time.sleep(random.random())
                process.kill()
                killed = True
            if kill_worker is not None and frames >= kill_worker:
                worker = next(p for p in process.children(recursive=True) if "ray::_Worker" in " ".join(p.cmdline()))
                worker.kill()
                kill_worker, killed = None, True
        except (psutil.NoSuchProcess, StopIteration):
            continue
        time.sleep(0.1)
    if not killed and process.returncode != 0:
        raise SystemExit(process.stderr.read().decode(errors="replace"))
    return Outcome(time.monotonic() - start, memory, killed, children_seconds() - spent)


def same(a: Path, b: Path) -> str:
    """Whether two videos decode to the same pictures at the same times: of a format without loss, all that was drawn."""
    return (
        "the same pictures" if all(one == other for one, other in zip_longest(decoded(a), decoded(b))) else "DIFFERENT"
    )


def decoded(path: Path) -> Iterator[tuple[int, bytes]]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.pts, frame.to_ndarray(format="gray16le").tobytes()


def measure_long(folder: Path, frames: int, options: list[str], threads: int) -> None:
    """Memory and speed over a long clip."""
    clip = folder / "long.mp4"
    make_clip(clip, frames)
    whole = run(clip, folder / "whole", options, threads)
    target = folder / "whole" / "long_depth.mp4"
    print(
        f"{frames} frames of 1280x720: {whole.seconds:.0f} s, {frames / whole.seconds:.1f} frames/s "
        "with start and joining"
    )
    early, late = whole.peak(frames // 10, frames // 5), whole.peak(frames // 5)
    print(
        f"peak memory: {early:.0f} MiB in frames {frames // 10} to {frames // 5}, {late:.0f} MiB after: "
        f"{late / early - 1:+.1%}"
    )
    print(f"every frame once, at its time: {frame_times(target) == frame_times(clip)}")


def measure_kills(folder: Path, frames: int, options: list[str], threads: int) -> None:
    """A clip killed three times against one never stopped, in a format without loss.

    x264 gives other bytes for the same 10-bit pictures from run to run on a busy machine, so its files tell nothing.
    """
    options, name = [*options, *LOSSLESS], "killed_depth.mkv"
    clip = folder / "killed.mp4"
    make_clip(clip, frames)
    run(clip, folder / "never", options, threads)
    for moment in sorted(random.sample(range(1, frames), 3)):
        outcome = run(clip, folder / "thrice", options, threads, kill_at=moment)
        print(f"  killed at about frame {moment}: {outcome.killed}")
    run(clip, folder / "thrice", options, threads)
    resumed = folder / "thrice" / name
    print(
        f"after three kills: {len(frame_times(resumed))} of {frames} frames, "
        f"{same(folder / 'never' / name, resumed)} as without a kill"
    )


def measure_overlap(folder: Path, frames: int, options: list[str], threads: int) -> None:
    """The same short clip with and without overlap, turn about; start-up, timed on one frame, is taken off."""
    clip, single = folder / "short.mp4", folder / "single.mp4"
    make_clip(clip, frames)
    make_clip(single, 1)
    startup = min(run(single, folder / "single", ["--overwrite", *options], threads).seconds for _ in range(2))
    best = {}
    for _ in range(2):
        for label, more in (("with", []), ("without", ["--no-overlap"])):
            seconds = run(clip, folder / "short", ["--overwrite", *options, *more], threads).seconds - startup
            best[label] = min(best.get(label, seconds), seconds)
    rates = {label: frames / seconds for label, seconds in best.items()}
    print(
        f"overlap ({frames} frames, best of 2, start-up of {startup:.1f} s taken off): "
        f"{rates['with']:.1f} frames/s with, "
        f"{rates['without']:.1f} without: {rates['with'] / rates['without']:.2f} x"
    )


def measure_against(folder: Path, frames: int, options: list[str], threads: int, before: Path) -> None:
    """An older checkout and this one on the same clip, turn about, start-up (a clip of one frame) taken off; how far their pictures are apart."""
    options, name = [*options, *LOSSLESS], "turns_depth.mkv"
    clip, single = folder / "turns.mp4", folder / "turns_single.mp4"
    make_clip(clip, frames)
    make_clip(single, 1)
    trees = {"before": before, "now": ROOT}
    starts = {key: run(single, folder / f"single_{key}", options, threads, tree=tree) for key, tree in trees.items()}
    found: dict[str, list[Outcome]] = {key: [] for key in trees}
    for turn in range(2):
        for key, tree in trees.items():
            found[key].append(run(clip, folder / f"{key}{turn}", options, threads, tree=tree))
    for key, outcomes in found.items():
        best = min(outcome.seconds for outcome in outcomes) - starts[key].seconds
        least = min(outcome.cpu_seconds for outcome in outcomes) - starts[key].cpu_seconds
        print(
            f"{key}: {frames / best:.2f} frames/s, {1000 * best / frames:.0f} ms a frame by the clock, "
            f"{1000 * least / frames:.0f} ms of the processor's time"
        )
    print(f"pictures: {difference(folder / 'before0' / name, folder / 'now0' / name)}")


def difference(a: Path, b: Path) -> str:
    """How far the values of two videos of 16 bits are apart."""
    most, unequal, total = 0, 0, 0
    for (_, one), (_, other) in zip(decoded(a), decoded(b)):
        off = numpy.abs(numpy.frombuffer(one, "<u2").astype(int) - numpy.frombuffer(other, "<u2"))
        most, unequal, total = max(most, int(off.max())), unequal + int((off > 64).sum()), total + off.size
    return f"{most / 65535:.2e} apart at most, {unequal / total:.2e} of the pixels by more than 0.001"


def measure_ray(folder: Path, frames: int, options: list[str], threads: int) -> None:
    """Workers of one core against this process, and two of which one is killed in the middle; in a format without loss.

    A clip of a quarter of the frames is taken off, and with it the start of all workers, which go on starting while the first frames
    are done.
    """
    options, name = [*options, *LOSSLESS], "ray_depth.mkv"
    clip, part = folder / "ray.mp4", folder / "ray_part.mp4"
    make_clip(clip, frames)
    make_clip(part, frames // 4)
    rates = {}
    for workers in (0, 1, 2):
        more = [*options, "--engine", "ray", "--workers", str(workers)] if workers else options
        startup = run(part, folder / f"part{workers}", more, threads).seconds
        seconds = run(clip, folder / f"ray{workers}", more, threads).seconds
        rates[workers] = (frames - frames // 4) / (seconds - startup)
        pictures = same(folder / "ray0" / name, folder / f"ray{workers}" / name)
        label = f"{workers} Ray worker(s)" if workers else "in this process"
        print(f"{label}: {rates[workers]:.1f} frames/s ({startup:.0f} s for a quarter taken off), {pictures}")
    print(f"two workers against one: {rates[2] / rates[1]:.2f} x; against this process: {rates[2] / rates[0]:.2f} x")
    outcome = run(clip, folder / "ray_killed", more, threads, kill_worker=frames // 3)
    pictures = same(folder / "ray0" / name, folder / "ray_killed" / name)
    print(f"one worker killed in the middle: {outcome.killed}; {pictures}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--short-frames", type=int, default=400)
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--format", default="h264-10-bit-mp4", help="an mp4 format")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", choices=("long", "kills", "overlap", "ray", "against"))
    parser.add_argument("--before", type=Path, help="with --only against: the folder of an older checkout")
    parser.add_argument("--ray", action="store_true")
    args = parser.parse_args()
    options = ["--resolution", str(args.resolution), "--device", "cpu", "--format", args.format]
    print(f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}, {args.threads} threads")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.only in (None, "overlap"):
            measure_overlap(folder, args.short_frames, options, args.threads)
        if args.only in (None, "long"):
            measure_long(folder, args.frames, options, args.threads)
        if args.only in (None, "kills"):
            measure_kills(folder, args.short_frames, options, args.threads)
        if args.only == "against":
            measure_against(folder, args.short_frames, options, args.threads, args.before.resolve())
        if args.only == "ray" or (args.ray and args.only is None):
            measure_ray(folder, args.short_frames, options, 1)


if __name__ == "__main__":
    main()

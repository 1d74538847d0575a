"""Which way is up on scenes in closed form: error in degrees over pitches and rolls, and how sure the finding is.

python development/benchmarks/gravity.py [--scene NAME ...] [--noise 0.005] [--soft 1] [--fov 60] [--time] [--traps]
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import gravity_scenes
import gravity_traps
from closed_form import angles

from sam3d_geometry.geometry import gravity

PITCHES = (-80, -70, -60, -46, -30, -15, -10, 0, 10, 15, 30, 46, 60, 70, 80)
ROLLS = (-45, -25, -10, 0, 10, 25, 45)
NEARLY = 5  # degrees: farther off is wrong to whoever levels by it
DOWN, LEVEL, UP = range(-80, -9), range(-15, 16), range(30, 81)
SCENES = {  # name -> pitches at which floor, ground or ceiling fill a fair share
    "floor_and_box": DOWN,
    "table_top": DOWN,
    "living_room": range(-80, 1),
    "street": range(-60, 16),
    "stairs": range(-60, 1),
    "ramp": DOWN,
    "ceiling": UP,
    "slope": LEVEL,
    "portrait": LEVEL,
    "wall": LEVEL,
    "frontal_wall": LEVEL,
    "wallpaper": LEVEL,
    "corner": LEVEL,
}
UPRIGHT = (0,)
ROLLS_OF = {
    "portrait": UPRIGHT,
    "wall": UPRIGHT,
    "frontal_wall": UPRIGHT,
    "corner": (-10, 0, 10),
}  # nothing tells a greater roll


def found(pointmap) -> tuple[torch.Tensor, float]:
    """Up in camera axes and the confidence, nan where the library has none yet."""
    if hasattr(gravity, "find_up"):
        result = gravity.find_up(pointmap)
        return -result.world_from_camera[0, 1], float(result.confidence[0])
    return -gravity.level_world(pointmap)[0, 1], float("nan")


def table(name: str, how_seen: dict) -> tuple[int, int]:
    rolls = ROLLS_OF.get(name, ROLLS)
    print(f"{name}: degrees off (confidence), roll {', '.join(map(str, rolls))}")
    good = count = 0
    for pitch in (p for p in PITCHES if p in SCENES[name]):
        cells = []
        for roll in rolls:
            scene = getattr(gravity_scenes, name)(pitch)
            up, confidence = found(gravity_scenes.seen(scene, pitch, roll, **how_seen))
            error = float(angles(up, gravity_scenes.true_up(pitch, roll)))
            good, count = good + (error < 1), count + 1
            cells.append(f"{error:6.1f} ({confidence:.2f})")
        print(f"  pitch {pitch:4d} " + " ".join(cells), flush=True)
    return good, count


def traps() -> None:
    """Over scenes that mislead: findings that are right, those of them that others act on, and wrong ones that others act on."""
    print(
        f"cells, within {NEARLY} degrees, these with confidence {gravity.DOUBTFUL} and more, wrong with {gravity.DOUBTFUL}, wrong with .8"
    )
    totals = [0] * 5
    for name, pitches in gravity_traps.TRAPS.items():
        counts = [0] * 5
        for pitch, roll, noise in itertools.product(pitches, ROLLS, (0.0, 0.01)):
            scene = getattr(gravity_traps, name)(pitch)
            up, confidence = found(gravity_scenes.seen(scene, pitch, roll, noise=noise))
            right = float(angles(up, gravity_scenes.true_up(pitch, roll))) <= NEARLY
            sure = confidence >= gravity.DOUBTFUL
            kinds = (True, right, right and sure, not right and sure, not right and confidence >= 0.8)
            counts = [count + kind for count, kind in zip(counts, kinds)]
        print(f"{name:14s} " + " ".join(f"{count:5d}" for count in counts), flush=True)
        totals = [total + count for total, count in zip(totals, counts)]
    print("all            " + " ".join(f"{total:5d}" for total in totals))


def seconds(rounds: int = 5) -> float:
    """The best time of one frame at 1080p."""
    frame = gravity_scenes.seen(gravity_scenes.living_room(-20), -20, 5, size=(1080, 1920))
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        gravity.level_world(frame)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", nargs="*", default=list(SCENES), choices=list(SCENES))
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--soft", type=int, default=0)
    parser.add_argument("--fov", type=float, default=60.0)
    parser.add_argument("--time", action="store_true", help="only the time of a frame at 1080p")
    parser.add_argument("--traps", action="store_true", help="only the count over scenes that mislead")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # the table says how sure each finding is
    if given.traps:
        traps()
        return
    if given.time:
        print(f"1920 x 1080, one frame: {1000 * seconds():.0f} ms")
        return
    totals = [table(name, {"noise": given.noise, "soft": given.soft, "fov": given.fov}) for name in given.scene]
    for name, (good, count) in zip(given.scene, totals):
        print(f"{name:16s} within 1 degree: {good} of {count}")
    print(f"all: {sum(g for g, _ in totals)} of {sum(c for _, c in totals)}")


if __name__ == "__main__":
    main()

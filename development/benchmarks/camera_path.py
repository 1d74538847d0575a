"""Accuracy of Align Sequence's camera path against the scene generator's: position as a share of the path, and rotation.

python development/benchmarks/camera_path.py [--frames 48] [--height 216] [--width 384] [--scenes 5] [--samples 2]

Clips: the film of `moving_room`, in which things move, and random scenes, indoors and out, through which a hand-held camera
walks or turns about what it sees. Depth is exact, or disturbed as an estimator disturbs it: noise from pixel to pixel, and
for each frame a scale within 10 %, a shift and a lens of its own. The worst frame counts; the first is the origin of both.
Each row twice: as Align Sequence finds the path frame by frame, and adjusted over the whole clip as its node gives it.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from development.benchmarks.video import disturbed
from development.scenes.camera_path import hand_held, orbit, travel
from development.scenes.layouts import random_scene
from development.scenes.moving_room import FRAME_RATE, film
from development.scenes.renderer import Rendering, render
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.views.clip_path import adjusted_path

KINDS = ("room", "street", "table top", "landscape", "abstract")
GOALS = (1.0, 0.3)  # percent of the path, degrees


@dataclass(frozen=True)
class PathError:
    """How far a path is from the true one: positions in percent of the way, rotations in degrees; of the worst frame and on average."""

    position: float
    mean_position: float
    rotation: float
    mean_rotation: float


def path_error(found: torch.Tensor, true: torch.Tensor, known_scale: bool) -> PathError:
    """Poses (T, 4, 4) against the true ones, both from the first frame on; `known_scale` False leaves the unit free."""
    true = torch.linalg.inv(true[0]) @ true
    places, wanted = found[:, :3, 3], true[:, :3, 3]
    if not known_scale:
        places = places * ((places * wanted).sum() / places.square().sum().clamp_min(1e-12))
    way = wanted.diff(dim=0).norm(dim=1).sum()
    off = 100 * (places - wanted).norm(dim=1) / way
    turned = found[:, :3, :3].mT @ true[:, :3, :3]
    sine = torch.stack(
        [turned[:, 2, 1] - turned[:, 1, 2], turned[:, 0, 2] - turned[:, 2, 0], turned[:, 1, 0] - turned[:, 0, 1]]
    )
    degrees = torch.rad2deg(torch.asin((sine.norm(dim=0) / 2).clamp_max(1)))
    return PathError(float(off.max()), float(off.mean()), float(degrees.max()), float(degrees.mean()))


def random_clip(number: int, frames: int, height: int, width: int, samples: int = 2) -> tuple[str, Rendering]:
    """A hand-held walk through a random scene, or every second time a ride about what it sees."""
    kind = KINDS[number % len(KINDS)]
    scene = random_scene(seed=1000 + number, kind=kind)
    depth = render(scene, scene.camera, 60, 80, samples=0).depth
    far = float(depth[depth > 0].median())
    if number % 2:
        pose = torch.from_numpy(scene.camera.world_from_camera)
        centre = (pose[:3, 3] + pose[:3, 2] * far).tolist()
        path = orbit(scene.camera, 360, centre)[:frames]  # a degree a frame
    else:
        path = travel(scene.camera, frames, right=0.15 * far, forward=0.2 * far, yaw_degrees=-5)
    path = hand_held(path, seed=number, metres=0.004 * far, degrees=0.5)
    times = [k / FRAME_RATE for k in range(frames)]
    return f"{kind}, {'around' if number % 2 else 'walk'}", render(
        scene, path, height, width, times=times, samples=samples
    )


def rows_of(name: str, truth: Rendering) -> list[tuple[str, PathError, float]]:
    rows = []
    inputs: dict[str, Pointmap] = {"exact": truth.pointmap(False), "disturbed": disturbed(truth, scale=True)}
    for kind, pointmap in inputs.items():
        start = time.process_time()
        aligned, _, done = align_sequence(pointmap, measure=False)
        middle = time.process_time()
        path = adjusted_path(aligned, done)
        for label, poses, seconds in (
            ("frame by frame", done.world_from_camera, middle - start),
            ("adjusted", path, time.process_time() - middle),
        ):
            error = path_error(poses, truth.world_from_camera, kind == "exact")
            rows.append((f"{name}, {kind}, {label}", error, 1000 * seconds / len(truth)))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--height", type=int, default=216)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--scenes", type=int, default=5, help="random scenes besides the film")
    parser.add_argument("--samples", type=int, default=2, help="rays a side of a pixel")
    args = parser.parse_args()
    size = (args.height, args.width)
    print(
        f"{args.frames} frames of {args.width} x {args.height}; goal: {GOALS[0]:g} % of the path, {GOALS[1]:g} degrees"
    )
    print(f"{'clip':50s}{'position':>10s}{'mean':>8s}{'rotation':>10s}{'mean':>8s}{'CPU ms a frame':>15s}")
    kept: dict[str, list[PathError]] = {}
    clips = [lambda: ("film of moving_room", film(args.frames, *size, samples=args.samples))]
    clips += [
        lambda number=number: random_clip(number, args.frames, *size, args.samples) for number in range(args.scenes)
    ]
    for make in clips:
        for label, e, ms in rows_of(*make()):
            kept.setdefault(label.rpartition(", ")[2], []).append(e)
            print(
                f"{label:50s}{e.position:9.2f}%{e.mean_position:7.2f}%{e.rotation:10.3f}{e.mean_rotation:8.3f}{ms:15.0f}",
                flush=True,
            )
    for how, errors in kept.items():
        held = sum(e.position <= GOALS[0] and e.rotation <= GOALS[1] for e in errors)
        print(f"{how}: within both goals {held} of {len(errors)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

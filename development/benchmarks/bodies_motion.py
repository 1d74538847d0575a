"""Steady Bodies on a walk whose truth is known, beside a plain average over time as ComfyUI's Smooth node takes it.

python development/benchmarks/bodies_motion.py [--frames 96] [--seeds 3] [--noise 0.5] [--gaits | --real]

A mannequin walks at 1 m/s before a camera that stands and before one that follows it (0.6 m/s sideways, panning, swaying); with
--gaits it moves in the ways of tests/support/gaits.py instead, before the camera that stands: feet that roll over heels and toes,
slow and fast, on a circle, up stairs, standing, jumping. With --real a real output of SAM 3D Body does, where they lie beside the
repository: its own bones, its own surface, and a skin by its shape, whose heels go a little with the shank even in truth. What an estimator makes of it: every joint trembles by --noise degrees in
every frame, the size by 3 %, the place by 5 mm and by 2 cm in depth. Told are, each as the mean of the seeds:

  skate   cm/s over the floor of heels and toes of feet that stand flat, by the truth, and of those that are found to stand; of the
          point that a foot stands on
  missed  % of the true frames of standing feet that are not found; wrong: % of those of other feet that are
  under   cm that the lowest vertex is below the floor, mean of the frames in which it is
  jerk    m/s^3 of the keypoints
  lag     frames by which the knees come later than they do
  picture px that keypoints are from where they are truly seen, median
  error   cm that keypoints are from where they are, mean
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import walkers
from gaits import GAITS, Gait, gait
from real_gait import real_gait, real_rig

from sam3d_geometry.bodies.bodies import Bodies
from sam3d_geometry.bodies.level_frame import HALF_TURN, points_to_level
from sam3d_geometry.bodies.rig import Rig
from sam3d_geometry.bodies.shot import FOOT_POINTS
from sam3d_geometry.bodies.skeleton import joints
from sam3d_geometry.bodies.steady import Steadying, steady_bodies
from sam3d_geometry.bodies.steady_report import foot_skate
from sam3d_geometry.geometry.rotations import rotation_from_degrees

WINDOW, SIGMA = 7, 1.5  # frames: of ComfyUI's Smooth, and what its Gaussian is taken to be
LAGS = range(-4, 5)
KNEES = joints(["l_lowleg", "r_lowleg"])


@dataclass(frozen=True)
class Scene:
    """Who moves how: `moves` makes it, given degrees of tremble and a seed; what is true of it, its rig, and the camera where it moves."""

    moves: Callable[[float, int], Bodies]
    contacts: torch.Tensor
    flat: torch.Tensor
    world: torch.Tensor
    rig: Rig
    camera: torch.Tensor | None = None

    def seen(self, noise: float, seed: int) -> Bodies:
        """The people in the axes of the camera, their joints trembling."""
        bodies = self.moves(noise, seed)
        return bodies if self.camera is None else seen_from(bodies, self.camera)


def scenes(frames: int, gaits: bool = False, real: bool = False) -> dict[str, Scene]:
    """What is measured, by name."""
    if gaits or real:
        made, rig = (real_gait, real_rig()) if real else (gait, walkers.rig())
        found = {}
        for name in GAITS:
            truth = made(name, frames)
            moves = partial(_moving, made, name, frames)
            found[name] = Scene(moves, truth.contacts[:, None], truth.flat[:, None], truth.world, rig)
        return found
    truth, way = walkers.walk(frames), following(frames)
    stands = truth.contacts[:, None]

    def moves(noise: float, seed: int) -> Bodies:
        return walkers.walk(frames, noise, seed).bodies

    still = Scene(moves, stands, stands, truth.world, walkers.rig())
    return {"still camera": still, "moving camera": replace(still, world=truth.world @ way, camera=way)}


def _moving(made: Callable[..., Gait], name: str, frames: int, noise: float, seed: int) -> Bodies:
    return made(name, frames, noise, seed).bodies


def seen_from(bodies: Bodies, camera: torch.Tensor) -> Bodies:
    """People in the axes of a still camera -> in those of one that moves by `camera` (T, 4, 4), from its axes to the still one's."""
    turn = camera[:, :3, :3].float()

    def turned(points: torch.Tensor) -> torch.Tensor:
        return torch.einsum("tba,tp...b->tp...a", turn, points)

    assert bodies.rotations is not None
    in_rig = (HALF_TURN @ camera[:, :3, :3].mT @ HALF_TURN).float()
    moved = replace(
        bodies,
        vertices=turned(bodies.vertices),
        joints=turned(bodies.joints),
        keypoints=turned(bodies.keypoints),
        rotations=in_rig[:, None, None] @ bodies.rotations,
        translations=turned(bodies.translations - camera[:, None, :3, 3].float()),
        parameters={},
    )
    return replace(moved, keypoints_2d=moved.projected(moved.keypoints))


def following(frames: int) -> torch.Tensor:
    """(T, 4, 4) float64: a camera that goes along at 0.6 m/s, pans to and fro by 6 degrees and sways by 2 cm."""
    poses = torch.eye(4, dtype=torch.float64).repeat(frames, 1, 1)
    for t in range(frames):
        seconds = torch.tensor(t / walkers.FPS, dtype=torch.float64)
        poses[t, :3, :3] = rotation_from_degrees(
            6 * float((1.5 * seconds).sin()), 1.5 * float((4 * seconds).sin()), 0.0
        )
        poses[t, :3, 3] = torch.stack([0.6 * seconds, 0.02 * (9 * seconds).sin(), 0.1 * seconds])
    return poses


def averaged(bodies: Bodies) -> Bodies:
    """A Gaussian over WINDOW frames of points and places, as ComfyUI's Smooth node does it."""
    offsets = torch.arange(WINDOW) - WINDOW // 2
    weights = torch.softmax(-0.5 * (offsets / SIGMA) ** 2, 0)
    at = (torch.arange(len(bodies))[:, None] + offsets).clamp(0, len(bodies) - 1)

    def smooth(values: torch.Tensor) -> torch.Tensor:
        return torch.einsum("w,tw...->t...", weights, values[at])

    names = ("joints", "keypoints", "translations", "vertices")
    made = replace(bodies, **{name: smooth(getattr(bodies, name)) for name in names})
    return replace(made, keypoints_2d=made.projected(made.keypoints))


def measures(bodies: Bodies, true: Bodies, scene: Scene, found: torch.Tensor) -> dict[str, float]:
    """What the heading tells, of one person in a level world; the contacts that are `found` are (T, 1, 2)."""
    world, contacts = scene.world, scene.contacts
    places, wanted = (points_to_level(b.keypoints[:, 0] + b.translations[:, 0, None], world) for b in (bodies, true))
    lowest = points_to_level(bodies.vertices[:, 0] + bodies.translations[:, 0, None], world)[..., 1].amin(1)
    feet = places[:, FOOT_POINTS.flatten()].unflatten(1, FOOT_POINTS.shape)
    still = feet.diff(dim=0)[..., (0, 2)].norm(dim=-1).amin(-1) * walkers.FPS * 100
    stands = found[1:, 0] & found[:-1, 0]
    under = -lowest[lowest < -1e-4]
    return {
        "skate": float(foot_skate(bodies, world, scene.flat, walkers.FPS)),
        "skate, found": float(foot_skate(bodies, world, found, walkers.FPS)),
        "of the point": float(still[stands].mean()),
        "missed": 100 * float((contacts & ~found).sum() / contacts.sum()),
        "wrong": 100 * float((~contacts & found).sum() / (~contacts).sum().clamp_min(1)),
        "under": 100 * float(under.mean()) if len(under) else 0.0,
        "jerk": float(places.diff(n=3, dim=0).norm(dim=-1).mean()) * walkers.FPS**3,
        "lag": float(lag(bodies, true)),
        "picture": float((bodies.keypoints_2d - true.keypoints_2d)[:, 0].norm(dim=-1).median()),
        "error": 100 * float((places - wanted).norm(dim=-1).mean()),
    }


def lag(bodies: Bodies, true: Bodies) -> int:
    """Frames by which the knees of `bodies` come later than true, where they are most alike."""
    own, wanted = ((b.joints[:, 0, KNEES] - b.joints[:, 0, 1:2])[..., 2].double() for b in (bodies, true))
    own, wanted = own - own.mean(0), wanted - wanted.mean(0)
    inside = slice(len(LAGS), len(own) - len(LAGS))
    alike = {shift: float((own.roll(-shift, 0) * wanted)[inside].sum()) for shift in LAGS}
    return max(alike, key=alike.__getitem__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--noise", type=float, default=0.5, help="degrees")
    parser.add_argument("--gaits", action="store_true", help="other ways to move than the walk")
    parser.add_argument("--real", action="store_true", help="a real person in these ways")
    args = parser.parse_args()
    how = Steadying(fps=walkers.FPS)
    for name, scene in scenes(args.frames, args.gaits, args.real).items():
        true = scene.seen(0.0, 0)
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for seed in range(args.seeds):
            seen = walkers.shaken(scene.seen(args.noise, seed), seed)
            shapes, skin = (steady_bodies(seen, scene.world, how, rig=rig) for rig in (None, scene.rig))
            for way, bodies, found in (
                ("true", true, scene.contacts),
                ("as it came", seen, skin.contacts),
                ("average", averaged(seen), skin.contacts),
                ("ours, no rig", shapes.bodies, shapes.contacts),
                ("ours, rig", skin.bodies, skin.contacts),
            ):
                rows[way].append(measures(bodies, true, scene, found))
        print(name.ljust(15), *(key.rjust(14) for key in rows["true"][0]))
        for way, each in rows.items():
            means = [sum(row[key] for row in each) / len(each) for key in each[0]]
            print(way.ljust(15), *(f"{mean:14.2f}" for mean in means), flush=True)


if __name__ == "__main__":
    main()

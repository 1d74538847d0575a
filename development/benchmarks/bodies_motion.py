"""Steady Bodies on a walk whose truth is known, beside a plain average over time as ComfyUI's Smooth node takes it.

python development/benchmarks/bodies_motion.py [--frames 96] [--seeds 3] [--noise 0.5]

A mannequin walks at 1 m/s before a camera that stands and before one that follows it (0.6 m/s sideways, panning, swaying). What an
estimator makes of it: every joint trembles by --noise degrees in every frame, the size by 3 %, the place by 5 mm and by 2 cm
in depth. Told are, each as the mean of the seeds:

  skate   cm/s over the floor of heels and toes of feet that stand, by the truth and by the contacts that are found; of the point that
          a foot stands on
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
from dataclasses import replace
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import walkers

from sam3d_geometry.bodies.bodies import Bodies
from sam3d_geometry.bodies.level_frame import HALF_TURN, points_to_level
from sam3d_geometry.bodies.shot import FOOT_POINTS
from sam3d_geometry.bodies.skeleton import joints
from sam3d_geometry.bodies.steady import Steadying, steady_bodies
from sam3d_geometry.bodies.steady_report import foot_skate
from sam3d_geometry.geometry.rotations import rotation_from_degrees

WINDOW, SIGMA = 7, 1.5  # frames: of ComfyUI's Smooth, and what its Gaussian is taken to be
LAGS = range(-4, 5)
KNEES = joints(["l_lowleg", "r_lowleg"])


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


def measures(
    bodies: Bodies, true: Bodies, world: torch.Tensor, contacts: torch.Tensor, found: torch.Tensor
) -> dict[str, float]:
    """What the heading tells, of one person in a level world (T, 4, 4); `contacts` of the truth and those `found` are (T, 1, 2)."""
    places, wanted = (points_to_level(b.keypoints[:, 0] + b.translations[:, 0, None], world) for b in (bodies, true))
    lowest = points_to_level(bodies.vertices[:, 0] + bodies.translations[:, 0, None], world)[..., 1].amin(1)
    feet = places[:, FOOT_POINTS.flatten()].unflatten(1, FOOT_POINTS.shape)
    still = feet.diff(dim=0)[..., (0, 2)].norm(dim=-1).amin(-1) * walkers.FPS * 100
    stands = found[1:, 0] & found[:-1, 0]
    under = -lowest[lowest < -1e-4]
    return {
        "skate, true contacts": float(foot_skate(bodies, world, contacts, walkers.FPS)),
        "skate, found": float(foot_skate(bodies, world, found, walkers.FPS)),
        "of the point": float(still[stands].mean()),
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
    args = parser.parse_args()
    how = Steadying(fps=walkers.FPS)
    truth = walkers.walk(args.frames)
    contacts = truth.contacts[:, None]
    for name, camera in (("still", None), ("moving", following(args.frames))):
        world = truth.world if camera is None else truth.world @ camera
        true = truth.bodies if camera is None else seen_from(truth.bodies, camera)
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for seed in range(args.seeds):
            seen = walkers.walk(args.frames, args.noise, seed).bodies
            seen = walkers.shaken(seen if camera is None else seen_from(seen, camera), seed)
            shapes, skin = (steady_bodies(seen, world, how, rig=rig) for rig in (None, walkers.rig()))
            for way, bodies, found in (
                ("true", true, contacts),
                ("as it came", seen, skin.contacts),
                ("average", averaged(seen), skin.contacts),
                ("ours, no rig", shapes.bodies, shapes.contacts),
                ("ours, rig", skin.bodies, skin.contacts),
            ):
                rows[way].append(measures(bodies, true, world, contacts, found))
        print(f"{name} camera".ljust(15), *(key.rjust(21) for key in rows["true"][0]))
        for way, each in rows.items():
            means = [sum(row[key] for row in each) / len(each) for key in each[0]]
            print(way.ljust(15), *(f"{mean:21.2f}" for mean in means))


if __name__ == "__main__":
    main()

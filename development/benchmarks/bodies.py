"""People placed in scenes of the generator: error of size and depth and shift in the picture, ours beside Meta's recipe.

python development/benchmarks/bodies.py [--trials 40] [--size 512] [--files FILE ...] [--fov-error 0.1] [--clip 300]

Each trial takes a body (real outputs of SAM 3D Body from --files, or mannequins), gives it a true size of 0.5 to 1.3, stands
it in a room, dresses it in up to 3 cm of cloth, hides a fifth of it in every other trial, lets the depth of its rim bleed into
the background, adds noise of 2 cm, and tells the pointmap a wrong field of view. The second way is that of the official
notebook: the ratio of heights, and then the difference of the means.
"""

from __future__ import annotations

import argparse
import logging
import math
import resource
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from development.scenes.closed_form import box_room
from development.scenes.renderer import render
from sam3d_geometry.bodies.bodies import Bodies
from sam3d_geometry.bodies.mannequin import mannequins
from sam3d_geometry.bodies.placement import Placing, place_bodies
from sam3d_geometry.bodies.surface import raster_of, seen_people
from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.files.body_file import read_bodies
from sam3d_geometry.geometry.camera import fov_x_degrees_from_focal_pixels, unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.mesh import vertex_normals

NOISE_M, CLOTH_M, BLEED, HIDDEN = 0.02, 0.03, 0.08, 0.2
SIZES = (0.5, 1.3)


def alone(bodies: Bodies, person: int) -> Bodies:
    """One person of one photo, moved to the middle of its picture."""
    one = bodies[:1]
    picked = {
        name: getattr(one, name)[:, person : person + 1]
        for name in (
            "present",
            "vertices",
            "joints",
            "keypoints",
            "keypoints_2d",
            "translations",
            "focal",
            "boxes",
            "sizes",
        )
    }
    moved = picked["translations"].clone()
    moved[..., 0] = 0
    found = replace(
        one, **picked | {"translations": moved}, rotations=None, face_keypoints=None, parameters={}, masks=None,
        track_ids=one.track_ids[:1],
    )  # fmt: skip
    return replace(found, keypoints_2d=found.projected(found.keypoints))


def dressed(bodies: Bodies, thickness: float) -> torch.Tensor:
    """Vertices (V, 3) in camera axes, each `thickness` metres out along its normal."""
    points = bodies.points(0, 0)
    return points + thickness * vertex_normals(points, bodies.require_faces())


def trial_scene(
    true: Bodies, size: tuple[int, int], random: torch.Generator, hidden: bool, fov_error: float
) -> tuple[Pointmap, torch.Tensor]:
    """The pointmap of a room with the true body in it, and where it shows the body (1, H, W) by an ideal mask."""
    floor = float(true.points(0, 0)[:, 1].max())
    ahead = float(true.translations[0, 0, 2])
    back = ahead + 1 + 3 * float(torch.rand((), generator=random))
    fov = fov_x_degrees_from_focal_pixels(float(true.focal[0, 0]), true.image_size[1])
    room = box_room((4.0, max(floor, 0.2), back), fov_x_degrees=fov)
    depth, k = render(room, room.camera, *size, samples=0).depth[0], true.intrinsics(0, 0)
    cloth = CLOTH_M * float(torch.rand((), generator=random))
    body = rasterize(dressed(true, cloth), true.require_faces(), k, *size)
    silhouette = body.face >= 0
    rim = silhouette & (_inside(silhouette) <= _inside(silhouette)[silhouette].float().quantile(BLEED))
    depth = torch.where(silhouette & ~rim, body.depth, depth)
    shown = silhouette.clone()
    if hidden:
        rows, columns = torch.nonzero(silhouette, as_tuple=True)
        if bool(torch.rand((), generator=random) < 0.5):
            cover = torch.arange(size[0])[:, None] >= rows.float().quantile(1 - HIDDEN)
        else:
            cover = torch.arange(size[1])[None] <= columns.float().quantile(HIDDEN)
        front = torch.full_like(depth, 0.75 * ahead)
        near = silhouette.any(0)[None] | silhouette.any(1)[:, None]
        depth, shown = torch.where(cover & near, front, depth), shown & ~cover
    depth = (depth + NOISE_M * torch.randn(depth.shape, generator=random)).clamp_min(0.05)
    told = k.clone()
    told[:2, :2] *= 1 + fov_error * (1 if bool(torch.rand((), generator=random) < 0.5) else -1)
    pointmap = Pointmap(
        unproject(depth[None], told[None]),
        mask=torch.ones(1, *size, dtype=torch.bool),
        intrinsics=told[None],
        image=torch.zeros(1, *size, 3),
        normals=None,
        metric=True,
        source_size=true.image_size,
    )
    return pointmap, shown[None]


def _inside(mask: torch.Tensor) -> torch.Tensor:
    """How many pixels (H, W) each pixel of a mask lies inside of its border, up to 30."""
    depth, left = torch.zeros(mask.shape), mask.float()
    for _ in range(30):
        depth += left
        left = -F.max_pool2d(-left[None, None], 3, stride=1, padding=1)[0, 0]
    return depth


def official_recipe(predicted: Bodies, pointmap: Pointmap, mask: torch.Tensor) -> tuple[float, torch.Tensor]:
    """Scale and placed vertices (V, 3): heights of the visible points and of the visible vertices, then their means."""
    raster = raster_of(predicted, 0, 0, pointmap.size)
    visible = mask[0] & (raster.face >= 0)
    source = predicted.points(0, 0)[predicted.require_faces()[raster.face[visible]].unique()]
    target = pointmap.points[0][visible]
    depths = target[:, 2]
    reach = float(depths.max() - depths.min())
    kept = target[depths <= depths.quantile(0.90 if reach > 6 else 0.93 if reach > 2 else 0.95)]
    scale = float((kept[:, 1].max() - kept[:, 1].min()) / (source[:, 1].max() - source[:, 1].min()))
    return scale, predicted.points(0, 0) * scale + (kept.mean(0) - scale * source.mean(0))


def pixels_of(bodies: Bodies, points: torch.Tensor) -> torch.Tensor:
    """Where points (V, 3) in camera axes are seen in the picture, (V, 2)."""
    return float(bodies.focal[0, 0]) * points[:, :2] / points[:, 2:]


def summary(name: str, rows: list[tuple[float, float, float]]) -> str:
    scale, depth, shift = (torch.tensor(column) for column in zip(*rows))
    return (
        f"{name:28} size {100 * scale.median():5.2f} % (worst {100 * scale.max():6.2f})   depth {100 * depth.median():5.2f} cm "
        f"(worst {100 * depth.max():6.2f})   in the picture {shift.median():6.2f} px (worst {shift.max():7.2f})"
    )


def repeated(bodies: Bodies, frames: int) -> Bodies:
    """The people of a photo in a clip of so many frames, each frame with memory of its own."""
    values = {f.name: getattr(bodies, f.name) for f in fields(bodies)}
    once = ("faces", "track_ids")
    tensors = {
        name: value[:1].repeat(frames, *[1] * (value.dim() - 1))
        for name, value in values.items()
        if isinstance(value, torch.Tensor) and name not in once
    }
    return replace(bodies, **tensors, parameters={}, masks=None)


def clip_cost(people: Bodies, frames: int, long_edge: int) -> str:
    """Seconds of one processor a frame for placing people in a clip, and the most memory that the process ever had."""
    clip = repeated(people, frames)
    height, width = people.image_size
    size = (round(long_edge * height / width), long_edge)
    seen = seen_people(people, 0, size).depth
    depth = torch.where(seen > 0, seen, seen.max() + 1)[None].expand(frames, -1, -1)
    intrinsics = people.intrinsics(0, 0).expand(frames, 3, 3)
    pointmap = Pointmap(
        unproject(depth, intrinsics),
        mask=depth > 0,
        intrinsics=intrinsics,
        image=torch.zeros(1, 1, 1, 3).expand(frames, *size, 3),
        normals=None,
        metric=True,
        source_size=people.image_size,
    )
    start = time.process_time()
    place_bodies(clip, pointmap, Placing(size_from="scene", ground_contact=False))
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{people.persons} people, {frames} frames: {spent / frames:.3f} s a frame, at most {peak:.0f} MiB in the process"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--files", type=Path, nargs="*", default=[])
    parser.add_argument("--fov-error", type=float, default=0.1)
    parser.add_argument("--clip", type=int, default=0, help="also place everybody in a clip of so many frames")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    if args.files:
        people = read_bodies(args.files)
    else:
        stand = [
            ({}, (0.0, 0.9, 4.0), 1.0),
            ({"root": (30.0, 0.0, 0.0), "l_upleg": (0.0, -30.0, 0.0)}, (0.0, 1.0, 5.0), 1.0),
        ]
        people = mannequins([stand], focal=1400.0, image_size=(890, 1600))
    ways: dict[str, list[tuple[float, float, float]]] = {}
    random = torch.Generator().manual_seed(11)
    for trial in range(args.trials):
        predicted = alone(people, trial % people.persons)
        true_size = SIZES[0] + (SIZES[1] - SIZES[0]) * float(torch.rand((), generator=random))
        true = predicted.scaled(torch.full((1, 1), true_size))
        height, width = predicted.image_size
        size = (round(args.size * height / width), args.size)
        pointmap, mask = trial_scene(true, size, random, trial % 2 == 1, args.fov_error)
        wanted = true.points(0, 0)
        for name, contact, given in (
            ("depth", False, None),
            ("depth, masked", False, mask),
            ("depth and ground", True, None),
        ):
            placed = place_bodies(
                predicted, pointmap, Placing(size_from="scene", ground_contact=contact), selection=given
            )
            ways.setdefault(name, []).append(
                _row(predicted, float(placed.bodies.sizes[0, 0]), placed.bodies.points(0, 0), wanted)
            )
        scale, points = official_recipe(predicted, pointmap, mask)
        ways.setdefault("ratio of heights, masked", []).append(_row(predicted, scale, points, wanted))
        if not math.isfinite(scale):
            raise SystemExit("The recipe gave no number.")
    for name, rows in ways.items():
        print(summary(name, rows))
    if args.clip:
        print(clip_cost(people, args.clip, args.size))


def _row(predicted: Bodies, scale: float, points: torch.Tensor, wanted: torch.Tensor) -> tuple[float, float, float]:
    true_scale = float(wanted[:, 2].mean() / predicted.points(0, 0)[:, 2].mean())
    shift = (pixels_of(predicted, points) - pixels_of(predicted, wanted)).norm(dim=-1).median()
    return abs(scale / true_scale - 1), abs(float((points - wanted)[:, 2].mean())), float(shift)


if __name__ == "__main__":
    main()

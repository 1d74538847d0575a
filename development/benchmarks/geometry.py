"""Accuracy on scenes whose geometry can be written down: prints each error beside its bound, exits 1 if one fails.

python development/benchmarks/geometry.py [--threads 2] [--small]    (--small leaves out 4K and 8K)
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import closed_form

from sam3d_geometry.estimate.focal import recover_focal_and_shift
from sam3d_geometry.geometry.camera import diagonal_focal_from_fov_x_degrees, fov_degrees_from_intrinsics
from sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from sam3d_geometry.geometry.normals import geometric_normals, normals_from_pointmap
from sam3d_geometry.geometry.resize import resize_depth
from sam3d_geometry.maps.depth import depth_picture, depth_range, true_depth

TILTS = (0, 30, 60, 75, 85)
SIZES = [(1, 1), (1, 64), (2, 3), (97, 131), (270, 480), (1080, 1920)]
UHD, UHD_8K = (2160, 3840), (4320, 7680)


class Report:
    """Prints a measured value beside its bound and remembers whether every one held."""

    def __init__(self) -> None:
        self.held = True

    def __call__(self, what: str, value: float, bound: float, unit: str = "") -> None:
        good = value <= bound  # False for nan
        self.held &= good
        print(f"  {'ok  ' if good else 'FAIL'} {what:66s} {value:10.2e}  bound {bound:g} {unit}", flush=True)

    def without_bound(self, what: str, value: float) -> None:
        """Prints a value for which nothing is promised, so that what a bound leaves out is seen."""
        print(f"       {what:66s} {value:10.2e}  no bound", flush=True)


def near(mask: torch.Tensor, pixels: int) -> torch.Tensor:
    """Pixels (B, H, W) within `pixels` of one where the mask is True."""
    return F.max_pool2d(mask[:, None].float(), 2 * pixels + 1, 1, pixels)[:, 0] > 0


def border(mask: torch.Tensor, pixels: int) -> torch.Tensor:
    """The mask with a frame of `pixels` at the image's edge added."""
    inner = torch.zeros_like(mask)
    inner[:, pixels:-pixels, pixels:-pixels] = True
    return mask | ~inner


def normals_of(depth: torch.Tensor) -> torch.Tensor:
    depth = depth.float()
    return geometric_normals(depth, depth > 0, closed_form.intrinsics(*depth.shape[1:]))


def worst(error: torch.Tensor) -> float:
    return float(error.max()) if error.numel() else 0.0


def depth_at_the_photos_size(report: Report, sizes: list[tuple[int, int]]) -> None:
    print("Depth at the pointmap's size, and upsampled by 2.5 and 4 (relative error)")
    scenes = {f"plane at {tilt} degrees": lambda h, w, tilt=tilt: closed_form.plane(h, w, tilt)[0] for tilt in TILTS}
    for name, scene in scenes.items():
        error = 0.0
        for size in sizes:
            truth = scene(*size)
            depth, mask = true_depth(closed_form.pointmap(truth))
            error = max(error, worst(((depth - truth).abs() / truth)[mask]))
        report(f"{name}, {sizes[0][1]} x {sizes[0][0]} to {sizes[-1][1]} x {sizes[-1][0]}", error, 1e-4)
        error, left_out = 0.0, 0.0
        for factor in (2.5, 4):
            small, large = scene(96, 128), scene(int(96 * factor), int(128 * factor))
            depth, mask = resize_depth(small.float(), small > 0, tuple(large.shape[1:]))
            # beside the horizon a pixel has neighbours on one side only, and is held
            inside = ~near((large == 0) | ~mask, 8)
            relative = (depth - large).abs() / large
            error = max(error, worst(relative[inside]))
            left_out = max(left_out, worst(relative[mask & (large > 0) & ~inside]))
        report(f"{name}, upsampled", error, 1e-4)
        report.without_bound(f"{name}, upsampled, beside the horizon", left_out)
    truths = {"sphere": closed_form.sphere, "box room": closed_form.box_room}
    for name, scene in truths.items():
        truth = scene(*sizes[-1])[0]
        depth, mask = true_depth(closed_form.pointmap(truth))
        report(f"{name}, {sizes[-1][1]} x {sizes[-1][0]}", worst(((depth - truth).abs() / truth)[mask]), 1e-4)
    # a curved surface cannot be exact between its samples: the mean over pixels away from the edges
    for name, scene in truths.items():
        small, large = scene(480, 640)[0], scene(1920, 2560)[0]
        depth, mask = resize_depth(small.float(), small > 0, tuple(large.shape[1:]))
        inside = ~border(near((large == 0) | ~mask, 12), 4)
        report(f"{name}, 640 x 480 upsampled by 4, mean", float(((depth - large).abs() / large)[inside].mean()), 1e-4)


def normals(report: Report, sizes: list[tuple[int, int]]) -> None:
    print("Normals (degrees)")
    for tilt in TILTS:
        error, length, facing = 0.0, 0.0, -1.0
        for size in (s for s in sizes if min(s) > 2):
            depth, truth = closed_form.plane(*size, tilt)
            found, valid = normals_of(depth), depth > 0
            # at the horizon's end a pixel may have a single neighbour, many times as far
            error = max(error, worst(closed_form.angles(found, truth)[~near(~valid, 3)]))
            length = max(length, worst((found.norm(dim=-1) - 1).abs()[valid]))
            facing = max(facing, worst((found * closed_form.rays(*size).float()).sum(-1)[valid]))
        report(f"plane at {tilt} degrees, worst pixel", error, 0.5)
        report(f"plane at {tilt} degrees, length less 1", length, 1e-4)
        report(f"plane at {tilt} degrees, n . view direction", facing, 0.0)
    size = sizes[-1]
    depth, truth = closed_form.sphere(*size)
    error = closed_form.angles(normals_of(depth), truth)
    report("sphere, mean away from its rim", float(error[~near(depth == 0, 3)].mean()), 0.5)
    report("sphere, worst away from its rim", worst(error[~near(depth == 0, 3)]), 10)
    depth, truth, axis = closed_form.box_room(*size)
    spread = F.max_pool2d(axis[:, None].float(), 3, 1, 1) + F.max_pool2d(-axis[:, None].float(), 3, 1, 1)
    error = closed_form.angles(normals_of(depth), truth)
    report("box room, worst away from its creases", worst(error[spread[:, 0] == 0]), 0.5)


def depth_edges(report: Report) -> None:
    print("Normals within 2 px of the edges of a box before a wall (degrees)")
    for size in ((240, 320), (288, 512)):
        for tilt in (0, 30, 60):
            depth, truth, box = closed_form.box_before_wall(*size, tilt_degrees=tilt)
            edge = near(box, 2) & near(~box, 2)
            name = f"{size[1]} x {size[0]}, box turned by {tilt}"
            report(name, worst(closed_form.angles(normals_of(depth), truth)[edge]), 10)
            for photo in ((731, 977), (1080, 1920)):
                pointmap = closed_form.pointmap(depth, source_size=photo)
                found, mask = normals_from_pointmap(pointmap)
                # between two samples either surface may be the true one; nothing else may appear
                either = closed_form.angles(found, truth[0, 0, 0]).minimum(closed_form.angles(found, truth[box][0]))
                report(f"{name}, at {photo[1]} x {photo[0]}", worst(either[mask]), 10)


def camera(report: Report) -> None:
    print("Focal length and gravity")
    try:
        from moge.utils.geometry_torch import recover_focal_shift
    except ImportError:
        recover_focal_shift = None
        print("       the moge package is not installed: only the scenes' own focal lengths are compared")
    torch.manual_seed(0)
    bumps = F.interpolate(torch.rand(8, 1, 6, 6) * 3 + 1, (240, 320), mode="bicubic")[:, 0].clamp_min(0.3)
    fovs = torch.linspace(25, 105, 8)
    rays = torch.cat([closed_form.rays(240, 320, float(fov)) for fov in fovs])
    for noise in (0.0, 0.01, 0.1):
        for hidden in (0.0, 0.3):
            points = rays.float() * bumps[..., None] * (1 + noise * torch.randn(8, 240, 320, 3))
            points[..., 2] -= 0.2
            mask = torch.rand(8, 240, 320) >= hidden
            found = recover_focal_and_shift(points, mask).focal
            if recover_focal_shift is not None:
                theirs, _ = recover_focal_shift(points, mask)
                error = worst((found / theirs - 1).abs())
                report(f"focal against upstream, noise {noise:g}, {hidden:.0%} masked", error, 5e-3)
            if noise == 0:
                truth = diagonal_focal_from_fov_x_degrees(fovs, 320 / 240)
                report(f"focal against the scene's own, {hidden:.0%} masked", worst((found / truth - 1).abs()), 5e-3)
    for pitch, roll in ((0, 0), (-30, 0), (-20, 15), (10, -25)):
        down = world_from_pitch_roll(pitch, roll)[0].double().T @ torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
        depth = 1.5 / (closed_form.rays(240, 320) @ down)
        depth = torch.where((depth > 0) & (depth < 50), depth, 0)
        rotation = level_world(closed_form.pointmap(depth))
        floor = (rotation @ -down.float()[:, None])[..., 0]
        error = closed_form.angles(floor, torch.tensor([0.0, -1, 0]))
        report(f"floor at pitch {pitch}, roll {roll} (degrees)", worst(error), 0.5)


def largest(report: Report) -> None:
    print("8K")
    pointmap = closed_form.pointmap(closed_form.plane(288, 512, 60)[0], source_size=UHD_8K)
    start = time.perf_counter()
    picture, _ = depth_picture(pointmap, depth_range(pointmap))
    seconds = time.perf_counter() - start
    report("picture of a 512 x 288 pointmap at 7680 x 4320 (seconds)", seconds, 5)
    report("pixels of it that are not finite", float((~torch.isfinite(picture)).sum()), 0)
    report("field of view kept (degrees)", abs(float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0]) - 60), 1e-3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--small", action="store_true", help="leave out 4K and 8K")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sizes = SIZES if options.small else [*SIZES, UHD]
    report = Report()
    depth_at_the_photos_size(report, sizes)
    normals(report, sizes)
    depth_edges(report)
    camera(report)
    if not options.small:
        largest(report)
    print("Every bound holds; see the lines without one." if report.held else "At least one bound does not hold.")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())

"""Speed of line art, curvature, occlusion, relief and depth masks at the photo's size, and their closed-form errors.

python development/benchmarks/detail.py [--rounds 3] [--threads 2] [--height 1080] [--width 1920] [--long-edge 512]

The pointmap is held at `--long-edge`, as Pointmap Inference gives it; the pictures come out at height x width.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import closed_form
from postprocessing import best_of_turns, landscape

from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.maps.ambient_occlusion import QUALITIES, ambient_occlusion, occlusion_at_photo
from sam3d_geometry.maps.curvature import curvature_at_photo, mean_curvature
from sam3d_geometry.maps.line_art import line_art
from sam3d_geometry.maps.normal_detail import exaggerate_detail, integrate_normals, normals_at_photo
from sam3d_geometry.maps.orientation import orientation_at_photo
from sam3d_geometry.maps.range_masks import depth_mask, height_mask
from sam3d_geometry.maps.region import region_at_photo


def speed(options: argparse.Namespace) -> None:
    scale = options.long_edge / max(options.height, options.width)
    small = landscape(round(options.height * scale), round(options.width * scale))
    frame = replace(small, source_size=(options.height, options.width))
    world = level_world(frame)
    works = {
        "line art": lambda: line_art(frame),
        "curvature and cavity": lambda: curvature_at_photo(frame, 0.1),
        "ambient occlusion, normal": lambda: occlusion_at_photo(frame, 0.3, smoothing=4),
        "ambient occlusion, fast": lambda: occlusion_at_photo(frame, 0.3, quality="fast", smoothing=4),
        "normal detail and its pointmap": lambda: normals_at_photo(exaggerate_detail(frame, 2.0, 8)),
        "orientation masks": lambda: orientation_at_photo(frame, world),
        "depth mask": lambda: depth_mask(frame, 1.0, 3.0, 0.2),
        "height mask": lambda: height_mask(frame, world, 1.0, 0.1, 1.0, 0.1),
        "region from point": lambda: region_at_photo(frame, 0.5, 0.9),
    }
    print(
        f"{options.width} x {options.height} from {small.size[1]} x {small.size[0]}, {options.threads} threads, ms a frame"
    )
    for name, (wall, processor) in best_of_turns(options.rounds, works).items():
        print(f"  {name:32s} {wall * 1e3:8.1f}   processor {processor * 1e3:8.1f}")


def corner_openness(distance: float, radius: float) -> float:
    """Of a floor at `distance` from an endless wall, weighted as `ambient_occlusion` says."""
    if distance >= radius:
        return 1.0
    r = torch.linspace(distance, radius, 4001, dtype=torch.float64)
    c = (distance / r).clamp(max=1)
    covered = (torch.acos(c) - c * (1 - c * c).sqrt()) / math.pi
    return 1 - float(torch.trapezoid(2 * r / radius**2 * covered, r))


def errors() -> None:
    print("Closed forms, greatest error:")
    depth, _, _ = closed_form.box_room(288, 384, half=(50.0, 1.5, 6.0))
    pointmap = closed_form.pointmap(depth)
    for quality, (directions, steps) in QUALITIES.items():
        found = ambient_occlusion(pointmap, None, 1.0, 1.0, directions, steps)[0, :, 184:200].mean(1)
        worst = 0.0
        for row in range(150, 288):
            y, z = pointmap.points[0, row, 192, 1:].tolist()
            distance = 6.0 - z if abs(y - 1.5) < 1e-3 else 1.5 - y
            if distance > 0.1:
                worst = max(worst, abs(float(found[row]) - corner_openness(distance, 1.0)))
        print(f"  openness beside a wall, quality {quality:8s} {worst:.4f}")
    for tilt in (0, 45, 75):
        plane = closed_form.pointmap(closed_form.plane(192, 256, tilt, 70.0)[0])
        print(
            f"  openness of a plane at {tilt} degrees       {1 - float(ambient_occlusion(plane, radius=0.5).min()):.5f}"
        )
    depth, normals = closed_form.sphere(192, 256)
    inner = normals[..., 2] < -0.5
    bend = mean_curvature(closed_form.pointmap(depth), smoothing=2)[inner]
    print(f"  curvature of a ball, median relative     {abs(float(bend.median()) - 1):.4f}")
    flat, k = torch.where(inner, 3.3, 0.0), closed_form.intrinsics(192, 256)
    logs = (integrate_normals(normals.float(), flat, inner, k, 1e4).double() / depth)[inner].log()
    print(f"  depth of a ball from its normals         {float((logs - logs.mean()).abs().max()):.5f}")
    depth, normal = closed_form.plane(192, 256, 50, 70.0)
    flat = torch.full((1, 192, 256), 2.0)
    found = integrate_normals(normal.float().expand(1, 192, 256, 3), flat, flat > 0, k, 1e4)
    logs = (found.double() / depth).log()
    print(f"  depth of a plane from its normals        {float((logs - logs.mean()).abs().max()):.5f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--long-edge", type=int, default=512)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    speed(options)
    errors()


if __name__ == "__main__":
    main()

"""Relight and composites: errors beside their bounds, ms a frame, and memory over a clip; exits 1 if a bound fails.

python development/benchmarks/relight.py [--threads 2] [--size 1080x1920] [--rounds 3] [--frames 100]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import closed_form
from geometry import Report
from lit_scenes import BOX, PANEL, box_on_floor, far_from_edge, lamp, lamp_in_world, seen, surface_of, true_shadow

from sam3d_geometry.effects.light.composite import Compositing, composite
from sam3d_geometry.effects.light.layer import LayerPlacement, card_layer, mesh_layer, place_layer
from sam3d_geometry.effects.light.relight import Relighting, added_light, relight
from sam3d_geometry.effects.light.shadow import Casting, cast_shadow
from sam3d_geometry.effects.light.surface import surface_at_image

FRONT = [(0.7, -1.0, -1.5), (-1.0, -1.2, -0.5), (1.0, -1.3, -0.9)]
BEHIND = [(0.5, -1.5, 4.5), (-1.0, -1.0, 5.0)]
MATT = Relighting(specular=0.0, shadow_strength=0.0)


def shading(report: Report) -> None:
    print("Lambert under a point light, against the closed form")
    scenes = {f"plane, tilt {tilt}": closed_form.plane(480, 640, tilt, 70.0) for tilt in (0, 35, 65)}
    scenes["sphere"] = closed_form.sphere(480, 640)
    for name, (depth, normals) in scenes.items():
        surface = surface_at_image(closed_form.pointmap(depth))
        position, reach = (0.6, -0.4, 0.9), 1.2
        found = added_light(surface, [lamp(position, reach=reach)], MATT)[0][..., 0]
        points = surface.points.double()
        away = torch.tensor(position, dtype=torch.float64) - points
        distance = away.norm(dim=-1)
        exact = ((away * normals).sum(-1) / distance).clamp_min(0) * (reach / distance) ** 2
        facing = -(normals * torch.nn.functional.normalize(points, dim=-1)).sum(-1)
        held = surface.mask & (facing > 0.3)
        error = (found - exact).abs()
        report(f"{name}: error as a share of the brightest", float(error[held].max() / exact[held].max()), 0.01)
        report.without_bound(f"{name}: the same at the very rim", float(error[surface.mask].max() / exact.max()))


def shadows(report: Report) -> None:
    print("Shadow of a box on a floor at 540 x 960, against ray casting: pixels more than 1 px wrong")
    held = Casting(thickness=0.01, bias=5e-4)
    for what, half_size in (("box", BOX), ("panel", PANEL)):
        scene = box_on_floor(half_size)
        rendering = seen(scene, 540, 960)
        surface = surface_of(rendering)
        floor = rendering.object_ids[0] == 0
        for position in FRONT + BEHIND:
            truth = true_shadow(scene, rendering, position)
            found = cast_shadow(surface, lamp_in_world(scene, position), held)[0] > 0.5
            wrong, name = far_from_edge(found, truth, floor), f"{what}, lamp at {position}, of {int(truth.sum())}"
            if position in FRONT:
                report(name, wrong, 0)
            else:
                report.without_bound(f"{name} (lamp behind: hidden faces)", wrong)


def clip_frame(height: int, width: int) -> closed_form.Pointmap:
    """A box on a floor at 288 x 512 that stands for a photo of the given size."""
    rendering = seen(box_on_floor(), 288, 512)
    image = torch.rand(1, 288, 512, 3, generator=torch.Generator().manual_seed(0))
    return replace(rendering.pointmap(False), image=image, source_size=(height, width))


def timed(rounds: int, function) -> float:
    """Milliseconds of the fastest of some rounds, after one to warm up."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * min(times[1:])


def works(pointmap, size):
    """Names and functions of one frame each, from the pointmap to the picture, on the pointmap's device."""
    device = pointmap.points.device
    photo = torch.rand(1, *size, 3, generator=torch.Generator().manual_seed(1)).to(device)
    surface = surface_at_image(pointmap, photo, 8)
    hard, soft = (lamp((1.0, -0.8, 0.5), reach=2.0, radius=r).to(device) for r in (0.0, 0.1))
    standing = place_layer(LayerPlacement(where="surface", pixel=(0.3, 0.7)), pointmap)
    hanging = place_layer(LayerPlacement(where="distance", pixel=(0.5, 0.5)), pointmap)
    card = torch.rand(1, 512, 512, 4, generator=torch.Generator().manual_seed(2)).to(device)
    steps = torch.linspace(-0.5, 0.5, 100, device=device)
    grid = torch.cartesian_prod(steps, steps)
    vertices = torch.cat([grid, (grid.square().sum(1, keepdim=True) * 4).cos() * 0.2], 1)[None]
    first = (torch.arange(99, device=device)[:, None] * 100 + torch.arange(99, device=device)).reshape(-1)
    faces = torch.cat(
        [torch.stack([first, first + 1, first + 100], 1), torch.stack([first + 1, first + 101, first + 100], 1)]
    )
    return {
        "geometry and normals to the picture's size": lambda: surface_at_image(pointmap, photo, 8),
        "relight, no shadow": lambda: relight(surface, [hard], Relighting(shadow_strength=0.0)),
        "relight, hard shadow at 1024": lambda: relight(surface, [hard]),
        "relight, hard shadow at full size": lambda: relight(surface, [hard], Relighting(shadow_resolution=0)),
        "relight, soft shadow of 8 samples": lambda: relight(surface, [soft]),
        "composite, card, no shadow": lambda: composite(surface, card_layer(card, hanging, surface), hanging),
        "composite, card with contact shadow and refined edges": lambda: composite(
            surface, card_layer(card, standing, surface), standing, Compositing(edge_refine=4)
        ),
        "composite, mesh of 19602 triangles": lambda: composite(
            surface, mesh_layer(vertices, faces[None], hanging, surface), hanging
        ),
    }


def peak_megabytes() -> float:
    """Peak memory of this process so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    parser = argparse.ArgumentParser(description="Errors, speed and memory of Relight and the composites.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", default="1080x1920", help="height x width of the picture, default 1080x1920")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=100, help="frames of the clip whose memory is watched")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = tuple(int(side) for side in options.size.split("x"))
    report = Report()
    shading(report)
    shadows(report)
    print(f"ms a frame at {size[1]} x {size[0]}, {options.threads} threads")
    all_works = works(clip_frame(*size), size)
    for name, function in all_works.items():
        print(f"       {name:66s} {timed(options.rounds, function):10.0f} ms", flush=True)
    relit, mixed = all_works["relight, hard shadow at 1024"], all_works["composite, card, no shadow"]
    relit(), mixed()
    before = peak_megabytes()
    for _ in range(options.frames):
        relit(), mixed()
    report(f"growth of peak memory over {options.frames} frames", peak_megabytes() - before, 200, "MB")
    sys.exit(0 if report.held else 1)


if __name__ == "__main__":
    main()

"""Depth of field against a ray-traced thin lens and the obvious depth-masked Gaussian; fog against Beer and Lambert; speed.

python development/benchmarks/lens.py [--views 96] [--height 240] [--width 320] [--rounds 3] [--threads 2] [--no-speed]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from development.scenes.closed_form import box_before_wall, sphere_on_plane
from development.scenes.layouts import random_scene
from development.scenes.renderer import render
from development.scenes.scene import Scene
from development.scenes.thin_lens import at_infinity, render_through_lens
from sam3d_geometry.effects.air.fog import FogLayer, FogLook, Glow, fog, transmission
from sam3d_geometry.effects.air.fog_noise import drifting_noise
from sam3d_geometry.effects.lens.aperture import Aperture
from sam3d_geometry.effects.lens.blur_layers import blur_layers
from sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from sam3d_geometry.effects.lens.thin_lens import circle_of_confusion
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.colour import linear_from_srgb, srgb_from_linear
from sam3d_geometry.geometry.pointmap import Pointmap

BLUR = 0.05  # diameter of the disc at infinity, as a share of the width


def masked_gaussian(pointmap: Pointmap, focus: torch.Tensor, blur: torch.Tensor) -> torch.Tensor:
    """What most packs do: Gaussian copies of the sRGB picture, chosen and mixed by each pixel's own blur."""
    radius = circle_of_confusion(pointmap.depth, pointmap.mask, focus, blur).abs() * (pointmap.size[1] / 2)
    picture = pointmap.image.movedim(-1, 1)
    copies = [picture]
    levels = max(1, math.ceil(float(radius.max())))
    for level in range(1, levels + 1):
        reach = math.ceil(1.5 * level)
        bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / (level / 2)).square())
        bell = (bell / bell.sum()).view(1, 1, 1, -1).expand(3, 1, 1, -1)
        padded = F.pad(picture, (reach, reach, reach, reach), mode="replicate")
        across = F.conv2d(padded, bell, groups=3)
        copies.append(F.conv2d(across, bell.transpose(2, 3), groups=3))
    stack = torch.stack(copies)
    low = radius.floor().long().clamp(0, levels - 1)[None, :, None].expand(1, -1, 3, -1, -1)
    mixed = torch.lerp(stack.gather(0, low), stack.gather(0, low + 1), (radius - low[0, :, 0])[None, :, None])
    return mixed[0].movedim(1, -1)


def psnr(picture: torch.Tensor, truth: torch.Tensor) -> float:
    return -10 * math.log10(max(float((picture - truth).square().mean()), 1e-12))


def scenes() -> dict[str, tuple[Scene, float]]:
    """Scenes and the distance to focus on."""
    box = box_before_wall(distance=2, wall_distance=6)
    return {
        "box before a wall, the box sharp": (box, 2.0),
        "box before a wall, the wall sharp": (box, 6.0),
        "sphere on a floor, sharp": (sphere_on_plane(), 0.0),
        **{
            f"random {kind}": (random_scene(seed=7, kind=kind), 0.0)
            for kind in ("room", "table top", "street", "portrait")
        },
    }


def against_the_lens(height: int, width: int, views: int) -> None:
    print(
        f"Depth of field, {width} x {height}, PSNR in dB of the sRGB picture against {views} views through a thin lens:"
    )
    for name, (scene, focus) in scenes().items():
        pinhole = render(scene, scene.camera, height, width, samples=3, dtype=torch.float32)
        pointmap = pinhole.pointmap(False)
        seen = pointmap.depth[pointmap.mask]
        focus = focus or float(pointmap.depth[:, height // 2, width // 2].max()) or float(seen.median())
        # nothing may come so near that its disc is a large part of the picture
        share = min(BLUR, 0.12 / max(1e-6, focus / float(seen.min()) - 1))
        lens_radius = share / at_infinity(scene.camera, focus, 1.0)
        truth = srgb_from_linear(
            render_through_lens(scene, scene.camera, height, width, focus=focus, lens_radius=lens_radius, views=views)
        )
        pointmap = replace(pointmap, image=srgb_from_linear(pointmap.image.square()))
        given = torch.tensor([focus]), torch.tensor([share])
        ours = depth_of_field(pointmap, *given, largest=0.3)[0][0]
        plain = masked_gaussian(pointmap, *given)[0]
        print(
            f"  {name:36s} ours {psnr(ours, truth):5.2f}   masked Gaussian {psnr(plain, truth):5.2f}   "
            f"photo itself {psnr(pointmap.image[0], truth):5.2f}"
        )


def point_lights() -> None:
    print("Discs of point lights, 300 x 300 (radius from the area above half of the disc's own light):")
    for radius in (-30.0, -8.4, 5.3, 12.7, 22.2, 47.0):
        light = torch.zeros(300, 300, 3)
        light[150, 150] = 1000.0
        spread = blur_layers(light, torch.full((300, 300), radius), Aperture())[..., 0]
        inside = spread > 0.5 * 1000 / (math.pi * radius**2)
        found = math.sqrt(float(inside.sum()) / math.pi)
        energy = float(spread.double().sum()) / 1000 - 1
        print(f"  radius {radius:6.1f} px: {found:6.2f} px, energy {100 * energy:+.4f} %")


def fog_error() -> None:
    scene = box_before_wall(distance=2, wall_distance=6)
    pinhole = render(scene, scene.camera, 240, 320, samples=0)
    pointmap = pinhole.pointmap(False)
    distance = pinhole.points.double().norm(dim=-1)
    level = torch.eye(3)[None]
    even = transmission(pointmap, FogLayer(0.4), level)
    error = (even - torch.exp(-0.4 * distance)).abs()[pointmap.mask].max()
    print(f"Fog: transmission differs from exp(-beta d) by at most {float(error):.1e}")
    layer = FogLayer(0.8, falloff=0.5, camera=0.7)
    steps = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
    rays = pinhole.points[0, ::16, ::16].double()
    height = 0.7 - rays[..., 1, None] * steps
    depth = (0.8 * torch.exp(-height / 0.5)).mean(-1) * rays.norm(dim=-1)
    error = (transmission(pointmap, layer, level)[0, ::16, ::16] - torch.exp(-depth)).abs().max()
    print(f"     height fog differs from the integral in 4000 steps by at most {float(error):.1e}")


def best_time(rounds: int, work: Callable[[], object]) -> tuple[float, float]:
    """Shortest wall and processor time in seconds."""
    best = (math.inf, math.inf)
    for _ in range(rounds + 1):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        best = min(best[0], time.perf_counter() - wall), min(best[1], time.process_time() - processor)
    return best


def photo_like(height: int, width: int, frames: int = 1) -> Pointmap:
    """A person-sized sharp shape on a floor before a far wall and sky, with something near at the bottom."""
    v, u = ((torch.arange(height) + 0.5) / height)[:, None], ((torch.arange(width) + 0.5) / width)[None, :]
    depth = (1.0 / (v - 0.45).clamp_min(0.05)).expand(height, width)
    body = ((u - 0.5).abs() < 0.12) & (v > 0.2) | ((u - 0.5).square() + ((v - 0.15) * 0.6).square() < 0.004)
    depth = torch.where(body, 3.0, depth)
    depth = torch.where((u < 0.3) & (v > 0.75), 1.2, depth)
    mask = (v > 0.3) | body
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, height, width, 3, generator=generator)
    depth = torch.where(mask, depth, 0)[None]
    intrinsics = intrinsics_from_fov_x_degrees(60.0, height, width)
    one = Pointmap(
        unproject(depth, intrinsics),
        mask[None],
        intrinsics,
        image,
        normals=None,
        metric=True,
        source_size=(height, width),
    )
    return one if frames == 1 else one[[0] * frames]


def speed(rounds: int, threads: int, device: str) -> None:
    torch.set_num_threads(threads)
    pointmap = photo_like(1080, 1920).to(device)
    focus = torch.tensor([3.0], device=device)

    def finished(result: tuple[torch.Tensor, ...]) -> None:
        if result[0].is_cuda:
            torch.cuda.synchronize()

    def lens(percent: float, aperture: Aperture, highlights: float = 3.0) -> Callable[[], None]:
        blur = torch.tensor([percent / 100], device=device)
        return lambda: finished(depth_of_field(pointmap, focus, blur, aperture, highlights))

    even, high = FogLayer(0.3), FogLayer(0.3, falloff=0.5, camera=1.0)
    glowing = FogLook(glow=0.5, desaturate=0.3)
    sun = Glow(torch.tensor([[0.0, -0.3, 0.954]]), torch.tensor([1.0, 0.85, 0.6]))
    works = {
        "depth of field, 1 % blur": lens(1, Aperture()),
        "depth of field, 2 % blur": lens(2, Aperture()),
        "depth of field, 2 %, hexagon": lens(2, Aperture("polygon", 6)),
        "depth of field, 2 %, cat's eye": lens(2, Aperture(cats_eye=0.5)),
        "depth of field, 5 % blur": lens(5, Aperture()),
        "fog, even": lambda: finished(fog(pointmap, even)),
        "fog, thinning with height, glow, desaturation": lambda: finished(fog(pointmap, high, glowing, glows=[sun])),
        "fog, the same with noise": lambda: finished(
            fog(pointmap, high, glowing, None, drifting_noise(1, 0.5, 1.0, 0.0), [sun])
        ),
        "(to linear light and back alone)": lambda: finished((srgb_from_linear(linear_from_srgb(pointmap.image)),)),
    }
    print(f"Speed, 1920 x 1080, {threads} threads, {device}, best of {rounds}:")
    for name, work in works.items():
        wall, processor = best_time(rounds, work)
        print(f"  {name:46s} {wall * 1e3:7.1f} ms a frame   (processor {processor * 1e3:7.1f} ms)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=96)
    parser.add_argument("--height", type=int, default=240)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-speed", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    point_lights()
    fog_error()
    against_the_lens(options.height, options.width, options.views)
    if not options.no_speed:
        speed(options.rounds, options.threads, options.device)


if __name__ == "__main__":
    main()

"""Refine Edges against truth and the usual ways to enlarge depth: what lies between surfaces, edges, planes, views, flicker, speed.

python development/benchmarks/refine.py [--height 540] [--scenes 1] [--threads 2] [--rounds 7] [--pictures FOLDER] [--memory]

Rendered scenes are shrunk 2, 4 and 8 times as a soft network would give them: averaged, blurred by one pixel, and with noise of
0.5 %. The guided filter (He, Sun and Tang 2013) and the joint bilateral upsampling (Kopf et al. 2007) are written out here.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy
import torch
from PIL import Image
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from development.scenes.layouts import random_scene
from development.scenes.renderer import Rendering, render
from sam3d_geometry.effects.camera.camera_move import ViewSettings, new_picture, patches_of_frames
from sam3d_geometry.effects.camera.edge_sharpening import sharpened
from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject, view_plane_axes
from sam3d_geometry.geometry.colour import luminance
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.resize import pointmap_at_size, resize_image
from sam3d_geometry.geometry.surfaces import DEPTH_EDGE, depth_edges, inverse_depth
from sam3d_geometry.maps.enlarge import gaussian_blur

KINDS = (("room", 3), ("table top", 4), ("portrait", 5), ("street", 7), ("room", 8))
SHRINKS = (2, 4, 8)
BLUR, NOISE = 1.0, 0.005  # pixels of the small map; of its inverse depth
NEAR_ENOUGH = 2.0  # pixels within which two boundaries are one
FARTHEST = 16.0  # pixels up to which the distance of boundaries is counted


def soft(truth: Rendering, shrink: int, seed: int = 0) -> Pointmap:
    """What a soft network would give of a rendering of one frame."""
    height, width = truth.depth.shape[1:]
    inverse = inverse_depth(truth.depth, truth.mask)
    size = (height // shrink, width // shrink)
    mean, cover = (F.interpolate(v[:, None].float(), size, mode="area")[:, 0] for v in (inverse, truth.mask))
    cover = gaussian_blur(cover, BLUR)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(seed))
    mean = gaussian_blur(mean, BLUR) / cover.clamp_min(1e-6) * (1 + NOISE * noise)
    mask = cover >= 0.5
    depth = torch.where(mask, 1 / mean.clamp_min(1e-9), 0)
    return Pointmap(
        unproject(depth, truth.intrinsics.float()),
        mask,
        truth.intrinsics.float(),
        resize_image(truth.image, size),
        normals=None,
        metric=True,
        source_size=(height, width),
    )


def bilinear(pointmap: Pointmap, photo: torch.Tensor) -> torch.Tensor:
    """Inverse depth (1, H, W) at the photo's size, the sky's being 0."""
    inverse = inverse_depth(pointmap.depth, pointmap.mask)
    return F.interpolate(inverse[:, None], photo.shape[1:3], mode="bilinear", align_corners=False)[:, 0]


def guided(pointmap: Pointmap, photo: torch.Tensor) -> torch.Tensor:
    """The bilinear enlargement filtered by the photo's luminance, over windows of four small pixels."""
    values, guide = bilinear(pointmap, photo)[:, None], luminance(photo)[:, None]
    radius = 2 * photo.shape[1] // pointmap.size[0]

    def mean(of: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(of, 2 * radius + 1, 1, radius, count_include_pad=False)

    middle, level = mean(guide), mean(values)
    gain = (mean(guide * values) - middle * level) / (mean(guide * guide) - middle * middle + 1e-3)
    return (mean(gain) * guide + mean(level - gain * middle))[:, 0].clamp_min(0)


def joint_bilateral(pointmap: Pointmap, photo: torch.Tensor) -> torch.Tensor:
    """The mean of 5 x 5 small pixels by their distance (1 pixel) and colour (0.1)."""
    size = photo.shape[1:3]
    inverse = inverse_depth(pointmap.depth, pointmap.mask)[0]
    rows, columns = ((torch.arange(n) + 0.5) * (m / n) - 0.5 for n, m in zip(size, pointmap.size))
    total, weights = torch.zeros(size), torch.zeros(size)
    for down in range(-2, 3):
        for right in range(-2, 3):
            y = (rows.round() + down).long().clamp(0, pointmap.size[0] - 1)
            x = (columns.round() + right).long().clamp(0, pointmap.size[1] - 1)
            unlike = (pointmap.image[0][y][:, x] - photo[0]).square().sum(-1)
            apart = (rows - rows.round() - down).square()[:, None] + (columns - columns.round() - right).square()
            weight = torch.exp(-apart / 2 - unlike / (2 * 0.1**2)) + 1e-12
            total += weight * inverse[y][:, x]
            weights += weight
    return (total / weights)[None]


def of_pointmap(pointmap: Pointmap) -> torch.Tensor:
    return inverse_depth(pointmap.depth, pointmap.mask)


METHODS: dict[str, Callable[[Pointmap, torch.Tensor], torch.Tensor]] = {
    "bilinear": bilinear,
    "Resize Pointmap": lambda pointmap, photo: of_pointmap(pointmap_at_size(pointmap, photo)),
    "guided filter": guided,
    "joint bilateral": joint_bilateral,
    "Refine Edges": lambda pointmap, photo: of_pointmap(refine_depth_edges(pointmap, photo)[0]),
}


def between_surfaces(inverse: torch.Tensor, truth: torch.Tensor, reach: int) -> torch.Tensor:
    """(H, W) bool: pixels that are off every true surface within `reach` pixels by more than DEPTH_EDGE."""
    rows, columns = torch.nonzero((inverse - truth).abs() > DEPTH_EDGE * torch.maximum(inverse, truth), as_tuple=True)
    wide = F.pad(truth[None, None], (reach,) * 4, mode="replicate")[0, 0]
    value, off = inverse[rows, columns], torch.ones(len(rows), dtype=torch.bool)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            there = wide[rows + down, columns + right]
            off &= (value - there).abs() > DEPTH_EDGE * torch.maximum(value, there)
    found = torch.zeros_like(truth, dtype=torch.bool)
    found[rows, columns] = off
    return found


def boundary(inverse: torch.Tensor, radius: int) -> torch.Tensor:
    """(H, W) bool: depth edges; ramps of soft maps are made steps first, or they would have none."""
    steps = sharpened(inverse, radius)[None]
    seen = F.max_pool2d(steps, 3, 1, 1) > 0
    return (depth_edges(1 / steps.clamp_min(1e-12), steps > 0) & seen)[0]


def distance_to(region: torch.Tensor) -> torch.Tensor:
    distance = cv2.distanceTransform((~region).numpy().astype(numpy.uint8), cv2.DIST_L2, 5)
    return torch.from_numpy(distance).clamp_max(FARTHEST)


def scores(inverse: torch.Tensor, truth: torch.Tensor, shrink: int) -> tuple[float, ...]:
    """Percent between surfaces, percent off by more than 5 %, F1 of the boundary, its distance in pixels, both ways."""
    found, real = boundary(inverse, shrink), boundary(truth, 1)
    to_real, to_found = distance_to(real)[found], distance_to(found)[real]
    precision, recall = (float((d <= NEAR_ENOUGH).float().mean()) for d in (to_real, to_found))
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    wrong = (inverse - truth).abs() > DEPTH_EDGE * torch.maximum(inverse, truth)
    between = between_surfaces(inverse, truth, 2 * shrink + 2)
    offset = 0.5 * float(to_real.mean() + to_found.mean())
    return 100 * float(between.float().mean()), 100 * float(wrong.float().mean()), f1, offset


def quality(rendered: list[tuple[str, Rendering]]) -> None:
    print(
        "Mean over the scenes: % between surfaces, % off by more than 5 %, F1 of edges within 2 px, their distance in px"
    )
    each: dict[tuple[int, str], list[float]] = defaultdict(list)
    for shrink in SHRINKS:
        for method, enlarge in METHODS.items():
            found = []
            for kind, truth in rendered:
                values = enlarge(soft(truth, shrink), truth.image)[0]
                found.append(scores(values, inverse_depth(truth.depth, truth.mask)[0], shrink))
                each[shrink, kind].append(found[-1][0])
            between, wrong, f1, offset = (sum(column) / len(column) for column in zip(*found))
            print(f"  {shrink} x  {method:16s} {between:6.2f} {wrong:6.2f}   {f1:.3f} {offset:6.2f}", flush=True)


def planes() -> None:
    worst = 0.0
    for tilt in (0, 30, 60, 80):
        for azimuth in (0, 35, 90):
            a, b = math.radians(tilt), math.radians(azimuth)
            normal = torch.tensor([math.sin(a) * math.cos(b), math.sin(a) * math.sin(b), -math.cos(a)])

            def plane(height: int, width: int, normal: torch.Tensor = normal) -> Pointmap:
                k = intrinsics_from_fov_x_degrees(50.0, height, width)
                x, y = view_plane_axes(k, height, width)
                inverse = (normal[0] * x + normal[1] * y + normal[2]) / (2 * normal[2])
                near = inverse > 0.12  # away from the horizon
                points = unproject(torch.where(near, 1 / inverse.clamp_min(1e-6), 0), k)
                image = torch.zeros(1, height, width, 3)
                return Pointmap(points, near, k, image, normals=None, metric=True, source_size=(height, width))

            photo = torch.rand(1, 270, 480, 3, generator=torch.Generator().manual_seed(tilt))
            found, truth = refine_depth_edges(plane(90, 160), photo)[0], plane(270, 480)
            # eight pixels of the pointmap beside the horizon are left out, which is an edge of the sky
            inside = -F.max_pool2d(-(found.mask & truth.mask).float(), 49, 1, 24) > 0
            off = (found.depth / truth.depth.clamp_min(1e-6) - 1).abs()[inside]
            worst = max(worst, float(off.max()))
    print(f"Planes at 0 to 80 degrees under a photo of noise, enlarged three times: worst relative error {worst:.1e}")


def psnr(image: torch.Tensor, truth: torch.Tensor) -> float:
    return -10 * math.log10(max(float((image - truth).square().mean()), 1e-12))


def views(options: argparse.Namespace) -> None:
    """Camera Move with the soft pointmap and the refined one against what the second camera really sees; a cut at a distance."""
    print(
        "Camera aside by 5 % of the median depth, PSNR dB; and % of pixels on the wrong side of a cut at the median depth"
    )
    for kind, seed in KINDS:
        scene = random_scene(seed, kind)
        depth = render(scene, scene.camera, 60, 80, samples=0).depth
        median = float(depth[depth > 0].median())
        cameras = [scene.camera, scene.camera.moved(right=0.05 * median)]
        truth = render(scene, cameras, options.height, options.height * 16 // 9, samples=2, dtype=torch.float32)
        first = replace(truth, **{name: getattr(truth, name)[:1] for name in Rendering.__dataclass_fields__})
        new_from_old = (torch.linalg.inv(truth.world_from_camera[1]) @ truth.world_from_camera[0]).float()
        blurred = soft(first, 4)
        pictures, line = [first.image[0], truth.image[1]], f"  {kind:9s} {seed}"
        for name, pointmap in (("soft", blurred), ("refined", refine_depth_edges(blurred, first.image)[0])):
            (patches,) = patches_of_frames(pointmap, first.image, ViewSettings(), None)
            view, _ = new_picture(patches, new_from_old, patches.intrinsics)
            large = pointmap_at_size(pointmap, first.image)
            cut = ((large.depth < median) & large.mask) != ((first.depth < median) & first.mask)
            pictures.append(view)
            line += f"   {name} {psnr(view, truth.image[1]):5.2f} dB {100 * float(cut.float().mean()):5.2f} %"
        print(line, flush=True)
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            sheet = torch.cat(pictures, 1).clamp(0, 1).mul(255).to(torch.uint8).numpy()
            Image.fromarray(sheet).save(options.pictures / f"{kind.replace(' ', '_')}_{seed}.jpg", quality=90)


def flicker(truth: Rendering) -> None:
    """A still scene whose photo and geometry have new noise in each frame: pixels that change their surface, and wrong ones."""
    photos, pointmaps = [], []
    for i in range(8):
        noise = torch.randn(truth.image.shape, generator=torch.Generator().manual_seed(100 + i))
        photos.append((truth.image + 0.03 * noise).clamp(0, 1))
        pointmaps.append(replace(soft(truth, 4, seed=i), image=resize_image(photos[-1], soft(truth, 4).size)))
    real = inverse_depth(truth.depth, truth.mask)
    alone = [refine_depth_edges(p, photo)[0] for p, photo in zip(pointmaps, photos)]
    steady, _ = refine_depth_edges(Pointmap.cat(pointmaps), torch.cat(photos))
    print(
        "Still clip with noise of 3 % in the photo: % of pixels that change by more than 5 % from frame to frame, % wrong"
    )
    for name, frames in (("each frame by itself", Pointmap.cat(alone)), ("as a clip", steady)):
        inverse = of_pointmap(frames)
        changed = (inverse[1:] - inverse[:-1]).abs() > DEPTH_EDGE * torch.maximum(inverse[1:], inverse[:-1])
        wrong = (inverse - real).abs() > DEPTH_EDGE * torch.maximum(inverse, real)
        print(f"  {name:20s} {100 * float(changed.float().mean()):.3f}  {100 * float(wrong.float().mean()):.3f}")


def large_frame(height: int, width: int, truth: Rendering) -> tuple[Pointmap, torch.Tensor]:
    """A soft pointmap with a long edge of 512, and its photo of this size."""
    small = soft(truth, max(1, round(truth.depth.shape[2] / 512)))
    photo = F.interpolate(truth.image.movedim(-1, 1), (height, width), mode="bicubic").movedim(1, -1).clamp(0, 1)
    return replace(small, source_size=(height, width)), photo.contiguous()


def speed(options: argparse.Namespace, rendered: list[tuple[str, Rendering]]) -> None:
    torch.set_num_threads(options.threads)
    print(
        f"1920 x 1080 from a long edge of about 512, {options.threads} threads, best of {options.rounds}: wall and processor time"
    )
    for kind, truth in rendered:
        pointmap, photo = large_frame(1080, 1920, truth)
        _, state = refine_depth_edges(pointmap, photo)
        wall = cpu = math.inf
        for _ in range(options.rounds):
            start, busy = time.perf_counter(), time.process_time()
            refine_depth_edges(pointmap, photo, state=state)
            wall, cpu = min(wall, time.perf_counter() - start), min(cpu, time.process_time() - busy)
        print(f"  {kind:9s} {1e3 * wall:6.0f} ms  {1e3 * cpu:6.0f} ms", flush=True)


def memory(truth: Rendering) -> None:
    pointmap, photo = large_frame(4320, 7680, truth)
    start, busy = time.perf_counter(), time.process_time()
    refine_depth_edges(pointmap, photo)
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"7680 x 4320: {wall:.1f} s, of them {cpu:.1f} s of the processor; the whole process takes {peak:.1f} GiB at its peak"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--height", type=int, default=540, help="of the scenes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the views: photo, truth, soft, refined")
    parser.add_argument("--memory", action="store_true", help="8K only")
    options = parser.parse_args()
    width = options.height * 16 // 9
    rendered = []
    for kind, seed in KINDS[:1] if options.memory else KINDS:
        scene = random_scene(seed, kind)
        rendered.append((kind, render(scene, scene.camera, options.height, width, samples=2, dtype=torch.float32)))
    if options.memory:
        memory(rendered[0][1])
        return
    speed(options, rendered)
    planes()
    quality(rendered)
    flicker(rendered[0][1])
    views(options)


if __name__ == "__main__":
    main()

"""Camera Move against truth and the plain ways: quality, rubber sheets, holes, speed and memory; prints the figures.

python development/benchmarks/camera_move.py [--height 360] [--scenes 2] [--rounds 5] [--threads 2] [--device cuda]

Truth is the generator's own rendering from the second camera. The plain ways are a backward warp (the photo's depth taken for
that of the new picture) and a splat of one pixel per point with a z-buffer. Speed is at 1920 x 1080.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from development.scenes.layouts import random_scene
from development.scenes.renderer import Rendering, render
from sam3d_geometry.effects.camera.camera_move import camera_move, new_picture
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.effects.camera.hole_filling import fill_holes
from sam3d_geometry.effects.camera.homography import pixel_homography
from sam3d_geometry.effects.camera.neighbourhood import around
from sam3d_geometry.effects.camera.patches import Patches
from sam3d_geometry.effects.camera.reprojection import reproject
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.scene_scale import scene_depth

# kind, first seed, move as shares of the scene's median depth
MOVES = (
    ("room", 3, {"right": 0.05}),
    ("table top", 4, {"right": 0.04, "down": -0.03}),
    ("portrait", 5, {"right": 0.05}),
    ("street", 7, {"right": 0.04, "forward": 0.05}),
    ("room", 8, {"forward": 0.1, "yaw_degrees": 3.0}),
)
FINE = 4  # the geometry that says what is hidden is rendered this many times finer
OFF = 0.05  # a point whose inverse depth is off that of a surface by more than this share lies beside it
HIDDEN = 0.02  # a point further than what the photo sees on its ray, by this share, is hidden


def naive_splat(points: torch.Tensor, image: torch.Tensor, intrinsics: torch.Tensor, new_from_old: torch.Tensor):
    """One pixel per point and a z-buffer: image (H, W, 3) and which pixels were hit (H, W)."""
    height, width = image.shape[:2]
    moved = points.reshape(-1, 3) @ new_from_old[:3, :3].T + new_from_old[:3, 3]
    z = moved[:, 2]
    x = ((moved[:, 0] / z * intrinsics[0, 0] + intrinsics[0, 2]) * width - 0.5).round()
    y = ((moved[:, 1] / z * intrinsics[1, 1] + intrinsics[1, 2]) * height - 0.5).round()
    inside = (z > 1e-6) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    target = torch.where(inside, y * width + x, height * width).long()
    buffer = torch.full((height * width + 1,), math.inf, device=z.device).scatter_reduce_(0, target, z, "amin")
    front = inside & (z == buffer[target])
    out = torch.zeros(height * width, 3, device=z.device)
    out[target[front]] = image.reshape(-1, 3)[front]
    return out.view(height, width, 3), torch.isfinite(buffer[:-1]).view(height, width)


def backward_warp(patches: Patches, new_from_old: torch.Tensor) -> torch.Tensor:
    """The photo's depth taken for the new picture's: grid_sample; everything between surfaces is stretched."""
    height, width = patches.height, patches.width
    k = patches.intrinsics
    a, b = (torch.tensor(t) for t in pixel_homography(k, k, torch.linalg.inv(new_from_old), height, width))
    rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    back = torch.stack([columns, rows, torch.ones_like(rows)], -1) @ a.T + patches.inverse_depth[..., None] * b
    scale = torch.tensor([2 / width, 2 / height])
    grid = back[..., :2] / back[..., 2:] * scale + scale / 2 - 1
    return F.grid_sample(patches.planes, grid[None], padding_mode="border", align_corners=False)[0].movedim(0, -1)


def truly_visible(truth: Rendering, fine_depth: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels of the second frame whose point the first camera sees, by the exact geometry."""
    height, width = truth.depth.shape[1:]
    old_from_new = torch.linalg.inv(truth.world_from_camera[0]) @ truth.world_from_camera[1]
    k, depth = truth.intrinsics[0].double(), truth.depth[1].double()
    sky = depth == 0
    rays = unproject(torch.ones(1, height, width, dtype=torch.float64), truth.intrinsics[1:].double())[0]
    points = (rays * torch.where(sky, 1, depth)[..., None]) @ old_from_new[:3, :3].T
    points = torch.where(sky[..., None], points, points + old_from_new[:3, 3])
    z = points[..., 2]
    u, v = points[..., 0] / z * k[0, 0] + k[0, 2], points[..., 1] / z * k[1, 1] + k[1, 2]
    inside = (z > 0) & (u >= 0) & (u < 1) & (v >= 0) & (v < 1)
    fine_height, fine_width = fine_depth.shape
    row, column = (v * fine_height).long().clamp(0, fine_height - 1), (u * fine_width).long().clamp(0, fine_width - 1)
    met = fine_depth[row, column].double()
    return inside & torch.where(sky, met == 0, (met > 0) & (z <= met * (1 + HIDDEN)))


def psnr(image: torch.Tensor, truth: torch.Tensor, where: torch.Tensor) -> float:
    return -10 * math.log10(max(float((image - truth).square().mean(-1)[where].mean()), 1e-12))


def ssim(image: torch.Tensor, truth: torch.Tensor, where: torch.Tensor) -> float:
    from skimage.metrics import structural_similarity

    _, similar = structural_similarity(
        truth.numpy(), image.clamp(0, 1).numpy(), channel_axis=-1, data_range=1.0, full=True, gaussian_weights=True,
        sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    return float(torch.from_numpy(similar).mean(-1)[where].mean())


def between_surfaces(
    inverse_depth: torch.Tensor, seen: torch.Tensor, patches: Patches, new_from_old: torch.Tensor
) -> torch.Tensor:
    """(H, W) bool: pixels whose point, taken back to the photo, is off the inverse depth of all four pixels around."""
    height, width = seen.shape
    depth = torch.where(inverse_depth > 0, 1 / inverse_depth.clamp_min(1e-12), 0)
    points = unproject(depth[None].double(), patches.intrinsics[None].double())[0]
    old_from_new = torch.linalg.inv(new_from_old)
    x, y, z = (points @ old_from_new[:3, :3].T + old_from_new[:3, 3]).unbind(-1)
    k = patches.intrinsics.double()
    column = (x / z * k[0, 0] + k[0, 2]) * width - 0.5
    row = (y / z * k[1, 1] + k[1, 2]) * height - 0.5
    nearest = torch.full_like(z, math.inf)
    for down in (0, 1):
        for right in (0, 1):
            at_row = (row.floor() + down).nan_to_num().clamp(0, height - 1).long()
            at_column = (column.floor() + right).nan_to_num().clamp(0, width - 1).long()
            nearest = torch.minimum(nearest, (patches.inverse_depth[at_row, at_column] * z - 1).abs())
    return (seen > 0) & (inverse_depth > 0) & (nearest > OFF)


def on_a_surface(inverse_depth: torch.Tensor, fine_depth: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels with a point of the exact geometry of the same camera in or right beside them at that depth."""
    height, width = inverse_depth.shape
    fine = torch.where(fine_depth > 0, 1 / fine_depth.clamp_min(1e-12), 0)
    reach = FINE // 2
    fine = F.pad(fine[None, None], (reach,) * 4, mode="replicate")[0, 0]
    found = torch.zeros_like(inverse_depth, dtype=torch.bool)
    for down in range(2 * FINE):
        for right in range(2 * FINE):
            there = fine[down : down + FINE * height : FINE, right : right + FINE * width : FINE]
            found |= (inverse_depth - there).abs() <= OFF * torch.maximum(inverse_depth, there)
    return found


def off_by_a_pixel(holes: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: where `holes` differ from what is truly hidden with all eight pixels around it."""
    widest, narrowest = around(hidden, torch.logical_or), ~around(~hidden, torch.logical_or)
    return (holes & ~widest) | (~holes & narrowest)


def quality(options: argparse.Namespace) -> None:
    height, width = options.height, options.height * 16 // 9
    print(
        f"Against truth at {width} x {height}: PSNR dB and SSIM over truly visible pixels (one without the picture black)"
    )
    union = overlap = beyond = steep = sheets = 0
    for kind, first_seed, move in MOVES:
        for seed in range(first_seed, first_seed + options.scenes):
            scene = random_scene(seed, kind)
            depth = render(scene, scene.camera, 60, 80, samples=0).depth
            median = float(depth[depth > 0].median())
            to = scene.camera.moved(**{k: v if "degrees" in k else v * median for k, v in move.items()})
            truth = render(scene, [scene.camera, to], height, width, samples=2)
            fine, fine_new = (
                render(scene, camera, height * FINE, width * FINE, samples=0, dtype=torch.float32).depth[0]
                for camera in (scene.camera, to)
            )
            visible = truly_visible(truth, fine)
            new_from_old = torch.linalg.inv(truth.world_from_camera[1]) @ truth.world_from_camera[0]
            patches = Patches.of_frame(truth.pointmap()[0])
            k = patches.intrinsics
            view = reproject(patches, new_from_old, k)
            shift = pixel_homography(k, k, new_from_old, height, width).b
            filled = fill_holes(view, shift, patches.fringe(1), 1)
            splat, hit = naive_splat(truth.points[0], truth.image[0], k, new_from_old.float())
            warp = backward_warp(patches, new_from_old)
            holes = view.seen < 0.5
            overlap += int((holes & ~visible).sum())
            union += int((holes | ~visible).sum())
            beyond += int(off_by_a_pixel(holes, ~visible).sum())
            between = between_surfaces(view.inverse_depth, view.seen, patches, new_from_old)
            stretched = between & ~on_a_surface(view.inverse_depth, fine_new)
            steep += int((between & ~stretched).sum())
            sheets += int(stretched.sum())
            figures = [
                f"{name} {psnr(picture, truth.image[1], visible):5.2f} {ssim(picture, truth.image[1], visible):.4f}"
                for name, picture in (("ours", filled), ("splat", splat), ("warp", warp))
            ]
            iou = int((holes & ~visible).sum()) / max(int((holes | ~visible).sum()), 1)
            print(
                f"  {kind:9s} {seed:2d}  {'  '.join(figures)}  in the holes {psnr(filled, truth.image[1], ~visible):5.2f}  "
                f"hole IoU {iou:.3f} (splat {float((~hit & ~visible).sum() / (~hit | ~visible).sum()):.3f})  "
                f"sheets {int(stretched.sum())} of {int(between.sum())}"
            )
    print(
        f"  hole IoU over all pixels of all scenes {overlap / max(union, 1):.3f}, with a pixel of tolerance "
        f"{1 - beyond / max(union, 1):.3f}; rubber-sheet pixels {sheets}, and {steep} between pixels of the photo where the "
        "exact geometry has a surface"
    )


def best_of_turns(rounds: int, works: dict, device: torch.device) -> dict[str, float]:
    """Shortest time of each work in ms; they take turns, so that a busy machine troubles all alike."""
    best = dict.fromkeys(works, math.inf)
    for turn in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn > 0:
                best[name] = min(best[name], (time.perf_counter() - start) * 1e3)
    return best


def speed(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    scene = random_scene(3, "room")
    truth = render(scene, scene.camera, 1080, 1920, dtype=torch.float32)
    pointmap = truth.pointmap(with_normals=False).to(device)
    far = scene_depth(pointmap)
    new_from_old = torch.eye(4)
    new_from_old[0, 3], new_from_old[2, 3] = -0.04 * far, -0.02 * far
    patches = Patches.of_frame(pointmap)
    on_device = new_from_old.to(device)
    works = {
        "one-pixel z-buffer splat": lambda: naive_splat(
            pointmap.points[0], pointmap.image[0], pointmap.intrinsics[0], on_device
        ),
        "ours, a frame of a still": lambda: new_picture(patches, new_from_old, patches.intrinsics),
        "ours, a frame of a clip": lambda: new_picture(
            Patches.of_frame(pointmap), new_from_old, patches.intrinsics, True, 4
        ),
        "ours, holes not filled": lambda: reproject(patches, new_from_old, patches.intrinsics),
        "ours, not antialiased": lambda: reproject(patches, new_from_old, patches.intrinsics, antialias=False),
    }
    print(f"1920 x 1080 on {options.device}, {options.threads} threads, best of {options.rounds}")
    times = best_of_turns(options.rounds, works, device)
    for name, ms in times.items():
        print(
            f"  {name:26s} {ms:7.1f} ms  {1000 / ms:6.1f} frames/s  {ms / times['one-pixel z-buffer splat']:.2f} x splat"
        )


def memory(options: argparse.Namespace) -> None:
    scene = random_scene(3, "room")
    pointmap = render(scene, scene.camera, 270, 480, dtype=torch.float32).pointmap(with_normals=False)
    peaks = []
    for frames in (4, options.frames):
        for _ in camera_move(pointmap, preset_path("orbit", frames, 0.1, scene_depth(pointmap))):
            pass
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"Peak memory {peaks[0]:.0f} MB after 4 frames, {peaks[1]:.0f} MB after {options.frames} more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--height", type=int, default=360, help="of the scenes for quality")
    parser.add_argument("--scenes", type=int, default=2, help="seeds for each move")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=100, help="for the memory figure")
    parser.add_argument("--device", default="cpu", help="for speed: cpu, cuda, mps")
    options = parser.parse_args()
    memory(options)
    speed(options)
    quality(options)


if __name__ == "__main__":
    main()

"""Speed and memory of depth and normals against the obvious torch versions: same frame, taking turns; prints ratios.

python development/benchmarks/postprocessing.py [--rounds 7] [--threads 2] [--height 1080] [--width 1920] [--frames 300]
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.normals import geometric_normals, normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.maps.depth import depth_picture, depth_range

FRAMES_AT_ONCE = 4
CLIP = 0.5  # percent at each end


def landscape(height: int, width: int, frames: int = 1, source_size: tuple[int, int] | None = None) -> Pointmap:
    """A rolling floor before boxes under a sky, seen through a 60 degree lens."""
    v = ((torch.arange(height) + 0.5) / height)[:, None]
    u = ((torch.arange(width) + 0.5) / width)[None, :]
    depth = 0.6 / (v - 0.3).clamp_min(0.02) * (1 + 0.05 * torch.sin(u * 20) * torch.cos(v * 17))
    for left, top, near in ((0.1, 0.4, 2.0), (0.4, 0.5, 1.5), (0.7, 0.35, 3.0)):
        box = (u > left) & (u < left + 0.15) & (v > top) & (v < top + 0.3)
        depth = torch.where(box, near + 0.3 * u, depth)
    mask = (v > 0.25).expand(height, width)
    depth, mask = (torch.where(mask, depth, 0).expand(frames, -1, -1), mask.expand(frames, -1, -1).clone())
    intrinsics = intrinsics_from_fov_x_degrees(60.0, height, width).expand(frames, 3, 3).clone()
    image = torch.zeros(frames, height, width, 3)
    return Pointmap(
        unproject(depth, intrinsics),
        mask,
        intrinsics,
        image,
        normals=None,
        metric=False,
        source_size=source_size or (height, width),
    )


def our_depth(pointmap: Pointmap) -> torch.Tensor:
    picture, _ = depth_picture(pointmap, depth_range(pointmap, "per frame", clip_percent=CLIP))
    return apply_colormap(picture, "magma")


def max_min_depth(pointmap: Pointmap, table: torch.Tensor) -> torch.Tensor:
    """Linear between the least and the greatest valid depth, then a table of 256 colours."""
    depth, mask = pointmap.points[..., 2], pointmap.mask
    near, far = depth[mask].min(), depth[mask].max()
    picture = torch.where(mask, 1 - (depth - near) / (far - near), 0)
    return table[(picture * 255).long()]


def quantile_depth(pointmap: Pointmap, table: torch.Tensor) -> torch.Tensor:
    """Disparity between its percentiles over all valid pixels, then a table of 256 colours."""
    depth, mask = pointmap.points[..., 2], pointmap.mask
    disparity = 1 / depth[mask]
    low, high = torch.quantile(disparity, torch.tensor([CLIP / 100, 1 - CLIP / 100]))
    picture = torch.where(mask, ((1 / depth - low) / (high - low)).clamp(0, 1), 0)
    return table[(picture * 255).long()]


def our_normals(pointmap: Pointmap) -> torch.Tensor:
    normals = geometric_normals(pointmap.depth, pointmap.mask, pointmap.intrinsics)
    return encode_normals(normals, "opengl", pointmap.mask)


def _encoded(normals: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    colours = normals * torch.tensor([0.5, -0.5, -0.5]) + 0.5
    return torch.where(mask[..., None], colours, torch.tensor([0.5, 0.5, 1.0]))


def one_sided_normals(pointmap: Pointmap) -> torch.Tensor:
    """Forward differences and their cross product; streaks at every depth edge."""
    points = F.pad(pointmap.points.movedim(-1, 1), (0, 1, 0, 1), mode="replicate").movedim(1, -1)
    across = points[:, :-1, 1:] - points[:, :-1, :-1]
    down = points[:, 1:, :-1] - points[:, :-1, :-1]
    normals = F.normalize(torch.linalg.cross(down, across), dim=-1)
    return _encoded(normals, pointmap.mask)


def central_normals(pointmap: Pointmap) -> torch.Tensor:
    """Central differences, cross product, and the steepest percent of depth jumps taken for edges and left flat."""
    points = F.pad(pointmap.points.movedim(-1, 1), (1, 1, 1, 1), mode="replicate").movedim(1, -1)
    across = points[:, 1:-1, 2:] - points[:, 1:-1, :-2]
    down = points[:, 2:, 1:-1] - points[:, :-2, 1:-1]
    normals = F.normalize(torch.linalg.cross(down, across), dim=-1)
    jump = torch.maximum(across[..., 2].abs(), down[..., 2].abs()) / pointmap.points[..., 2].clamp_min(1e-6)
    edge = jump > torch.quantile(jump[pointmap.mask], 0.99)
    return _encoded(normals, pointmap.mask & ~edge)


def kornia_normals(pointmap: Pointmap) -> torch.Tensor:
    """kornia's Sobel gradients of the points and their cross product."""
    from kornia.geometry.depth import depth_to_normals

    height, width = pointmap.size
    camera = pointmap.intrinsics * torch.tensor([[width], [height], [1.0]])
    return _encoded(depth_to_normals(pointmap.depth[:, None], camera).movedim(1, -1), pointmap.mask)


def best_of_turns(rounds: int, works: dict[str, Callable[[], torch.Tensor]]) -> dict[str, tuple[float, float]]:
    """Shortest wall and processor time of each work in seconds; they take turns, so that load troubles all."""
    best = dict.fromkeys(works, (math.inf, math.inf))
    for turn in range(rounds + 1):
        for name, work in works.items():
            wall, processor = time.perf_counter(), time.process_time()
            work()
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            if turn > 0:
                best[name] = (min(best[name][0], wall), min(best[name][1], processor))
    return best


def print_ratios(title: str, times: dict[str, tuple[float, float]]) -> None:
    """Processor time is little troubled by other programs, but is only fair with one thread: waiting threads spin."""
    ours = times["ours"]
    print(title)
    for name, (wall, processor) in times.items():
        print(
            f"  {name:44s} {wall * 1e3:7.1f} ms {wall / ours[0]:5.2f} x ours,   "
            f"processor {processor * 1e3:7.1f} ms {processor / ours[1]:5.2f} x ours"
        )


def speed(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    pointmap = landscape(options.height, options.width)
    table = apply_colormap(torch.linspace(0, 1, 256)[None, None], "magma")[0, 0]
    what = f"{options.width} x {options.height}, {options.threads} threads, best of {options.rounds}"
    depths = {
        "ours": lambda: our_depth(pointmap),
        "max - min, 256 colours": lambda: max_min_depth(pointmap, table),
        "torch.quantile over all pixels, 256 colours": lambda: quantile_depth(pointmap, table),
    }
    print_ratios(f"Depth: percentile range, disparity, colour map; {what}", best_of_turns(options.rounds, depths))
    normals = {
        "ours": lambda: our_normals(pointmap),
        "one-sided differences, cross product": lambda: one_sided_normals(pointmap),
        "central differences, quantile at edges": lambda: central_normals(pointmap),
    }
    try:
        import kornia  # noqa: F401
    except ImportError:
        print("kornia is not installed and left out.")
    else:
        normals["kornia depth_to_normals"] = lambda: kornia_normals(pointmap)
    print_ratios(f"Normals and their colours; {what}", best_of_turns(options.rounds, normals))


def _peak_bytes() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def clip_memory(frames: int) -> None:
    """Depth and normals of a 720p clip a few frames at a time, as the nodes make them; prints what that took."""
    pointmap = landscape(288, 512, frames, source_size=(720, 1280))
    result = torch.zeros(frames, 720, 1280, 3)
    held = sum(t.numel() * t.element_size() for t in (pointmap.points, pointmap.mask, pointmap.image, result))
    before = _peak_bytes()
    shown = depth_range(pointmap)
    for start in range(0, frames, FRAMES_AT_ONCE):
        part = slice(start, start + FRAMES_AT_ONCE)
        picture, _ = depth_picture(pointmap[part], shown[part])
        result[part] = apply_colormap(picture, "magma")
        normals, mask = normals_from_pointmap(pointmap[part])
        result[part] = encode_normals(normals, "opengl", mask)
    growth = _peak_bytes() - before
    print(
        f"  {frames:4d} frames: pointmap and one picture a frame {held / 2**20:7.0f} MiB, "
        f"work on top {growth / 2**20:5.0f} MiB"
    )


def memory(frames: int) -> None:
    """Each length in a process of its own, where a peak is its own."""
    if sys.platform == "win32":
        print("Memory is left out: Windows has no resource module.")
        return
    print("Memory of depth and normals of a 720p clip, pointmap held at 512 x 288:", flush=True)
    for length in sorted({max(1, frames // 10), frames}):
        subprocess.run([sys.executable, __file__, "--clip", str(length)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--frames", type=int, default=300, help="length of the clip whose memory is measured")
    parser.add_argument("--clip", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.clip:
        torch.set_num_threads(options.threads)
        clip_memory(options.clip)
        return
    speed(options)
    memory(options.frames)


if __name__ == "__main__":
    main()

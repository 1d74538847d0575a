"""Flicker, lag and ghosts of depth over time: before, after plain averages, and after alignment and motion smoothing.

python development/benchmarks/video.py [--frames 60] [--height 216] [--width 384] [--photo docs/photos/temple.jpg]

The film is the project's own: exact depth, a hand-held camera, three things that move. Each frame is disturbed by a scale
within 10 %, a shift, a lens of its own and noise from pixel to pixel. The second clip is a pan and zoom over a photo, whose
depth the built-in preview network estimates frame by frame; its warp is known, its depth is not.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from development.scenes.moving_room import MOVING, film
from development.scenes.renderer import Rendering
from sam3d_geometry import models
from sam3d_geometry.clips.align import align_sequence, seen_through
from sam3d_geometry.clips.ego_motion import pixels_of
from sam3d_geometry.clips.flow import inside, pixel_positions, sample_at
from sam3d_geometry.clips.plain_average import smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.pointmap import Pointmap

STRENGTHS = (0.15, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SETTLED = 8  # frames that every method is given before it is measured
NOISE = 0.02


def disturbed(truth: Rendering, *, scale: bool, seed: int = 0) -> Pointmap:
    """The film's pointmap with noise, and with a scale, shift and lens of its own for each frame if `scale`."""
    random = torch.Generator().manual_seed(seed)
    pointmap, frames = truth.pointmap(False), len(truth)
    by_scale, by_shift, by_lens = (torch.rand(frames, generator=random) - 0.5 for _ in range(3))
    depth = pointmap.depth * (1 + NOISE * torch.randn(pointmap.depth.shape, generator=random))
    if scale:
        shift = 0.2 * by_shift * truth.depth[truth.mask].median()
        depth = depth * (1 + 0.2 * by_scale)[:, None, None] + shift[:, None, None]
    pointmap = replace(pointmap, points=unproject(depth.clamp_min(1e-3), pointmap.intrinsics))
    if not scale:
        return pointmap
    lens = (1 + 0.1 * by_lens)[:, None]
    return seen_through(pointmap, (pointmap.intrinsics[:, (0, 1), (0, 1)] * lens).log())


class Film:
    """The film's truth: where still pixels were before, what moves, and what came out from behind something."""

    def __init__(self, truth: Rendering):
        self.depth, size = truth.depth, tuple(truth.depth.shape[1:])
        self.moving = torch.isin(truth.object_ids, torch.tensor(MOVING))
        self.were, self.still, self.farther = [], [], []
        for t in range(1, len(truth)):
            motion = (torch.linalg.inv(truth.world_from_camera[t - 1]) @ truth.world_from_camera[t]).float()
            before = truth.points[t] @ motion[:3, :3].T + motion[:3, 3]
            were = pixels_of(before, truth.intrinsics[t], size)
            there = sample_at(truth.depth[t - 1][..., None], were)[..., 0]
            hidden = (there - before[..., 2]).abs() > 0.01 * before[..., 2]
            was_moving = sample_at(self.moving[t - 1][..., None].float(), were)[..., 0] > 0
            self.were.append(were)
            self.still.append(inside(were, size) & ~hidden & ~was_moving & ~self.moving[t] & truth.mask[t])
            self.farther.append(truth.depth[t] - before[..., 2])
        seen = torch.stack(self.still)
        self.uncovered = torch.cat([torch.zeros_like(seen[:1]), ~seen & ~self.moving[1:]]) & truth.mask
        around = F.max_pool2d(self.moving[:, None].float(), 9, 1, 4)[:, 0] > 0
        self.around = around & ~self.moving

    def figures(self, pointmap: Pointmap) -> dict[str, float]:
        """Percentages: temporal error of still pixels, and depth error against truth over all, moving and uncovered ones."""
        # one scale for the whole clip is free: the input's unit is its own
        depth = pointmap.depth * (self.depth / pointmap.depth.clamp_min(1e-6))[self.depth > 0].median()
        flicker = []
        for t in range(SETTLED, len(depth)):
            carried = sample_at(depth[t - 1][..., None], self.were[t - 1])[..., 0] + self.farther[t - 1]
            change = (depth[t] - carried).abs() / depth[t].clamp_min(1e-6)
            flicker.append(change[self.still[t - 1]].mean())
        error = ((depth - self.depth).abs() / self.depth.clamp_min(1e-6))[SETTLED:]
        parts = {"error": self.depth > 0, "moving": self.moving, "around it": self.around, "uncovered": self.uncovered}
        errors = {name: 100 * error[where[SETTLED:]].mean().item() for name, where in parts.items()}
        return {"flicker": 100 * torch.stack(flicker).mean().item(), **errors}


def table(rows: dict[str, dict[str, float]]) -> None:
    names = list(next(iter(rows.values())))
    print(f"{'':46s}" + "".join(f"{name:>11s}" for name in names))
    for label, figures in rows.items():
        print(f"{label:46s}" + "".join(f"{figures[name]:10.3f}%" for name in names))


def film_figures(frames: int, height: int, width: int) -> None:
    start = time.perf_counter()
    truth = film(frames, height, width)
    print(f"film: {frames} frames of {width} x {height}, rendered in {time.perf_counter() - start:.0f} s")
    measured, pointmap = Film(truth), disturbed(truth, scale=True)
    rows = {
        "input": measured.figures(pointmap),
        "input without scale, shift and lens (noise only)": measured.figures(disturbed(truth, scale=False)),
    }
    averages = {f"plain average {s:g}": measured.figures(smooth_pointmap(pointmap, s)[0]) for s in STRENGTHS}
    steadiest = min(averages, key=lambda name: averages[name]["flicker"])
    truest = min(averages, key=lambda name: averages[name]["error"])
    for name in dict.fromkeys([f"plain average {0.3:g}", truest, steadiest]):
        rows[name] = averages[name]
    start = time.perf_counter()
    aligned, _, _ = align_sequence(pointmap)
    seconds = {"align": time.perf_counter() - start}
    rows["aligned"] = measured.figures(aligned)
    for name, direction in (("one way", "causal"), ("both ways", "zero lag")):
        start = time.perf_counter()
        smoothed, _ = smooth_along_motion(aligned, 0.8, direction=direction)
        seconds[f"smooth {name}"] = time.perf_counter() - start
        rows[f"aligned, along motion {name} 0.8"] = measured.figures(smoothed)
    streamed, _, _ = align_sequence(pointmap, streaming=True)
    rows["as a stream, one way 0.8"] = measured.figures(smooth_along_motion(streamed, 0.8)[0])
    table(rows)
    ours, streamed = rows["aligned, along motion both ways 0.8"], rows["as a stream, one way 0.8"]
    for name, row in (("both ways", ours), ("stream", streamed)):
        print(
            f"{name}: flicker {rows['input']['flicker'] / row['flicker']:.1f} times less than the input's (goal 5), "
            f"{averages[steadiest]['flicker'] / row['flicker']:.1f} times less than that of the steadiest plain average, "
            f"{averages[truest]['flicker'] / row['flicker']:.1f} times less than that of the truest (goal 2); error where things "
            f"move {row['moving'] / rows['input']['moving']:.2f} of the input's and "
            f"{row['moving'] / rows['input without scale, shift and lens (noise only)']['moving']:.2f} of that of noise alone "
            "(goal 1)"
        )
    print("; ".join(f"{name} {1000 * s / frames:.0f} ms a frame" for name, s in seconds.items()))


def photo_clip(photo: Path, frames: int, height: int, width: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """A pan and zoom over a photo: frames (B, H, W, 3), and where each frame's pixels were in the one before."""
    pixels = numpy.asarray(Image.open(photo).convert("RGB"), dtype=numpy.float32) / 255
    whole = torch.from_numpy(pixels)
    share = torch.linspace(0, 1, frames)
    zoom = 0.62 - 0.12 * share  # share of the photo's shorter measure that is seen
    unit = min(whole.shape[0] / height, whole.shape[1] / width)
    centre_x, centre_y = 0.42 + 0.16 * share, 0.47 + 0.06 * share
    positions = []
    for i in range(frames):
        offset = (pixel_positions(height, width) - torch.tensor([width - 1, height - 1]) / 2) * (unit * zoom[i])
        middle = torch.stack([centre_x[i] * whole.shape[1], centre_y[i] * whole.shape[0]])
        positions.append((offset, middle, unit * zoom[i]))
    images = torch.stack([sample_at(whole, offset + middle) for offset, middle, _ in positions])
    were = []
    for (offset, middle, _), (_, before, scale) in zip(positions[1:], positions[:-1]):
        were.append((offset + middle - before) / scale + torch.tensor([width - 1, height - 1]) / 2)
    return images, were


def photo_figures(photo: Path, frames: int, height: int, width: int) -> None:
    """The same depth must come back wherever a point of the photo appears, up to the change of lens that a zoom is."""
    images, were = photo_clip(photo, frames, height, width)
    model = models.load_model("built-in preview")
    pointmap = infer_pointmap(model, images, resolution=max(height, width))

    def flicker(depth: torch.Tensor) -> float:
        changes = []
        for t in range(SETTLED, frames):
            carried = sample_at(depth[t - 1][..., None], were[t - 1])[..., 0]
            valid = sample_at((depth[t - 1] > 0)[..., None].float(), were[t - 1])[..., 0] > 0.999
            valid &= inside(were[t - 1], (height, width)) & (depth[t] > 0)
            changes.append(((depth[t] - carried).abs() / depth[t].clamp_min(1e-6))[valid].mean())
        return 100 * torch.stack(changes).mean().item()

    aligned, _, done = align_sequence(pointmap)
    rows = {"input (built-in preview)": {"flicker": flicker(pointmap.depth)}}
    for strength in STRENGTHS[1::2]:
        average = smooth_pointmap(pointmap, strength)[0]
        rows[f"plain average {strength:g}"] = {"flicker": flicker(average.depth)}
    rows["aligned"] = {"flicker": flicker(aligned.depth)}
    for name, direction in (("one way", "causal"), ("both ways", "zero lag")):
        smoothed, _ = smooth_along_motion(aligned, 0.8, direction=direction)
        rows[f"aligned, along motion {name} 0.8"] = {"flicker": flicker(smoothed.depth)}
    print(
        f"\npan and zoom over {photo.name}: {frames} frames; the node reports {done.flicker[0]:.2%} -> {done.flicker[1]:.2%}"
    )
    table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--height", type=int, default=216)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--photo", type=Path, default=ROOT / "docs" / "photos" / "temple.jpg")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    film_figures(arguments.frames, arguments.height, arguments.width)
    photo_figures(arguments.photo, arguments.frames, arguments.height, arguments.width)


if __name__ == "__main__":
    main()

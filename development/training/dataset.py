"""Training pictures: random scenes as a camera would have taken them, written as shards of arrays.

    python -m development.training.dataset FOLDER --count 4096 --first-seed 0

A shard is an .npz with `images` (N, H, W, 3) uint8, `log_depths` (N, H, W) float16 (SKY where there is none),
`focals` (N,) float32 relative to half the image diagonal, and `seeds` (N,).
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from ..scenes.builder import SceneBuilder
from ..scenes.layouts import build
from ..scenes.renderer import Rendering, render
from ..scenes.scene import Scene
from .photos import photo_textures

SKY = -99.0
FARTHEST = 30000.0
PER_SHARD = 32
ATTEMPTS = 8
PHOTO_SHARE = (
    0.35  # of the surfaces get a photo on top of what their scene gives them: real pictures are full of texture
)
TILTED_SHARE, TILT_DEGREES = 0.35, 6.0  # of the pictures are held askew, by this standard deviation


@dataclass(frozen=True)
class Example:
    """One training picture: image (H, W, 3) uint8, log_depth (H, W) float32 with SKY, and the relative focal length."""

    image: np.ndarray
    log_depth: np.ndarray
    focal: float
    seed: int


def make_example(seed: int, height: int, width: int, photos: torch.Tensor) -> Example:
    """The picture of a seed; compositions with nothing to learn from are drawn again."""
    attempt = 0
    while True:
        builder = build(seed * ATTEMPTS + attempt, photo_count=len(photos))
        scene = as_snapshot(builder.scene("training"), np.random.default_rng([seed, attempt]), len(photos))
        rendering = render(scene, scene.camera, height, width, photos=photos, dtype=torch.float32)
        attempt += 1
        if is_worth_learning(rendering) or attempt == ATTEMPTS:
            break
    depth, mask = rendering.depth[0], rendering.mask[0]
    log_depth = torch.where(mask, depth.clamp(1e-3, FARTHEST).log(), SKY)
    fx = float(rendering.intrinsics[0, 0, 0])
    focal = fx * width / (0.5 * math.hypot(width, height))
    return Example(photograph(rendering, builder), log_depth.numpy(), focal, seed)


def as_snapshot(scene: Scene, random: np.random.Generator, photo_count: int) -> Scene:
    """A scene with photos on more of its surfaces, now and then seen by a camera that is held askew."""
    bodies = []
    for body in scene.bodies:
        if body.material.emission == 0 and random.random() < PHOTO_SHARE:
            weight = 1.0 if random.random() < 0.5 else float(random.uniform(0.3, 0.9))
            material = replace(body.material, photo=int(random.integers(photo_count)), photo_weight=weight)
            body = replace(body, material=material)
        bodies.append(body)
    camera = scene.camera
    if random.random() < TILTED_SHARE:
        camera = camera.moved(roll_degrees=float(random.normal(0, TILT_DEGREES)))
    return replace(scene, bodies=tuple(bodies), camera=camera)


def is_worth_learning(rendering: Rendering) -> bool:
    """Not mostly sky, not flat, not one thing pressed against the lens."""
    depth = rendering.depth[rendering.mask]
    if depth.numel() < 0.25 * rendering.mask.numel() or float(depth.log().std()) < 0.06:
        return False
    near, low, middle = torch.quantile(depth, depth.new_tensor([0.02, 0.3, 0.5])).tolist()
    return near > 0.04 and low > 0.15 * middle


def blurred(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian blur of (3, H, W)."""
    reach = max(1, math.ceil(2.5 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).to(image).view(1, 1, 1, -1)
    padded = F.pad(image[:, None], (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel), kernel.transpose(-1, -2))[:, 0]


def photograph(rendering: Rendering, builder: SceneBuilder) -> np.ndarray:
    """What a camera makes of a frame, (H, W, 3) uint8: exposure, defocus, bloom, tone curve, vignette, noise."""
    image = (rendering.image[0] ** 2).permute(2, 0, 1)
    depth = torch.where(rendering.mask[0], rendering.depth[0], 1e3)
    if builder.focus_distance is not None:
        aperture = builder.uniform(0, 2.5)
        circle = (1 / depth - 1 / builder.focus_distance).abs() * builder.focus_distance * aperture * 1.6
        circle = blurred(circle.clamp_max(3.5)[None], 0.7)[0]
        previous, sharp = 0.0, image
        for sigma in (0.8, 1.6, 3.0):
            share = ((circle - previous) / (sigma - previous)).clamp(0, 1)
            image, previous = torch.lerp(image, blurred(sharp, sigma), share.expand_as(image)), sigma
    bright = torch.quantile(image.mean(0), builder.uniform(0.8, 0.97))
    image = image * (builder.uniform(0.55, 1.0) / (bright + 1e-3))
    image = image + blurred(image.clamp(1, 3) - 1, 6.0) * builder.uniform(0, 0.4)
    image = (image / (1 + image * builder.uniform(0, 0.35))).clamp(0, 1) ** (1 / builder.uniform(1.7, 2.4))
    image = (image - 0.45) * builder.uniform(0.85, 1.25) + 0.45
    if builder.chance(0.4):
        y = torch.linspace(-1, 1, image.shape[1])[:, None]
        x = torch.linspace(-1, 1, image.shape[2])[None]
        image = image * (1 - builder.uniform(0, 0.35) * (x * x + y * y) / 2)
    if builder.chance(0.3):
        image = blurred(image, builder.uniform(0.3, 0.9))
    grain = torch.from_numpy(builder.random.normal(0, builder.uniform(0, 0.025), image.shape)).float()
    return ((image + grain).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def write_shard(path: Path, examples: list[Example]) -> None:
    """Write a shard; the file appears whole."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            images=np.stack([e.image for e in examples]),
            log_depths=np.stack([e.log_depth for e in examples]).astype(np.float16),
            focals=np.array([e.focal for e in examples], np.float32),
            seeds=np.array([e.seed for e in examples]),
        )
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render training pictures.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=4096)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--height", type=int, default=176)
    parser.add_argument("--width", type=int, default=240)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    photos = photo_textures()
    for first in tqdm(range(arguments.first_seed, arguments.first_seed + arguments.count, PER_SHARD), unit="shard"):
        path = arguments.folder / f"{first:08d}.npz"
        if not path.exists():
            seeds = range(first, min(first + PER_SHARD, arguments.first_seed + arguments.count))
            write_shard(path, [make_example(seed, arguments.height, arguments.width, photos) for seed in seeds])


if __name__ == "__main__":
    main()

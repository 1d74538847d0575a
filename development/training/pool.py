"""Batches of training pictures out of a folder that may still be filling, each picture as another camera saw it."""

from __future__ import annotations

import io
import logging
import math
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from .dataset import SKY, blurred
from .losses import Truth

log = logging.getLogger(__name__)

REREAD_SECONDS = 60.0
WAIT_SECONDS = 5.0

Size = tuple[int, int]


class PicturePool:
    """All pictures of a folder of shards, and random augmented batches of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.shards: dict[Path, dict[str, np.ndarray]] = {}
        self.files: list[dict[str, np.ndarray]] = []
        self.next_read = 0.0

    def refresh(self) -> None:
        """Reads what has been rendered since. Raises FileNotFoundError while there is nothing."""
        if time.monotonic() < self.next_read:
            return
        for path in sorted(self.folder.glob("*.npz")):
            if path not in self.shards:
                with np.load(path) as shard:
                    self.shards[path] = {name: shard[name] for name in ("images", "log_depths", "focals")}
        if not self.shards:
            raise FileNotFoundError(f"{self.folder} holds no shards yet: run training.dataset first.")
        self.files = list(self.shards.values())
        self.next_read = time.monotonic() + REREAD_SECONDS

    def wait(self, still_rendering: bool) -> None:
        """Comes back when the first shard is there."""
        while True:
            try:
                return self.refresh()
            except FileNotFoundError:
                if not still_rendering:
                    raise
                time.sleep(WAIT_SECONDS)

    def __len__(self) -> int:
        return sum(len(shard["focals"]) for shard in self.shards.values())

    def batch(self, number: int, count: int, size: Size) -> tuple[torch.Tensor, Truth]:
        """Batch `number`, the same for the same shards: pictures (B, 3, *size) and their truth at that size."""
        random = np.random.default_rng([self.seed, number])
        examples = []
        for _ in range(count):
            shard = self.files[random.integers(len(self.files))]
            index = random.integers(len(shard["focals"]))
            picture = shard["images"][index], shard["log_depths"][index], float(shard["focals"][index])
            examples.append(augmented(random, *picture, size))
        images, depths, focals = (torch.stack(parts) for parts in zip(*examples))
        return images.contiguous(memory_format=torch.channels_last), Truth(depths, depths > SKY / 2, focals)


def batches(
    pool: PicturePool, first: int, count: int, size_of: list[Size], loaders: int
) -> Iterator[tuple[torch.Tensor, Truth]]:
    """Batches from number `first` on, made ahead by `loaders` threads (0: when asked for); `size_of` goes round."""

    def make(number: int) -> tuple[torch.Tensor, Truth]:
        random = np.random.default_rng([pool.seed, number, 1])
        return pool.batch(number, count, size_of[random.integers(len(size_of))])

    number = first
    if loaders == 0:
        while True:
            pool.refresh()
            yield make(number)
            number += 1
    with ThreadPoolExecutor(loaders) as threads:
        ahead: list[Future[tuple[torch.Tensor, Truth]]] = []
        try:
            while True:
                pool.refresh()
                while len(ahead) < 2 * loaders:
                    ahead.append(threads.submit(make, number))
                    number += 1
                yield ahead.pop(0).result()
        finally:
            for future in ahead:
                future.cancel()


def augmented(
    random: np.random.Generator, image: np.ndarray, log_depth: np.ndarray, focal: float, size: Size
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One picture cropped, mirrored and retaken at `size`; log of the focal length of the crop."""
    (height, width), (full_height, full_width) = size, log_depth.shape
    if random.random() < 0.5:
        image, log_depth = image[:, ::-1], log_depth[:, ::-1]
    share = random.uniform(0.65, 1) if random.random() < 0.55 else 1.0
    crop_height = int(min(full_height, full_width * height / width) * share)
    crop_width = min(full_width, round(crop_height * width / height))
    top = random.integers(full_height - crop_height + 1)
    left = random.integers(full_width - crop_width + 1)
    window = slice(top, top + crop_height), slice(left, left + crop_width)
    picture = torch.from_numpy(np.ascontiguousarray(image[window])).permute(2, 0, 1)[None].float() / 255
    depth = torch.from_numpy(np.ascontiguousarray(log_depth[window])).float()[None, None]
    picture = F.interpolate(picture, size, mode="bilinear", antialias=True)[0]
    depth = F.interpolate(depth, size, mode="nearest-exact")[0, 0]
    pixels = focal * 0.5 * math.hypot(full_height, full_width)
    relative = pixels / (0.5 * math.hypot(crop_height, crop_width))
    return retaken(random, picture), depth, torch.tensor(math.log(relative), dtype=torch.float32)


def retaken(random: np.random.Generator, picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W) in [0, 1] as another camera gives it: blur of lens and hand, light, colours, noise, JPEG."""
    draw = random.random()
    if draw < 0.6:
        # rays through pixel centres leave jagged edges, which no lens does
        picture = blurred(picture, random.uniform(0.35, 0.8))
    elif draw < 0.75:
        picture = blurred(picture, random.uniform(0.8, 2.2))
    if random.random() < 0.8:
        tint = torch.from_numpy(random.uniform(0.85, 1.15, (3, 1, 1))).float()
        picture = (picture * tint * random.uniform(0.65, 1.35)).clamp(0, 1) ** random.uniform(0.65, 1.5)
    if random.random() < 0.3:  # synthetic colours are too lively
        picture = torch.lerp(picture, picture.mean(0, keepdim=True), random.uniform(0.2, 1))
    if random.random() < 0.3:
        grain = random.standard_normal(picture.shape, dtype=np.float32) * random.uniform(0.01, 0.06)
        picture = (picture + torch.from_numpy(grain)).clamp(0, 1)
    return through_jpeg(picture, int(random.integers(25, 90))) if random.random() < 0.3 else picture


def through_jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    """A picture (3, H, W) in [0, 1] after it was a JPEG of this quality."""
    pixels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    with Image.open(file) as opened:
        return torch.from_numpy(np.array(opened)).permute(2, 0, 1).float() / 255

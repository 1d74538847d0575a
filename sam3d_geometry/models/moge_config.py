"""The constructor arguments of a MoGe network, read from a checkpoint or worked out from the shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

V1_TOKEN_RANGE = (1200, 2500)
V2_TOKEN_RANGE = (1200, 3600)

_BACKBONE_OF_WIDTH = {384: "dinov2_vits14", 768: "dinov2_vitb14", 1024: "dinov2_vitl14", 1536: "dinov2_vitg14"}
_BACKBONE_NAME = re.compile(r"dinov2_vit[sblg]14(_reg)?")
_STACKS = ("neck", "points_head", "mask_head", "normal_head")

Tensors = Mapping[str, torch.Tensor]


def version_of(config: Mapping[str, Any] | None, tensors: Tensors) -> str | None:
    """MoGe version "v1", "v2" or "v3" that the config or, without one, the names of the tensors belong to, or None."""
    if any(key.startswith("refiner.") for key in tensors) or (config and config.get("refiner") is not None):
        return "v3"
    if any(key.startswith("encoder.backbone.") for key in tensors) and any(key.startswith("neck.") for key in tensors):
        return "v2"
    if any(key.startswith("backbone.") for key in tensors) and any(
        key.startswith("head.upsample_blocks.") for key in tensors
    ):
        return "v1"
    return None


def is_plausible(config: Mapping[str, Any], version: str) -> bool:
    """Whether a config found in a file names a DINOv2 backbone, which is looked up by that name in the moge package."""
    encoder = config.get("encoder")
    backbone = encoder if version == "v1" else encoder.get("backbone") if isinstance(encoder, dict) else None
    return isinstance(backbone, str) and _BACKBONE_NAME.fullmatch(backbone) is not None


def config_from_tensors(tensors: Tensors, version: str) -> dict[str, Any]:
    """Config of a MoGe v1 or v2 network from its tensors alone; what shapes do not show is as in the released models.

    Raises KeyError, IndexError or ValueError when the tensors are not those of such a network.
    """
    return _v1_config(tensors) if version == "v1" else _v2_config(tensors)


def _v1_config(tensors: Tensors) -> dict[str, Any]:
    upsamplers = _count(tensors, "head.upsample_blocks.")
    widths = [tensors[f"head.upsample_blocks.{i}.0.0.weight"].shape[1] for i in range(upsamplers)]
    output = "head.output_block.0."
    last = _count(tensors, output) - 1
    return {
        "encoder": _backbone(tensors, "backbone."),
        "intermediate_layers": _count(tensors, "head.projects."),
        "dim_proj": tensors["head.projects.0.weight"].shape[0],
        "dim_upsample": widths,
        "dim_times_res_block_hidden": tensors["head.upsample_blocks.0.1.layers.2.weight"].shape[0] // widths[0],
        "num_res_blocks": _count(tensors, "head.upsample_blocks.0.") - 1,
        "remap_output": "exp",
        "num_tokens_range": list(V1_TOKEN_RANGE),
        "last_res_blocks": last - 2,
        "last_conv_channels": tensors[f"{output}0.weight"].shape[0],
        "last_conv_size": tensors[f"{output}{last}.weight"].shape[-1],
    }


def _v2_config(tensors: Tensors) -> dict[str, Any]:
    projections = _count(tensors, "encoder.output_projections.")
    depth = _count(tensors, "encoder.backbone.blocks.")
    config: dict[str, Any] = {
        "encoder": {
            "backbone": _backbone(tensors, "encoder.backbone."),
            "intermediate_layers": [depth // projections * (i + 1) - 1 for i in range(projections)],
            "dim_out": tensors["encoder.output_projections.0.weight"].shape[0],
        },
        "remap_output": "exp",
        "num_tokens_range": list(V2_TOKEN_RANGE),
    }
    for stack in _STACKS:
        if any(key.startswith(f"{stack}.") for key in tensors):
            config[stack] = _stack_config(tensors, f"{stack}.")
    layers = [tensors[f"scale_head.{i}.weight"] for i in _indices(tensors, "scale_head.")]
    if layers:
        config["scale_head"] = {"dims": [layers[0].shape[1], *(layer.shape[0] for layer in layers)]}
    return config


def _stack_config(tensors: Tensors, prefix: str) -> dict[str, Any]:
    enter = [tensors[f"{prefix}input_blocks.{i}.weight"].shape for i in _indices(tensors, f"{prefix}input_blocks.")]
    levels = range(len(enter))
    widths = [shape[0] for shape in enter]
    outputs = [tensors.get(f"{prefix}output_blocks.{i}.weight") for i in levels]
    blocks = [_count(tensors, f"{prefix}res_blocks.{i}.") for i in levels]
    first_block = f"{prefix}res_blocks.{next((i for i in levels if blocks[i]), 0)}.0.layers."
    width = widths[next((i for i in levels if blocks[i]), 0)]
    hidden = tensors.get(f"{first_block}2.weight")
    return {
        "dim_in": [shape[1] for shape in enter],
        "dim_res_blocks": widths,
        "dim_out": [None if output is None else output.shape[0] for output in outputs],
        "resamplers": [_resampler(tensors, f"{prefix}resamplers.{i}.", widths[i], widths[i + 1]) for i in levels[:-1]],
        "num_res_blocks": blocks,
        "dim_times_res_block_hidden": 1 if hidden is None else hidden.shape[0] // width,
        "res_block_in_norm": "layer_norm" if f"{first_block}0.weight" in tensors else "none",
        "res_block_hidden_norm": "group_norm" if f"{first_block}3.weight" in tensors else "none",
    }


def _resampler(tensors: Tensors, prefix: str, width_in: int, width_out: int) -> str:
    first = tensors.get(f"{prefix}0.weight")
    if first is None:
        return "bilinear"
    if first.shape == (width_in, width_out, 2, 2):
        return "conv_transpose"
    if first.shape == (4 * width_out, width_in, 3, 3):
        return "pixel_shuffle"
    raise ValueError(f"{prefix}0.weight has the unknown shape {tuple(first.shape)}")


def _backbone(tensors: Tensors, prefix: str) -> str:
    name = _BACKBONE_OF_WIDTH[tensors[f"{prefix}cls_token"].shape[-1]]
    return f"{name}_reg" if f"{prefix}register_tokens" in tensors else name


def _indices(tensors: Tensors, prefix: str) -> list[int]:
    """Sorted distinct numbers that follow `prefix` in the names."""
    rests = (key[len(prefix) :].partition(".")[0] for key in tensors if key.startswith(prefix))
    return sorted({int(rest) for rest in rests if rest.isdigit()})


def _count(tensors: Tensors, prefix: str) -> int:
    indices = _indices(tensors, prefix)
    return indices[-1] + 1 if indices else 0

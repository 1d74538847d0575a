"""MoGe networks with random weights for the tests: real layouts, four blocks, a small decoder, sane outputs."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import torch

from sam3d_geometry.models.checkpoint import Checkpoint
from sam3d_geometry.models.moge import CountingOnCpu, build_moge
from sam3d_geometry.models.precision import prepare_weights
from sam3d_geometry.models.vision_transformer import IMAGE_MEAN, IMAGE_STD

V1_CONFIG = {
    "encoder": "dinov2_vits14",
    "remap_output": "exp",
    "intermediate_layers": 4,
    "dim_proj": 64,
    "dim_upsample": [64, 64, 32],
    "dim_times_res_block_hidden": 2,
    "num_res_blocks": 2,
    "num_tokens_range": [1200, 2500],
    "last_conv_channels": 32,
    "last_conv_size": 1,
}


def stack_config(outputs, norms=("none", "none"), last_blocks=0):
    """A head, or with outputs=None the neck, of a small v2 network."""
    widths = [64, 64, 64, 32, 32]
    return {
        "dim_in": [66, 2, 2, 2, 2] if outputs is None else widths,
        "dim_out": None if outputs is None else [None, None, None, None, outputs],
        "dim_res_blocks": widths,
        "num_res_blocks": [0, 1, 1, 1, last_blocks],
        "res_block_in_norm": norms[0],
        "res_block_hidden_norm": norms[1],
        "resamplers": ["conv_transpose", "conv_transpose", "conv_transpose", "bilinear"],
    }


def v2_config(normals=True, **stack):
    config = {
        "encoder": {"backbone": "dinov2_vits14", "intermediate_layers": [0, 1, 2, 3], "dim_out": 64},
        "neck": stack_config(None, **stack),
        "points_head": stack_config(3, **stack),
        "mask_head": stack_config(1, **stack),
        "scale_head": {"dims": [384, 32, 1]},
        "remap_output": "exp",
        "num_tokens_range": [1200, 3600],
    }
    return config | {"normal_head": stack_config(3, **stack)} if normals else config


NETWORKS = {
    "v1": ("v1", V1_CONFIG),
    "v1 sinh_exp": ("v1", V1_CONFIG | {"remap_output": "sinh_exp"}),
    "v1 linear": ("v1", V1_CONFIG | {"remap_output": "linear"}),
    "v1 with a last block": ("v1", V1_CONFIG | {"last_res_blocks": 1}),
    "v2": ("v2", v2_config()),
    "v2 without normals": ("v2", v2_config(normals=False)),
    "v2 with norms": ("v2", v2_config(norms=("layer_norm", "group_norm"))),
    "v2 not foldable": ("v2", v2_config(last_blocks=1)),
    "v2 sinh": ("v2", v2_config() | {"remap_output": "sinh"}),
}


def shorten_backbone(monkeypatch):
    """Gives the moge package's ViT-S four blocks instead of twelve while a test runs; networks here need it."""
    from moge.model.dinov2.models import vision_transformer

    original = vision_transformer.DinoVisionTransformer

    def short(**kwargs):
        return original(**{**kwargs, "depth": 4})

    monkeypatch.setattr(vision_transformer, "DinoVisionTransformer", short)


@functools.cache
def _random_network(version: str, config: str):
    import importlib

    torch.manual_seed(0)
    with torch.device("meta"), CountingOnCpu():
        network = importlib.import_module(f"moge.model.{version}").MoGeModel(**json.loads(config))
    network.to_empty(device="cpu").eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if "pos_embed" in name or "cls_token" in name:
            parameter.normal_(0, 0.3)
        elif parameter.ndim > 1:
            parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5 / 2)
        elif name.endswith("bias"):
            parameter.normal_(0, 0.05)
        else:
            parameter.fill_(1)
    for name, buffer in network.named_buffers():
        buffer.copy_(torch.tensor(IMAGE_MEAN if "mean" in name else IMAGE_STD).view(1, 3, 1, 1))
    if version == "v1":
        network.head.output_block[1][-1].bias.fill_(0.5)
    return network


def random_network(version: str, config: dict):
    """The upstream network "v1" or "v2" of a config; the same object for the same config, so do not change it."""
    return _random_network(version, json.dumps(config))


def build(version: str, config: dict, dtype=torch.float32):
    """The same network rearranged for inference, in `dtype`."""
    tensors = random_network(version, config).state_dict()
    return prepare_weights(build_moge(Checkpoint("test", version, config, tensors)), dtype)


def relative_error(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def save_checkpoint(path: Path, version: str, config: dict, with_config: bool = True, **changes) -> Path:
    """Writes a random network's weights, in fp16, the way its suffix says; returns the path."""
    tensors = {key: value.half() for key, value in random_network(version, config).state_dict().items()} | changes
    if path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(tensors, path, metadata={"model_config": json.dumps(config)} if with_config else None)
    else:
        torch.save({"model_config": config, "model": tensors} if with_config else tensors, path)
    return path

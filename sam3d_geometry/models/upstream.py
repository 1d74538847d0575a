"""What is read of the modules that the `moge` package builds; it is imported only when a checkpoint asks for it."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Protocol

import torch
from torch import nn


class Attention(Protocol):
    """Self-attention of a DINOv2 block."""

    qkv: nn.Linear
    proj: nn.Linear
    num_heads: int


class TransformerBlock(Protocol):
    """A DINOv2 block: attention and perceptron, each with a norm before it and a layer scale behind it."""

    norm1: nn.LayerNorm
    attn: Attention
    ls1: nn.Module
    norm2: nn.LayerNorm
    mlp: nn.Module
    ls2: nn.Module


class PatchEmbed(Protocol):
    """From pixels to patches."""

    proj: nn.Conv2d


class Backbone(Protocol):
    """DINOv2."""

    patch_embed: PatchEmbed
    cls_token: torch.Tensor
    pos_embed: torch.Tensor
    register_tokens: torch.Tensor | None
    blocks: Sequence[TransformerBlock]
    norm: nn.LayerNorm
    interpolate_antialias: bool
    interpolate_offset: float


class ResidualBlock(Protocol):
    """Norm, activation, convolution, twice, beside a skip connection."""

    layers: nn.Sequential
    skip_connection: nn.Module

    def __call__(self, x: torch.Tensor) -> torch.Tensor: ...


class ConvStack(Protocol):
    """A pyramid of convolutions, one item a level; a resampler leads from each level to the next."""

    input_blocks: MutableSequence[nn.Conv2d]
    resamplers: MutableSequence[nn.Sequential]
    res_blocks: MutableSequence[Sequence[ResidualBlock]]
    output_blocks: MutableSequence[nn.Module]


class HeadV1(Protocol):
    """The one head of a v1: upsampling stages, each an upsampler and residual blocks, and a block for every output."""

    projects: Sequence[nn.Conv2d]
    upsample_blocks: Sequence[Sequence[nn.Sequential | ResidualBlock]]
    output_block: Sequence[nn.Sequential]


class ModelV1(Protocol):
    """`moge.model.v1.MoGeModel`."""

    backbone: Backbone
    intermediate_layers: int | Sequence[int]
    head: HeadV1
    remap_output: str
    mask_threshold: float
    num_tokens_range: Sequence[int]


class Encoder(Protocol):
    """DINOv2 and a projection for each layer that is read."""

    backbone: Backbone
    intermediate_layers: int | Sequence[int]
    output_projections: Sequence[nn.Conv2d]


class ModelV2(Protocol):
    """`moge.model.v2.MoGeModel`; heads and scale head are there where the checkpoint has them."""

    encoder: Encoder
    neck: ConvStack
    remap_output: str
    num_tokens_range: Sequence[int]


class ModelV3(Protocol):
    """`moge.model.v3.MoGeModel` with its refiner."""

    num_tokens_range: Sequence[int]

    def __call__(self, images: torch.Tensor, *, num_tokens: int, refine_steps: int) -> dict[str, torch.Tensor]: ...


def bias_of(convolution: nn.Conv2d) -> torch.Tensor:
    """The bias (C,) of a convolution, zeros where it has none."""
    if convolution.bias is None:
        return convolution.weight.new_zeros(convolution.out_channels)
    return convolution.bias


def token_range_of(model: ModelV1 | ModelV2 | ModelV3) -> tuple[int, int]:
    """Fewest and most tokens that a network was trained for."""
    return model.num_tokens_range[0], model.num_tokens_range[1]

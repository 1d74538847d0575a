"""Inference through MoGe v1: upstream's modules and maths without gradient checkpointing and wide concatenations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from .antialiased_resize import resize_antialiased
from .point_remap import remap_points
from .prediction import Prediction
from .replicated_convolution import Workspace, convolve_replicated, run_resampler, run_residual_block
from .upstream import ModelV1, bias_of, token_range_of
from .view_plane import network_plane_axes, with_uv
from .vision_transformer import PATCH, VisionTransformer, project_layers


class MoGeV1Network(nn.Module):
    """A `moge.model.v1.MoGeModel` rearranged for inference; call it with (B, 3, H, W) images and a token count."""

    gives_normals = False
    metric = False

    def __init__(self, upstream: ModelV1):
        super().__init__()
        self.transformer = VisionTransformer(upstream.backbone)
        self.layers = upstream.intermediate_layers
        self.projections = upstream.head.projects
        self.upsample_blocks = upstream.head.upsample_blocks
        pairs = [_convolutions(block) for block in upstream.head.output_block]
        pairable = [pair for pair in pairs if pair is not None]
        self.output = PairedOutput(pairable) if len(pairable) == len(pairs) else None
        self.output_blocks = upstream.head.output_block if self.output is None else ()
        self.remap = upstream.remap_output
        self.mask_threshold = upstream.mask_threshold
        self.token_range = token_range_of(upstream)

    def forward(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """Prediction for images (B, 3, H, W) float32 in [0, 1], at H x W; `num_tokens` sets detail and cost."""
        height, width = images.shape[-2:]
        factor = ((num_tokens * PATCH**2) / (height * width)) ** 0.5
        resized_height, resized_width = max(PATCH, int(height * factor)), max(PATCH, int(width * factor))
        rows, columns = resized_height // PATCH, resized_width // PATCH
        resized = resize_antialiased(images, (resized_height, resized_width), "bicubic")
        patches = resize_antialiased(resized, (rows * PATCH, columns * PATCH), "bilinear")
        tokens, _ = self.transformer(patches, self.layers)
        features = project_layers(self.projections, tokens, rows, columns)
        points, mask = self._decode(features, resized_height, resized_width)
        points = F.interpolate(points.float(), (height, width), mode="bilinear", align_corners=False)
        mask = F.interpolate(mask.float(), (height, width), mode="bilinear", align_corners=False).squeeze(1)
        # The network regresses the mask itself, so it leaves [0, 1] a little, and its threshold is in the checkpoint.
        return Prediction(
            points=remap_points(points, self.remap),
            mask_probability=mask.add_(0.5 - self.mask_threshold).clamp_(0, 1),
        )

    def _decode(self, x: torch.Tensor, height: int, width: int) -> list[torch.Tensor]:
        aspect_ratio = width / height
        workspace: Workspace = {}
        for stage in self.upsample_blocks:
            for block in stage:
                if isinstance(block, nn.Sequential):
                    x = run_resampler(block, with_uv(x, aspect_ratio), workspace)
                else:
                    x = run_residual_block(block, x, workspace)
        x = F.interpolate(x, (height, width), mode="bilinear", align_corners=False)
        if self.output is not None:
            return self.output(x, aspect_ratio)
        x = with_uv(x, aspect_ratio)
        return [block(x) for block in self.output_blocks]


class PairedOutput(nn.Module):
    """Both output blocks (3x3 convolution, rectifier, 1x1 convolution) as one, without the coordinate channels.

    A coordinate varies along one axis, so its 3x3 convolution over replicated borders is a 1D one, added by
    broadcasting.
    """

    def __init__(self, blocks: Sequence[tuple[nn.Conv2d, nn.Conv2d]]):
        super().__init__()
        first, last = [first for first, _ in blocks], [last for _, last in blocks]
        weight = torch.cat([convolution.weight for convolution in first])
        self.channels = [convolution.out_channels for convolution in last]
        self.features = nn.Conv2d(
            weight.shape[1] - 2,
            weight.shape[0],
            3,
            padding=1,
            padding_mode="replicate",
            bias=False,
            device="meta",
        )
        self.features.weight = nn.Parameter(weight[:, :-2].float(), requires_grad=False)
        self.along_u = nn.Parameter(weight[:, -2].float().sum(1), requires_grad=False)
        self.along_v = nn.Parameter(weight[:, -1].float().sum(2), requires_grad=False)
        self.bias = nn.Parameter(
            torch.cat([bias_of(convolution) for convolution in first]).float(), requires_grad=False
        )
        mix = torch.block_diag(*(convolution.weight[:, :, 0, 0].float() for convolution in last))
        self.mix = nn.Linear(mix.shape[1], mix.shape[0], device="meta")
        self.mix.weight = nn.Parameter(mix, requires_grad=False)
        self.mix.bias = nn.Parameter(
            torch.cat([bias_of(convolution) for convolution in last]).float(), requires_grad=False
        )

    def forward(self, x: torch.Tensor, aspect_ratio: float) -> list[torch.Tensor]:
        """One map (B, channels, H, W) per output block, from features (B, C, H, W)."""
        height, width = x.shape[-2:]
        u, v = network_plane_axes(height, width, aspect_ratio, x.device)
        across = _convolve_axis(u, self.along_u)
        down = _convolve_axis(v, self.along_v) + self.bias
        y = convolve_replicated(self.features, x, {}).permute(0, 2, 3, 1)
        y += across.to(y.dtype)
        y += down.to(y.dtype)[:, None]
        return list(self.mix(y.relu_()).permute(0, 3, 1, 2).split(self.channels, dim=1))


def _convolve_axis(axis: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """(N, C) from coordinates (N,) and kernels (C, 3), the border coordinate repeated."""
    return torch.cat([axis[:1], axis, axis[-1:]]).unfold(0, 3, 1) @ kernel.T


def _convolutions(block: nn.Sequential) -> tuple[nn.Conv2d, nn.Conv2d] | None:
    """The 3x3 and the 1x1 convolution of an output block that has nothing else but the rectifier between them."""
    if len(block) != 3:
        return None
    first, _, last = block
    if not (isinstance(first, nn.Conv2d) and isinstance(last, nn.Conv2d)):
        return None
    return (first, last) if first.kernel_size == (3, 3) and last.kernel_size == (1, 1) else None

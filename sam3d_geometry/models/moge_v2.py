"""Inference through MoGe v2 (and the base of v3), with the last pyramid level folded into one low-resolution step.

The last level of a released network is linear from end to end: coordinates and features pass 1x1 convolutions, a
twofold bilinear upsampling, a 3x3 convolution and the output projection, with no activation between them. Composed
once, at load time, that is one 3x3 convolution at the resolution of the level before, followed by a pixel shuffle. It
gives the same numbers up to rounding at about a tenth of the multiplications, and nothing wide is ever upsampled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from .antialiased_resize import resize_antialiased
from .point_remap import remap_points
from .prediction import Prediction
from .replicated_convolution import Workspace, convolve_replicated, run_resampler, run_residual_block
from .upstream import ConvStack, ModelV2, bias_of, token_range_of
from .view_plane import add_linear_in_uv, with_uv
from .vision_transformer import PATCH, VisionTransformer, project_layers

HEADS = ("points_head", "normal_head", "mask_head")

# Twofold bilinear upsampling seen by a 3-tap kernel: [phase][tap of the kernel][low-resolution neighbour -1, 0, +1].
# Replicated borders of the small map stand for replicated borders of the large one.
_PHASES = torch.tensor(
    [
        [[0.75, 0.25, 0.0], [0.25, 0.75, 0.0], [0.0, 0.75, 0.25]],
        [[0.25, 0.75, 0.0], [0.0, 0.75, 0.25], [0.0, 0.25, 0.75]],
    ],
    dtype=torch.float64,
)

# Convolutions of a multiple of 16 channels take the fast kernels of oneDNN and cuDNN.
_CHANNEL_MULTIPLE = 16


class MoGeV2Network(nn.Module):
    """A `moge.model.v2.MoGeModel` rearranged for inference; call it with (B, 3, H, W) images and a token count."""

    def __init__(self, upstream: ModelV2):
        super().__init__()
        self.transformer = VisionTransformer(upstream.encoder.backbone)
        self.layers = upstream.encoder.intermediate_layers
        self.projections = upstream.encoder.output_projections
        self.neck = upstream.neck
        heads = nn.ModuleDict({name: getattr(upstream, name) for name in HEADS if hasattr(upstream, name)})
        self.heads = cast(Mapping[str, ConvStack], heads)
        self.scale_head: nn.Module | None = getattr(upstream, "scale_head", None)
        self.remap = upstream.remap_output
        self.token_range = token_range_of(upstream)
        self.last_level = _fold_last_level(self.neck, self.heads)

    @property
    def gives_normals(self) -> bool:
        return "normal_head" in self.heads

    @property
    def metric(self) -> bool:
        return self.scale_head is not None

    def forward(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """Prediction for images (B, 3, H, W) float32 in [0, 1], at H x W; `num_tokens` sets detail and cost."""
        height, width = images.shape[-2:]
        aspect_ratio = width / height
        rows = max(1, round((num_tokens / aspect_ratio) ** 0.5))
        columns = max(1, round((num_tokens * aspect_ratio) ** 0.5))
        resized = resize_antialiased(images, (rows * PATCH, columns * PATCH), "bilinear")
        tokens, class_token = self.transformer(resized, self.layers)
        features = project_layers(self.projections, tokens, rows, columns)
        maps = {
            name: F.interpolate(value.float(), (height, width), mode="bilinear", align_corners=False)
            for name, value in self._decode(features, aspect_ratio).items()
        }
        normals = maps.get("normal_head")
        scale = (
            None
            if self.scale_head is None
            else self.scale_head(class_token.to(features.dtype)).float().squeeze(1).exp()
        )
        return Prediction(
            points=remap_points(maps["points_head"], self.remap),
            mask_probability=maps["mask_head"].squeeze(1).sigmoid(),
            normals=None if normals is None else F.normalize(normals.permute(0, 2, 3, 1), dim=-1),
            metric_scale=scale,
        )

    def _decode(self, features: torch.Tensor, aspect_ratio: float) -> dict[str, torch.Tensor]:
        workspace: Workspace = {}
        neck = self._neck(features, aspect_ratio, workspace)
        seen = [output for output, _ in neck]
        streams = {name: _head(head, seen, workspace) for name, head in self.heads.items()}
        if self.last_level is None:
            return {name: head.output_blocks[-1](streams[name]) for name, head in self.heads.items()}
        return self.last_level(neck[-1][1], streams, aspect_ratio, workspace)

    def _neck(
        self,
        features: torch.Tensor,
        aspect_ratio: float,
        workspace: Workspace,
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """For each level what the heads read of it, and the stream that continues to the next level."""
        outputs = []
        x = features
        for level, enter in enumerate(self.neck.input_blocks):
            if level == 0:
                x = enter(with_uv(x, aspect_ratio))
            else:
                x = run_resampler(self.neck.resamplers[level - 1], x, workspace)
                x = add_linear_in_uv(x, enter.weight[:, :, 0, 0], bias_of(enter), aspect_ratio)
            for block in self.neck.res_blocks[level]:
                x = run_residual_block(block, x, workspace)
            outputs.append((self.neck.output_blocks[level](x), x))
        return outputs


@dataclass(frozen=True)
class _LinearLevel:
    """A last level that only upsamples twofold, blends by a 3x3 convolution, and adds what enters through a 1x1 one."""

    blend: nn.Conv2d
    enter: nn.Conv2d
    leave: nn.Module


class FoldedLastLevel(nn.Module):
    """The last level of the neck and of every head as 3x3 convolutions at half its resolution, composed in float64.

    heads: each level, and the 1x1 convolution by which its output leaves.
    """

    def __init__(self, neck: _LinearLevel, heads: Mapping[str, tuple[_LinearLevel, nn.Conv2d]]):
        super().__init__()
        self.outputs = {name: leave.out_channels for name, (_, leave) in heads.items()}
        from_neck, from_uv, biases = [], [], []
        self.from_head = nn.ModuleDict()
        for name, (head, leave) in heads.items():
            out = leave.weight[:, :, 0, 0].double()
            through = out @ head.enter.weight[:, :, 0, 0].double()
            from_neck.append(torch.einsum("oc,cikl->oikl", through, neck.blend.weight.double()))
            from_uv.append(through @ neck.enter.weight[:, :, 0, 0].double())
            biases.append(
                through @ (bias_of(neck.enter) + bias_of(neck.blend)).double()
                + out @ (bias_of(head.enter) + bias_of(head.blend)).double()
                + bias_of(leave).double()
            )
            kernel = torch.einsum("oc,cikl->oikl", out, head.blend.weight.double())
            self.from_head[name] = _low_resolution_convolution(kernel)
        self.from_neck = _low_resolution_convolution(torch.cat(from_neck))
        self.uv_weight = nn.Parameter(torch.cat(from_uv).float(), requires_grad=False)
        self.uv_bias = nn.Parameter(torch.cat(biases).float(), requires_grad=False)

    def forward(
        self,
        neck: torch.Tensor,
        heads: dict[str, torch.Tensor],
        aspect_ratio: float,
        workspace: Workspace,
    ) -> dict[str, torch.Tensor]:
        """Output maps {head: (B, C, 2H, 2W)} from the streams (B, channels, H, W) of the level before."""
        total = sum(self.outputs.values())
        y = convolve_replicated(self.from_neck, neck, workspace)[:, : 4 * total]
        start = 0
        for name, channels in self.outputs.items():
            change = convolve_replicated(self.from_head[name], heads[name], workspace)
            y[:, start : start + 4 * channels] += change[:, : 4 * channels]
            start += 4 * channels
        y = add_linear_in_uv(F.pixel_shuffle(y, 2).float(), self.uv_weight, self.uv_bias, aspect_ratio)
        return dict(zip(self.outputs, y.split(list(self.outputs.values()), dim=1)))


def _fold_last_level(neck: ConvStack, heads: Mapping[str, ConvStack]) -> FoldedLastLevel | None:
    """The last level folded, its modules taken out of `neck` and `heads`; None where it is not linear from end to end."""
    neck_level, linear = _linear_last_level(neck), {}
    for name, head in heads.items():
        level = _linear_last_level(head)
        if level is not None and isinstance(level.leave, nn.Conv2d):
            linear[name] = (level, level.leave)
    if neck_level is None or not isinstance(neck_level.leave, nn.Identity) or len(linear) < len(heads):
        return None
    for stack in (neck, *heads.values()):
        for modules in (stack.input_blocks, stack.resamplers, stack.res_blocks, stack.output_blocks):
            del modules[-1]
    return FoldedLastLevel(neck_level, linear)


def _linear_last_level(stack: ConvStack) -> _LinearLevel | None:
    if len(stack.resamplers) == 0 or len(stack.res_blocks[-1]) > 0:
        return None
    upsample, blend = stack.resamplers[-1][0], stack.resamplers[-1][1]
    if not (isinstance(upsample, nn.Upsample) and upsample.mode == "bilinear"):
        return None
    if not (isinstance(blend, nn.Conv2d) and blend.kernel_size == (3, 3)):
        return None
    enter = stack.input_blocks[-1]
    return _LinearLevel(blend, enter, stack.output_blocks[-1]) if isinstance(enter, nn.Conv2d) else None


def _low_resolution_convolution(kernel: torch.Tensor) -> nn.Conv2d:
    """Convolution (4 per output channel) whose pixel shuffle equals `kernel` (O, I, 3, 3) after bilinear upsampling."""
    folded = torch.einsum("oikl,pky,qlx->opqiyx", kernel, _PHASES.to(kernel.device), _PHASES.to(kernel.device))
    folded = folded.flatten(0, 2)
    channels = -(-len(folded) // _CHANNEL_MULTIPLE) * _CHANNEL_MULTIPLE
    convolution = nn.Conv2d(
        folded.shape[1], channels, 3, padding=1, padding_mode="replicate", bias=False, device="meta"
    )
    weight = folded.new_zeros(channels, *folded.shape[1:])
    weight[: len(folded)] = folded
    convolution.weight = nn.Parameter(weight.float(), requires_grad=False)
    return convolution


def _head(head: ConvStack, neck: list[torch.Tensor], workspace: Workspace) -> torch.Tensor:
    """What goes through a head, after its last level and before the output convolution."""
    x = neck[0]
    for level, (enter, seen) in enumerate(zip(head.input_blocks, neck)):
        entered = enter(seen)
        x = entered if level == 0 else run_resampler(head.resamplers[level - 1], x, workspace).add_(entered)
        for block in head.res_blocks[level]:
            x = run_residual_block(block, x, workspace)
    return x

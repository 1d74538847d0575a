"""Inference through MoGe v2 (and the base of v3), with the last pyramid level folded into one low-resolution step.

The last level of a released network is linear from end to end: coordinates and features pass 1x1 convolutions, a
twofold bilinear upsampling, a 3x3 convolution and the output projection, with no activation between them. Composed
once, at load time, that is one 3x3 convolution at the resolution of the level before, followed by a pixel shuffle. It
gives the same numbers up to rounding at about a tenth of the multiplications, and nothing wide is ever upsampled.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .antialiased_resize import resize_antialiased
from .point_remap import remap_points
from .prediction import Prediction
from .replicated_convolution import Workspace, convolve_replicated, run_resampler, run_residual_block
from .view_plane import add_linear_in_uv, with_uv
from .vision_transformer import PATCH, VisionTransformer, project_tokens

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

    def __init__(self, upstream: nn.Module):
        super().__init__()
        self.transformer = VisionTransformer(upstream.encoder.backbone)
        self.layers = upstream.encoder.intermediate_layers
        self.projections = upstream.encoder.output_projections
        self.neck = upstream.neck
        self.heads = nn.ModuleDict({name: getattr(upstream, name) for name in HEADS if hasattr(upstream, name)})
        self.scale_head = getattr(upstream, "scale_head", None)
        self.remap = upstream.remap_output
        self.token_range = tuple(upstream.num_tokens_range)
        self.last_level = None
        if _is_linear_last_level(self.neck, self.heads):
            self.last_level = FoldedLastLevel(self.neck, self.heads)

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
        dtype = self.projections[0].weight.dtype
        features = sum(project_tokens(p, t.to(dtype), rows, columns) for p, t in zip(self.projections, tokens))
        maps = self._decode(features, aspect_ratio)
        maps = {
            name: F.interpolate(value.float(), (height, width), mode="bilinear", align_corners=False)
            for name, value in maps.items()
        }
        normals = maps.get("normal_head")
        scale = None if self.scale_head is None else self.scale_head(class_token.to(dtype)).float().squeeze(1).exp()
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
        """For each level what the heads read of it, and the stream that goes on to the next level."""
        outputs, x = [], None
        for level, enter in enumerate(self.neck.input_blocks):
            if level == 0:
                x = enter(with_uv(features, aspect_ratio))
            else:
                x = run_resampler(self.neck.resamplers[level - 1], x, workspace)
                x = add_linear_in_uv(x, enter.weight[:, :, 0, 0], enter.bias, aspect_ratio)
            for block in self.neck.res_blocks[level]:
                x = run_residual_block(block, x, workspace)
            outputs.append((self.neck.output_blocks[level](x), x))
        return outputs


class FoldedLastLevel(nn.Module):
    """The last level of the neck and of every head as 3x3 convolutions at half its resolution.

    Takes the last level's modules out of `neck` and `heads`. Weights are composed in float64.
    """

    def __init__(self, neck: nn.Module, heads: nn.ModuleDict):
        super().__init__()
        enter, blend = neck.input_blocks[-1], neck.resamplers[-1][1]
        self.outputs = {name: head.output_blocks[-1].out_channels for name, head in heads.items()}
        from_neck, from_uv, biases = [], [], []
        self.from_head = nn.ModuleDict()
        for name, head in heads.items():
            leave, head_blend, head_enter = head.output_blocks[-1], head.resamplers[-1][1], head.input_blocks[-1]
            out = leave.weight[:, :, 0, 0].double()
            through = out @ head_enter.weight[:, :, 0, 0].double()
            from_neck.append(torch.einsum("oc,cikl->oikl", through, blend.weight.double()))
            from_uv.append(through @ enter.weight[:, :, 0, 0].double())
            biases.append(
                through @ (enter.bias + blend.bias).double()
                + out @ (head_enter.bias + head_blend.bias).double()
                + leave.bias.double()
            )
            kernel = torch.einsum("oc,cikl->oikl", out, head_blend.weight.double())
            self.from_head[name] = _low_resolution_convolution(kernel)
        self.from_neck = _low_resolution_convolution(torch.cat(from_neck))
        self.uv_weight = nn.Parameter(torch.cat(from_uv).float(), requires_grad=False)
        self.uv_bias = nn.Parameter(torch.cat(biases).float(), requires_grad=False)
        for stack in (neck, *heads.values()):
            for modules in (stack.input_blocks, stack.resamplers, stack.res_blocks, stack.output_blocks):
                del modules[-1]

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


def _is_linear_last_level(neck: nn.Module, heads: nn.ModuleDict) -> bool:
    def upsamples_bilinearly(stack: nn.Module) -> bool:
        if len(stack.resamplers) == 0 or len(stack.res_blocks[-1]) > 0:
            return False
        first, second = stack.resamplers[-1][0], stack.resamplers[-1][1]
        return (
            isinstance(first, nn.Upsample)
            and first.mode == "bilinear"
            and isinstance(second, nn.Conv2d)
            and second.kernel_size == (3, 3)
            and isinstance(stack.input_blocks[-1], nn.Conv2d)
        )

    return (
        all(upsamples_bilinearly(stack) for stack in (neck, *heads.values()))
        and isinstance(neck.output_blocks[-1], nn.Identity)
        and all(isinstance(head.output_blocks[-1], nn.Conv2d) for head in heads.values())
    )


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


def _head(head: nn.Module, neck: list[torch.Tensor], workspace: Workspace) -> torch.Tensor:
    """What goes through a head, after its last level and before the output convolution."""
    x = None
    for level, (enter, seen) in enumerate(zip(head.input_blocks, neck)):
        entered = enter(seen)
        x = entered if level == 0 else run_resampler(head.resamplers[level - 1], x, workspace).add_(entered)
        for block in head.res_blocks[level]:
            x = run_residual_block(block, x, workspace)
    return x

"""3x3 convolutions over replicated borders, the border built together with the rectifier before it."""

from __future__ import annotations

from typing import TypeGuard

import torch
from torch import nn
from torch.nn import functional as F

from .upstream import ResidualBlock

Workspace = dict[tuple, torch.Tensor]


def convolve_replicated(
    convolution: nn.Module, x: torch.Tensor, workspace: Workspace, rectify: bool = False
) -> torch.Tensor:
    """`convolution` of x (B, C, H, W), rectified first on request; equals the module with padding_mode="replicate".

    Any other module is called as it is.

    The padded copy lives in `workspace`, a dict that one forward pass hands from layer to layer: PyTorch's own padding
    allocates as much again for every layer, and leaves channels-last order on CUDA.
    """
    if not _is_replicated_3x3(convolution):
        return convolution(x.relu() if rectify else x)
    batch, channels, height, width = x.shape
    key = (x.shape, x.dtype, x.device)
    if key not in workspace:
        workspace[key] = x.new_empty(batch, height + 2, width + 2, channels).permute(0, 3, 1, 2)
    padded = workspace[key]
    inside = padded[:, :, 1:-1, 1:-1]
    if rectify:
        torch.clamp_min(x, 0, out=inside)
    else:
        inside.copy_(x)
    padded[:, :, 0, 1:-1] = padded[:, :, 1, 1:-1]
    padded[:, :, -1, 1:-1] = padded[:, :, -2, 1:-1]
    padded[:, :, :, 0] = padded[:, :, :, 1]
    padded[:, :, :, -1] = padded[:, :, :, -2]
    return F.conv2d(padded, convolution.weight, convolution.bias)


def run_residual_block(block: ResidualBlock, x: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """An upstream `ResidualConvBlock`: norm, rectifier, convolution, twice, plus the skip connection."""
    norm, activation, convolution, second_norm, second_activation, second_convolution = block.layers
    if not (isinstance(activation, nn.ReLU) and isinstance(second_activation, nn.ReLU)):
        return block(x)
    y = convolve_replicated(convolution, norm(x), workspace, rectify=True)
    y = convolve_replicated(second_convolution, second_norm(y), workspace, rectify=True)
    return y.add_(block.skip_connection(x))


def run_resampler(resampler: nn.Sequential, x: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """An upstream upsampler, any modules of which the last may be a 3x3 convolution."""
    for module in resampler:
        x = convolve_replicated(module, x, workspace)
    return x


def _is_replicated_3x3(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (3, 3)
        and module.padding_mode == "replicate"
        and module.stride == (1, 1)
    )

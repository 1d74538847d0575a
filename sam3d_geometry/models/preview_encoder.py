"""The built-in network's encoder: EfficientNet-Lite's layout, with batch norm folded into the convolutions."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

STEM_CHANNELS = 32
# expansion, channels out, repeats, stride of the first, kernel, of EfficientNet-Lite0 (arXiv 1905.11946, symmetric padding)
_LITE0 = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_SCALES = {"lite0": (1.0, 1.0), "lite2": (1.1, 1.2)}  # of the width and of the repeats
_TAPPED = (0, 1, 2, 4, 6)  # stages that the decoder reads: strides 2, 4, 8, 16, 32


def conv(channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size but for its stride."""
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups)


def encoder_stages(size: str) -> list[tuple[int, int, int, int, int]]:
    """Expansion, channels out, repeats, stride and kernel of each stage; the first and the last keep their repeats."""
    width, depth = _SCALES[size]
    stages = []
    for index, (expansion, channels, repeats, stride, kernel) in enumerate(_LITE0):
        wide = channels * width
        rounded = max(8, int(wide + 4) // 8 * 8)
        rounded += 8 * (rounded < 0.9 * wide)
        if 0 < index < len(_LITE0) - 1:
            repeats = -int(-repeats * depth // 1)
        stages.append((expansion, rounded, repeats, stride, kernel))
    return stages


class _InvertedResidual(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        hidden = channels_in * expansion
        self.expand = conv(channels_in, hidden) if expansion != 1 else None
        self.depthwise = conv(hidden, hidden, kernel, stride, hidden)
        self.project = conv(hidden, channels_out)
        self.skip = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.skip else y


class PreviewEncoder(nn.Module):
    """Picture (B, 3, H, W) in [-1, 1] to maps at strides 2, 4, 8, 16, 32 with `channels`."""

    def __init__(self, size: str):
        super().__init__()
        self.stem = conv(3, STEM_CHANNELS, 3, 2)
        self.stages = nn.ModuleList()
        channels, widths = STEM_CHANNELS, []
        for expansion, channels_out, repeats, stride, kernel in encoder_stages(size):
            first = _InvertedResidual(channels, channels_out, kernel, stride, expansion)
            rest = [_InvertedResidual(channels_out, channels_out, kernel, 1, expansion) for _ in range(repeats - 1)]
            self.stages.append(nn.Sequential(first, *rest))
            channels = channels_out
            widths.append(channels)
        self.channels = [widths[index] for index in _TAPPED]

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x, taps = F.relu6(self.stem(x)), []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in _TAPPED:
                taps.append(x)
        return taps

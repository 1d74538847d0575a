"""The built-in preview network: photo to log depth, validity and focal length, small enough to ship with the pack.

EfficientNet-Lite0's layout as encoder (arXiv 1905.11946, symmetric padding; batch norm is folded into the convolutions)
and a small U-Net decoder that is told where each pixel lies in the view.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from .antialiased_resize import resize_antialiased
from .model_error import ModelError
from .prediction import Prediction
from .spline import upsample
from .view_plane import network_plane_axes, with_uv

WEIGHTS = Path(__file__).with_name("preview.safetensors")
TOKEN_RANGE = (450, 1900)
PREVIEW_PIXELS_PER_TOKEN = 30
SIDE_MULTIPLE = 32

# expansion, channels out, repeats, stride of the first, kernel
_STAGES = [
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
]
# stage -> its channels, where the decoder reads: strides 2, 4, 8, 16, 32
_TAPS = {0: 16, 1: 24, 2: 40, 4: 112, 6: 320}
_WIDTHS = [40, 56, 80, 112, 160]


class PreviewNetwork(nn.Module):
    """Image to (log depth, validity logit, log focal); `forward` gives them as a Prediction, `estimate` as they are."""

    # Averaging with the mirrored image doubles the cost and lowers the error on every size tried.
    flip_averaging = True

    def __init__(self):
        super().__init__()
        self.encoder = _Encoder()
        self.lateral = nn.ModuleList([_conv(c + 2, w) for c, w in zip(_TAPS.values(), _WIDTHS)])
        self.merge = nn.ModuleList([_SeparablePair(_WIDTHS[i + 1] + _WIDTHS[i], _WIDTHS[i]) for i in range(4)])
        self.top = _SeparablePair(_WIDTHS[4], _WIDTHS[4])
        self.context = nn.Linear(320, _WIDTHS[4])
        self.head = nn.Sequential(_conv(_WIDTHS[0], 32, 3), nn.ReLU(), _conv(32, 2))
        self.focal = nn.Sequential(nn.Linear(320, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """Prediction for images (B, 3, H, W) float32 in [0, 1], at H x W: unknown scale, known focal length."""
        height, width = images.shape[-2:]
        resized = resize_antialiased(images, working_size(height, width, num_tokens), "bilinear")
        aspect_ratio = width / height
        log_depth, logit, log_focal = self.estimate(resized, aspect_ratio)
        if self.flip_averaging:
            mirrored_depth, mirrored_logit, mirrored_focal = self.estimate(resized.flip(-1), aspect_ratio)
            log_depth = (log_depth + mirrored_depth.flip(-1)) / 2
            logit = (logit + mirrored_logit.flip(-1)) / 2
            log_focal = (log_focal + mirrored_focal) / 2
        logit = F.interpolate(logit[:, None], (height, width), mode="bilinear", align_corners=False)[:, 0]
        depth, focal = upsample(log_depth, (height, width)).exp(), log_focal.exp()
        u, v = network_plane_axes(height, width, aspect_ratio, images.device)
        ray = depth / focal[:, None, None]
        return Prediction(
            points=torch.stack([ray * u, ray * v[:, None], depth], dim=-1),
            mask_probability=logit.sigmoid(),
            focal=focal,
        )

    def estimate(
        self,
        images: torch.Tensor,
        aspect_ratio: float | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Log depth and validity logit (B, H/2, W/2), log of focal over half diagonal (B,); depth has no scale.

        images: (B, 3, H, W) in [0, 1], sides multiples of 32; aspect_ratio: that of the photo when resizing changed it.
        """
        aspect_ratio = aspect_ratio or images.shape[-1] / images.shape[-2]
        taps = self.encoder(((images * 255 - 127) / 128).to(self.context.weight.dtype))
        pooled = taps[-1].mean((2, 3))
        side = [project(with_uv(tap, aspect_ratio)) for project, tap in zip(self.lateral, taps)]
        y = self.top(F.relu(side[4] + self.context(pooled)[:, :, None, None]))
        for i in (3, 2, 1, 0):
            y = F.interpolate(y, size=side[i].shape[-2:], mode="bilinear", align_corners=False)
            y = self.merge[i](torch.cat([y, side[i]], dim=1))
        out = self.head(y).float()
        return out[:, 0], out[:, 1], self.focal(pooled).float().squeeze(1)


def working_size(height: int, width: int, num_tokens: int) -> tuple[int, int]:
    """Height and width, multiples of 32, that the network works at for a photo of this size."""
    scale = (num_tokens * PREVIEW_PIXELS_PER_TOKEN / (height * width)) ** 0.5

    def rounded(side: int) -> int:
        return max(1, round(side * scale / SIDE_MULTIPLE)) * SIDE_MULTIPLE

    return rounded(height), rounded(width)


def load_preview(weights: Path = WEIGHTS) -> PreviewNetwork:
    """The built-in network with its weights as they are in the file (fp16), on the CPU. Raises ModelError when they cannot be read."""
    import safetensors
    from safetensors.torch import load_file

    try:
        tensors = load_file(weights)
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelError(
            f"The pack's {weights.name} is missing or damaged ({error}): install the pack again."
        ) from error
    with torch.device("meta"):
        network = PreviewNetwork()
    try:
        network.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise ModelError(
            f"The pack's {weights.name} belongs to another version of the pack: install the pack again."
        ) from error
    return network.eval().requires_grad_(False)


def _conv(channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups)


class _InvertedResidual(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        hidden = channels_in * expansion
        self.expand = _conv(channels_in, hidden) if expansion != 1 else None
        self.depthwise = _conv(hidden, hidden, kernel, stride, hidden)
        self.project = _conv(hidden, channels_out)
        self.skip = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.skip else y


class _Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = _conv(3, 32, 3, 2)
        self.stages = nn.ModuleList()
        channels = 32
        for expansion, channels_out, repeats, stride, kernel in _STAGES:
            first = _InvertedResidual(channels, channels_out, kernel, stride, expansion)
            rest = [_InvertedResidual(channels_out, channels_out, kernel, 1, expansion) for _ in range(repeats - 1)]
            self.stages.append(nn.Sequential(first, *rest))
            channels = channels_out

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x, taps = F.relu6(self.stem(x)), []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in _TAPS:
                taps.append(x)
        return taps


class _SeparablePair(nn.Sequential):
    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(
            _conv(channels_in, channels_in, 3, groups=channels_in),
            _conv(channels_in, channels_out),
            nn.ReLU(),
            _conv(channels_out, channels_out, 3, groups=channels_out),
            _conv(channels_out, channels_out),
            nn.ReLU(),
        )

"""Parts of the built-in network's decoder; what version 3 adds gives nothing until it is trained."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .preview_encoder import conv

HEADS = 4
DETAIL_PICTURE_CHANNELS = 12  # a picture's 2 x 2 pixels
DETAIL_MAPS = 3  # of log depth, validity and error, each as 2 x 2 pixels
NORMAL_MAPS = 3


def without_effect(layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
    """The layer, giving 0 until it is trained."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class SeparablePair(nn.Sequential):
    """Two 3x3 convolutions, each channel for itself, with 1x1 convolutions after them."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(
            conv(channels_in, channels_in, 3, groups=channels_in),
            conv(channels_in, channels_out),
            nn.ReLU(),
            conv(channels_out, channels_out, 3, groups=channels_out),
            conv(channels_out, channels_out),
            nn.ReLU(),
        )


class ResidualPair(nn.Module):
    """A map plus what two 3x3 convolutions make of it."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = conv(channels, channels, 3)
        self.second = without_effect(conv(channels, channels, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(F.relu(self.first(x)))


class TokenBlock(nn.Module):
    """A transformer block (pre-norm) over the pixels of a map (B, C, H, W): each one hears all others."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attend = nn.Linear(channels, 3 * channels)
        self.joined = without_effect(nn.Linear(channels, channels))
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = without_effect(nn.Linear(2 * channels, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = x.shape[-2:]
        tokens, dtype = x.flatten(2).transpose(1, 2), self.attend.weight.dtype
        batch, count, channels = tokens.shape
        parts = self.attend(self.norm_1(tokens.float()).to(dtype)).view(batch, count, 3, HEADS, channels // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        heard = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(batch, count, channels)
        tokens = tokens + self.joined(heard)
        tokens = tokens + self.narrow(F.gelu(self.widen(self.norm_2(tokens.float()).to(dtype))))
        return tokens.transpose(1, 2).unflatten(2, (rows, columns))


class DetailBranch(nn.Module):
    """What a picture shows in detail: changes of log depth and validity logit, and log error (B, 3, H, W), normals
    (B, 3, H/2, W/2) of any length.

    It works on 2 x 2 pixels at a time, so that it costs little.
    """

    def __init__(self, decoder_channels: int, channels: int):
        super().__init__()
        self.picture = conv(DETAIL_PICTURE_CHANNELS, channels, 3)
        self.context = conv(decoder_channels, channels)
        self.enter = conv(2 * channels, channels, 3)
        self.refine = ResidualPair(channels)
        self.maps = without_effect(conv(channels, 4 * DETAIL_MAPS))
        self.normals = without_effect(conv(channels, NORMAL_MAPS))

    def forward(self, picture: torch.Tensor, decoded: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """picture: (B, 3, H, W) in [-1, 1]; decoded: the decoder's last map, at any size."""
        seen = F.relu(self.picture(F.pixel_unshuffle(picture, 2)))
        known = F.interpolate(self.context(decoded), size=seen.shape[-2:], mode="bilinear", align_corners=False)
        y = self.refine(F.relu(self.enter(torch.cat([seen, known], dim=1))))
        return F.pixel_shuffle(self.maps(y), 2), self.normals(y)

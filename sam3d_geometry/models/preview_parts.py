"""Parts of the built-in network's decoder; what version 3 adds gives nothing until it is trained."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .preview_encoder import conv

HEADS = 4
DETAIL_PICTURE_CHANNELS = 12  # a picture's 2 x 2 pixels
DETAIL_MAPS = 5  # of log depth, validity, error and displacement, each as 2 x 2 pixels
NORMAL_MAPS = 3
RELIEF_MAPS = 3  # of the coarse answer: its slopes and how it lies to what is around
RELIEF_SIDE = 9  # pixels around
FARTHEST_MOVE = 12.0  # pixels of the detail branch's picture that an edge of the coarse answer may be off
STEEPEST_MOVE = 4.0  # pixels for an untrained unit


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
    """What a picture shows in detail: (B, 5, H, W) and normals (B, 3, H/2, W/2) of any length.

    The maps are changes of log depth and of the validity logit, the log of log depth's expected error, and the displacement (x, y)
    in shares of half the picture's sides at which the coarse answer is to be read: its soft edges become steps where every pixel
    reads from its own side (Ramamonjisoa et al. 2020, arXiv 2002.12730). The branch works on 2 x 2 pixels at a time, so that it
    costs little.
    """

    def __init__(self, decoder_channels: int, channels: int):
        super().__init__()
        self.picture = conv(DETAIL_PICTURE_CHANNELS, channels, 3)
        self.context = conv(decoder_channels, channels)
        self.enter = conv(2 * channels + RELIEF_MAPS, channels, 3)
        self.refine = ResidualPair(channels)
        self.maps = without_effect(conv(channels, 4 * DETAIL_MAPS))
        self.normals = without_effect(conv(channels, NORMAL_MAPS))

    def forward(
        self, picture: torch.Tensor, decoded: torch.Tensor, log_depth: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """picture: (B, 3, H, W) in [-1, 1]; decoded and log_depth (B, h, w): the decoder's last map and the coarse answer."""
        seen = F.relu(self.picture(F.pixel_unshuffle(picture, 2)))
        size = (seen.shape[-2], seen.shape[-1])
        known = F.interpolate(self.context(decoded), size=size, mode="bilinear", align_corners=False)
        parts = torch.cat([seen, known, relief(log_depth.detach(), size).to(seen.dtype)], dim=1)
        y = self.refine(F.relu(self.enter(parts)))
        maps = F.pixel_shuffle(self.maps(y), 2).float()
        pixels = FARTHEST_MOVE * torch.tanh(maps[:, 3:] * (STEEPEST_MOVE / FARTHEST_MOVE))
        half_sides = maps.new_tensor([picture.shape[-1] / 2, picture.shape[-2] / 2])
        return torch.cat([maps[:, :3], pixels / half_sides[:, None, None]], dim=1), self.normals(y)


def relief(log_depth: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Slopes of log depth (B, h, w) along x and y, and its difference from the mean around, at `size`: (B, 3, *size)."""
    fine = F.interpolate(log_depth[:, None], size=size, mode="bilinear", align_corners=False)
    padded = F.pad(fine, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    around = F.avg_pool2d(fine, RELIEF_SIDE, 1, RELIEF_SIDE // 2, count_include_pad=False)
    return torch.cat([4 * across, 4 * down, 2 * (fine - around)], dim=1).clamp(-2, 2)


def displaced(maps: torch.Tensor, moves: torch.Tensor) -> torch.Tensor:
    """Maps (B, C, H, W) read at a displacement (B, 2, H, W) from each pixel, (x, y) in shares of half the sides."""
    height, width = maps.shape[-2:]
    limit_x, limit_y = 1 - 1 / width, 1 - 1 / height  # the middles of the outermost pixels
    x = torch.linspace(-limit_x, limit_x, width, device=maps.device)
    y = torch.linspace(-limit_y, limit_y, height, device=maps.device)
    at_x = (moves[:, 0] + x).clamp(-limit_x, limit_x)
    at_y = (moves[:, 1] + y[:, None]).clamp(-limit_y, limit_y)
    return F.grid_sample(maps, torch.stack([at_x, at_y], -1), mode="bilinear", align_corners=False)

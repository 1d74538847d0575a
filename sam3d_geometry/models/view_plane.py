"""The view-plane coordinates that MoGe's convolutions are told: (0, 0) at the centre, half the image diagonal is 1."""

from __future__ import annotations

import torch


def network_plane_axes(
    height: int,
    width: int,
    aspect_ratio: float,
    device: torch.device,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Coordinates u (W,) to the right and v (H,) downward of the pixel centres of a map over such an image."""
    diagonal = (1 + aspect_ratio**2) ** 0.5
    span_u, span_v = aspect_ratio / diagonal * (width - 1) / width, 1 / diagonal * (height - 1) / height
    return (
        torch.linspace(-span_u, span_u, width, device=device),
        torch.linspace(-span_v, span_v, height, device=device),
    )


def with_uv(x: torch.Tensor, aspect_ratio: float) -> torch.Tensor:
    """A map (B, C, H, W) with the coordinates u, v of its pixels appended: (B, C + 2, H, W), channels-last."""
    batch, channels, height, width = x.shape
    u, v = network_plane_axes(height, width, aspect_ratio, x.device)
    joined = x.new_empty(batch, height, width, channels + 2)
    joined[..., :channels] = x.permute(0, 2, 3, 1)
    joined[..., channels] = u
    joined[..., channels + 1] = v[:, None]
    return joined.permute(0, 3, 1, 2)


def add_linear_in_uv(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, aspect_ratio: float) -> torch.Tensor:
    """Adds weight (C, 2) times (u, v) plus bias (C,) to x (B, C, H, W) in place: a 1x1 convolution of the coordinates.

    Cheaper than convolving a coordinate map, because each term varies along one axis only.
    """
    height, width = x.shape[-2:]
    u, v = network_plane_axes(height, width, aspect_ratio, x.device)
    weight, bias = weight.float(), bias.float()
    along_u = torch.outer(u, weight[:, 0])
    along_v = torch.outer(v, weight[:, 1]) + bias
    x += along_u.to(x.dtype)[None, None].permute(0, 3, 1, 2)
    x += along_v.to(x.dtype)[None, :, None].permute(0, 3, 1, 2)
    return x

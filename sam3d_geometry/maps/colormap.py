"""Colour tables for depth and other scalar maps, and the colour-bar legend that says what a colour means."""

from __future__ import annotations

from functools import cache

import torch

from ..geometry.colour import eight_bit
from .depth import depth_at_nearness

# menu name -> name in the cmap package; the tables are matplotlib's
COLORMAPS = {
    "magma": "magma",
    "viridis": "viridis",
    "plasma": "plasma",
    "grayscale": "matlab:gray",
    "inferno": "inferno",
    "turbo": "turbo",
    "cividis": "cividis",
    "spectral": "colorbrewer:Spectral",
}
TICKS = 5  # numbers beside a legend's bar
TABLE_SIZE = 1 << 14  # finer than any picture shows, so a look-up needs no interpolation and nothing bands


@cache
def _fine_table(name: str) -> torch.Tensor:
    """(TABLE_SIZE, 3) float32 colours, linear between the 256 of matplotlib's table."""
    try:
        from cmap import Colormap
    except ImportError as error:
        raise ImportError("Colour maps need the small package cmap; install it with: pip install cmap") from error
    stops = torch.tensor(Colormap(COLORMAPS[name]).lut(256)[:, :3], dtype=torch.float32)
    position = torch.linspace(0, 255, TABLE_SIZE)
    lower = position.floor().long().clamp_max(254)
    return torch.lerp(stops[lower], stops[lower + 1], (position - lower)[:, None])


def apply_colormap(values: torch.Tensor, name: str, invert: bool = False) -> torch.Tensor:
    """Values (B, H, W) in [0, 1] -> colours (B, H, W, 3) in [0, 1]; nan counts as 0.

    `invert` runs through the table backwards. The tables are matplotlib's, without its steps.
    """
    if name not in COLORMAPS:
        raise ValueError(f"Colour map {name!r} is not known; choose one of {', '.join(COLORMAPS)}.")
    table = _fine_table(name).to(values.device)
    if invert:
        table = table.flip(0)
    colours = values.new_empty(*values.shape, 3, dtype=torch.float32)
    for frame, out in zip(values, colours):  # by frame: the index of a long clip would be larger than the clip
        index = frame.float().nan_to_num(0).mul_(TABLE_SIZE - 1).add_(0.5).clamp_(0, TABLE_SIZE - 1).int()
        torch.index_select(table, 0, index.reshape(-1), out=out.view(-1, 3))
    return colours


def legend(
    name: str, height: int, labels: tuple[str, ...], invert: bool = False, width: int | None = None
) -> torch.Tensor:
    """Colour bar (1, height, w, 3) with 1 at the top, `labels` written beside it from top to bottom on black."""
    import numpy
    from PIL import Image, ImageDraw, ImageFont

    size = max(9, min(28, height // 18))
    font = ImageFont.load_default(size=size)
    text = max((font.getlength(label) for label in labels), default=0)
    bar = max(6, size)
    margin = max(2, size // 2)
    width = width or int(bar + text + 3 * margin)
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    inner = max(1, height - 2 * margin)
    ramp = torch.linspace(1, 0, inner)[None, :, None].expand(1, inner, bar)
    colours = eight_bit(apply_colormap(ramp, name, invert)[0]).numpy()
    picture.paste(Image.fromarray(colours), (margin, margin))
    for i, label in enumerate(labels):
        y = margin + (inner - 1) * i / max(1, len(labels) - 1)
        y = min(max(y, size / 2), height - 1 - size / 2)
        draw.text((bar + 2 * margin, y), label, font=font, fill=(230, 230, 230), anchor="lm")
    return torch.from_numpy(numpy.asarray(picture).astype(numpy.float32) / 255)[None]


def with_legend(
    colours: torch.Tensor, name: str, invert: bool = False, *, near: float, far: float, curve: str
) -> torch.Tensor:
    """Coloured depth pictures (B, H, W, 3) with a colour bar at their right side, numbered by distance."""
    distances = depth_at_nearness(torch.linspace(1, 0, TICKS), near, far, curve)
    labels = tuple(f"{distance:.3g}" for distance in distances.tolist())
    bar = legend(name, colours.shape[1], labels, invert).to(colours)
    return torch.cat([colours, bar.expand(len(colours), -1, -1, -1)], 2)

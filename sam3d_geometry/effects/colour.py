"""Colours as people write them."""

from __future__ import annotations

import re

import torch

from ..transfer import linear_from_srgb


def linear_from_hex(text: str, name: str = "color") -> tuple[float, float, float]:
    """'#rrggbb' or '#rgb' in sRGB, as in web pages, -> linear RGB; `name` is the input that an error speaks of."""
    digits = text.strip().removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise ValueError(f"Input {name} came as {text!r}; a colour such as #c8d2dc is needed.")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    values = torch.tensor([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=torch.float64)
    return tuple(linear_from_srgb(values).tolist())

"""Colours as people write them."""

from __future__ import annotations

import re

import torch

from ..transfer import linear_from_srgb


def srgb_from_hex(text: str, name: str = "color") -> tuple[float, float, float]:
    """'#rrggbb' or '#rgb', as in web pages, -> sRGB from 0 to 1; `name` is the input that an error speaks of."""
    digits = text.strip().removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise ValueError(f"Input {name} came as {text!r}; a colour such as #c8d2dc is needed.")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return tuple(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))


def linear_from_hex(text: str, name: str = "color") -> tuple[float, float, float]:
    """As `srgb_from_hex`, but linear RGB."""
    return tuple(linear_from_srgb(torch.tensor(srgb_from_hex(text, name), dtype=torch.float64)).tolist())

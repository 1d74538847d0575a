"""Colours: transfer functions of sRGB, PQ and HLG (light adds up in linear values, pictures hold signals), luminance, 8 bits, hex codes."""

from __future__ import annotations

import math
import re

import torch
from torch.nn import functional as F

from .number_format import not_in_half

LUMINANCE = (0.2126, 0.7152, 0.0722)  # of linear red, green and blue, as ITU-R BT.709 has it

PQ_PEAK = 10000.0  # cd/m2, and the constants of SMPTE ST 2084
PQ_M1, PQ_M2 = 2610 / 16384, 128 * 2523 / 4096
PQ_C1, PQ_C2, PQ_C3 = 3424 / 4096, 32 * 2413 / 4096, 32 * 2392 / 4096
HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991073  # of ITU-R BT.2100

BEHIND_ALPHA = 0.5  # gray in [0, 1] that transparent pixels are put over: colors that nobody sees change no geometry


def linear_from_srgb(image: torch.Tensor) -> torch.Tensor:
    """sRGB values (...) -> linear light, as IEC 61966-2-1 has it; below 0 stays linear, above 1 goes on along the curve."""
    curve = image.clamp_min(0.04045).add_(0.055).div_(1.055).pow_(2.4)
    # from where the two meet the curve is the greater; choosing by a map of truth values would take longer than the curve
    return torch.maximum(image / 12.92, F.threshold(curve, 0.0031309, -math.inf, inplace=True))


def srgb_from_linear(light: torch.Tensor) -> torch.Tensor:
    """Linear light (...) -> sRGB values; inverse of `linear_from_srgb`."""
    curve = light.clamp_min(0.0031308).pow_(1 / 2.4).mul_(1.055).sub_(0.055)
    return torch.minimum(light * 12.92, curve)  # from where the two meet the curve is the smaller


def put_over_gray(picture: torch.Tensor) -> torch.Tensor:
    """Colors and alpha (..., 4) -> colors (..., 3) over BEHIND_ALPHA where that lets it through."""
    colour = picture[..., :3]
    return torch.lerp(torch.full_like(colour, BEHIND_ALPHA), colour, picture[..., 3:])


def without_nan(picture: torch.Tensor) -> torch.Tensor:
    """A picture in [0, 1] without nan, black where that was; the same tensor where nothing is to be changed, which a CPU looks for."""
    if picture.device.type == "cpu":  # elsewhere to look would be to wait
        least, most = picture.aminmax()
        if least >= 0 and most <= 1:
            return picture
    return picture.nan_to_num(0.0, 1.0, 0.0).clamp(0, 1)


def on_screen(light: torch.Tensor, exposure: float = 0.0) -> torch.Tensor:
    """Linear light (..., 1, 3 or 4), times alpha if it has that -> sRGB in [0, 1], (..., 3) or with alpha (..., 4).

    It is how pictures of floats are seen, photos and frames alike, `exposure` stops brighter: white is 1 and so is what is
    brighter; nan is black.
    """
    values = light.float().nan_to_num(0.0)
    colour, alpha = values[..., :3].expand(*values.shape[:-1], 3) * 2.0**exposure, values[..., 3:].clamp(0, 1)
    if alpha.numel():
        colour = torch.where(alpha > 0, colour / alpha, 0)
    return torch.cat([srgb_from_linear(colour.clamp(0, 1)), alpha], -1)


@not_in_half
def light_from_pq(signal: torch.Tensor) -> torch.Tensor:
    """Signal (...) in [0, 1] of SMPTE ST 2084 (PQ) -> light on the screen in cd/m2, up to 10,000."""
    root = signal.clamp(0, 1) ** (1 / PQ_M2)
    return PQ_PEAK * ((root - PQ_C1).clamp_min(0) / (PQ_C2 - PQ_C3 * root)) ** (1 / PQ_M1)


@not_in_half
def pq_from_light(light: torch.Tensor) -> torch.Tensor:
    """Light on the screen (...) in cd/m2 -> signal of SMPTE ST 2084 in [0, 1]; inverse of `light_from_pq`."""
    power = (light.clamp_min(0) / PQ_PEAK) ** PQ_M1
    return ((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power)) ** PQ_M2


@not_in_half
def scene_light_from_hlg(signal: torch.Tensor) -> torch.Tensor:
    """Signal (...) in [0, 1] of hybrid log-gamma -> light of the scene in [0, 1], the inverse OETF of ITU-R BT.2100."""
    signal = signal.clamp(0, 1)
    return torch.where(signal <= 0.5, signal**2 / 3, (((signal - HLG_C) / HLG_A).exp() + HLG_B) / 12)


def srgb_from_hex(text: str, name: str = "color") -> tuple[float, float, float]:
    """'#rrggbb', '#rgb' or a name such as 'red', as in web pages, -> sRGB from 0 to 1; `name` is the input that an error speaks of."""
    from PIL import ImageColor

    code = text.strip().lower()
    if code in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(code)[:3]
        return red / 255, green / 255, blue / 255
    digits = code.removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise ValueError(f"Input {name} came as {text!r}; a colour such as #c8d2dc or a name such as red is needed.")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def linear_from_hex(text: str, name: str = "color") -> tuple[float, float, float]:
    """As `srgb_from_hex`, but linear RGB."""
    return tuple(linear_from_srgb(torch.tensor(srgb_from_hex(text, name), dtype=torch.float64)).tolist())


def eight_bit(values: torch.Tensor) -> torch.Tensor:
    """Values in [0, 1] (...), cut off beyond, -> uint8 from 0 to 255, rounded to the nearest."""
    return values.clamp(0, 1).mul_(255).add_(0.5).to(torch.uint8)


def luminance(image: torch.Tensor) -> torch.Tensor:
    """Image (..., C) -> one channel (...): the only one there is, or three weighted as ITU-R BT.709 has it.

    Of linear values it is the luminance, of sRGB ones the luma. A grey picture comes out exactly as it is.
    """
    if image.shape[-1] == 1:
        return image[..., 0]
    first, *rest = (image[..., i] for i in range(3))
    if all(torch.equal(first, other) for other in rest):
        return first
    return image[..., :3] @ image.new_tensor(LUMINANCE)

"""HDR pictures (PQ and HLG in the wide primaries of ITU-R BT.2020) as the sRGB pictures that networks know."""

from __future__ import annotations

import torch

from .colour import light_from_pq, pq_from_light
from .number_format import not_in_half

PQ, HLG = HDR_SIGNALS = ("PQ", "HLG")
PAPER_WHITE = 203.0  # cd/m2 of white paper in HDR pictures (ITU-R BT.2408), which becomes what sRGB can show at most
HLG_PEAK, HLG_GAMMA = 1000.0, 1.2  # of the screen that HLG is graded on (ITU-R BT.2100)
PEAK = 1000.0  # cd/m2 beyond which highlights are cut off
WIDE_LUMINANCE = (0.2627, 0.6780, 0.0593)  # of linear red, green and blue in BT.2020
# linear light of BT.2020 -> of BT.709, whose primaries are sRGB's (ITU-R BT.2087)
SRGB_FROM_WIDE = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))


@not_in_half
def toned(light: torch.Tensor) -> torch.Tensor:
    """Light (...) in cd/m2 -> linear light (...) in [0, 1]: `PEAK` becomes 1, dark and middle tones stay, highlights bend.

    The electrical-electrical transfer function of ITU-R BT.2390 (5.4.1) from a peak of `PEAK` to one of `PAPER_WHITE`, without black lift.
    """
    peak = pq_from_light(torch.tensor(PEAK, dtype=light.dtype, device=light.device))
    signal = (pq_from_light(light) / peak).clamp(0, 1)
    most = pq_from_light(torch.full_like(peak, PAPER_WHITE)) / peak
    knee = 1.5 * most - 0.5
    t = ((signal - knee) / (1 - knee)).clamp_min(0)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    )  # Hermite
    return light_from_pq(torch.where(signal < knee, signal, bent) * peak) / PAPER_WHITE

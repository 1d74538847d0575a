"""HDR pictures in sRGB: signals by the tables of the standards, and colours by what both kinds of picture show alike."""

import pytest
import torch

from sam3d_geometry.geometry.colour import light_from_pq, pq_from_light, scene_light_from_hlg, srgb_from_linear
from sam3d_geometry.geometry.tone_mapping import PAPER_WHITE, PEAK, SRGB_FROM_WIDE, toned


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_pq_is_that_of_the_standard():
    # ITU-R BT.2408, table 1 and SMPTE ST 2084: signal of 100, 203, 1,000, 4,000 and 10,000 cd/m2
    signal = tensor(0.508, 0.581, 0.752, 0.903, 1.0)
    light = tensor(100.0, 203.0, 1000.0, 4000.0, 10000.0)
    assert torch.allclose(pq_from_light(light), signal, atol=6e-4)
    assert torch.allclose(light_from_pq(pq_from_light(light)), light, rtol=1e-9)
    assert light_from_pq(tensor(0.0)).item() == 0


def test_hlg_is_that_of_the_standard():
    # ITU-R BT.2100: a twelfth of the light is half the signal
    assert torch.allclose(scene_light_from_hlg(tensor(0, 0.5, 1.0)), tensor(0, 1 / 12, 1.0), atol=1e-6)


def test_the_curve_keeps_the_dark_bends_the_bright_and_never_turns():
    light = torch.linspace(0, 2 * PEAK, 20001, dtype=torch.float64)
    shown = toned(light)
    dark = light < 40
    assert torch.allclose(shown[dark], light[dark] / PAPER_WHITE, rtol=1e-6)
    assert bool((shown.diff() >= -1e-12).all())
    assert shown[light <= PEAK].max() == pytest.approx(1, abs=1e-6) == shown[-1]
    assert 0.85 < srgb_from_linear(toned(tensor(PAPER_WHITE))).item() < 0.95  # white paper stays below the highlights


@pytest.mark.parametrize(
    ("xy", "srgb"), [((0.64, 0.33), (1, 0, 0)), ((0.30, 0.60), (0, 1, 0)), ((0.15, 0.06), (0, 0, 1))]
)
def test_the_primaries_of_srgb_come_out_pure(xy, srgb):
    # linear BT.2020 of a chromaticity, from its own primaries and D65
    primaries = tensor(*[(x, y, 1 - x - y) for x, y in ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))]).T
    white = tensor(0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290)
    from_wide = primaries * torch.linalg.solve(primaries, white)
    wide = torch.linalg.solve(from_wide, tensor(xy[0], xy[1], 1 - xy[0] - xy[1]))
    srgb_from_wide = tensor(*SRGB_FROM_WIDE)
    found = (srgb_from_wide @ wide).clamp_min(0)
    assert (found / found.max()).tolist() == pytest.approx(srgb, abs=2e-3)
    assert (srgb_from_wide @ tensor(1, 1, 1)).tolist() == pytest.approx([1, 1, 1], abs=1e-3)

"""Highlights come out and go back without a trace."""

import pytest
import torch

from sam3d_geometry.effects.lens.highlights import compress_highlights, expand_highlights


@pytest.mark.parametrize("boost", [1.0, 3.0, 50.0])
def test_compressing_undoes_expanding(boost):
    light = torch.rand(40, 50, 3, generator=torch.Generator().manual_seed(1)) ** 2
    light[0, 0], light[0, 1] = 1, 0
    assert torch.allclose(compress_highlights(expand_highlights(light, boost), boost), light, atol=2e-6)


def test_white_becomes_so_much_brighter_and_dark_stays():
    light = torch.tensor([[1.0, 1.0, 1.0], [0.5, 0.3, 0.1], [0.4, 0.4, 0.4]])
    expanded = expand_highlights(light, 8.0, threshold=0.5)
    assert torch.allclose(expanded[0], torch.full((3,), 0.5 + 0.5 * 8)) and torch.equal(expanded[1:], light[1:])


def test_hue_stays():
    colour = torch.tensor([[0.9, 0.6, 0.3]])
    expanded = expand_highlights(colour, 5.0)
    assert expanded[0, 0] > colour[0, 0] * 1.5 and torch.allclose(expanded / expanded[0, 0], colour / colour[0, 0])


def test_a_boost_below_1_is_refused():
    with pytest.raises(ValueError, match="boost"):
        expand_highlights(torch.zeros(1, 3), 0.5)

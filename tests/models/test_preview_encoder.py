"""The encoder has the channels, repeats and strides of EfficientNet-Lite, whichever size."""

import pytest
import torch

from sam3d_geometry.models.preview_encoder import PreviewEncoder, encoder_stages

CHANNELS = {"lite0": (16, 24, 40, 80, 112, 192, 320), "lite2": (16, 24, 48, 88, 120, 208, 352)}
REPEATS = {"lite0": (1, 2, 2, 3, 3, 4, 1), "lite2": (1, 3, 3, 4, 4, 5, 1)}


@pytest.mark.parametrize("size", CHANNELS)
def test_stages_are_those_of_the_published_network(size):
    stages = encoder_stages(size)
    assert tuple(stage[1] for stage in stages) == CHANNELS[size]
    assert tuple(stage[2] for stage in stages) == REPEATS[size]


@pytest.mark.parametrize("size", CHANNELS)
def test_maps_lie_at_five_strides_with_the_channels_it_tells(size):
    encoder = PreviewEncoder(size)
    with torch.no_grad():
        maps = encoder(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert [tuple(m.shape[-2:]) for m in maps] == [(64 // s, 96 // s) for s in (2, 4, 8, 16, 32)]
    assert [m.shape[1] for m in maps] == encoder.channels == [CHANNELS[size][k] for k in (0, 1, 2, 4, 6)]

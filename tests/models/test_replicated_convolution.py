"""Convolutions over replicated borders give what the module itself gives, whatever the workspace held before."""

import pytest
import torch
from torch import nn

from sam3d_geometry.models.replicated_convolution import convolve_replicated, run_resampler


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def convolution(channels=4, **options):
    return nn.Conv2d(channels, 6, 3, padding=1, **{"padding_mode": "replicate", **options}).requires_grad_(False)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (6, 1), (9, 8)], ids=str)
@pytest.mark.parametrize("rectify", [False, True])
def test_it_equals_the_module(size, rectify):
    module, workspace = convolution(), {}
    for _ in range(2):  # the second time in a workspace that was used
        x = torch.randn(2, 4, *size)
        expected = module(x.relu() if rectify else x)
        assert torch.allclose(convolve_replicated(module, x, workspace, rectify), expected, atol=1e-6)
    assert len(workspace) == 1


@pytest.mark.parametrize(
    "module",
    [convolution(padding_mode="zeros"), convolution(stride=2), nn.Conv2d(4, 6, 1), nn.Identity()],
    ids=["zeros around", "stride", "1x1", "no convolution"],
)
def test_another_module_is_called_as_it_is(module):
    x, workspace = torch.randn(1, 4, 5, 6), {}
    with torch.no_grad():
        assert torch.equal(convolve_replicated(module, x, workspace, rectify=True), module(x.relu()))
    assert workspace == {}


def test_the_input_is_left_as_it_was():
    x = torch.randn(1, 4, 5, 6)
    before = x.clone()
    convolve_replicated(convolution(), x, {}, rectify=True)
    assert torch.equal(x, before)


def test_a_resampler_is_its_modules_one_after_the_other():
    resampler = nn.Sequential(nn.ConvTranspose2d(3, 4, 2, 2), convolution()).requires_grad_(False)
    x = torch.randn(1, 3, 5, 6)
    assert torch.allclose(run_resampler(resampler, x, {}), resampler(x), atol=1e-6)

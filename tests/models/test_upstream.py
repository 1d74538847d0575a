from types import SimpleNamespace

import pytest
import torch
from torch import nn

from sam3d_geometry.models.upstream import bias_of, token_range_of


@pytest.mark.parametrize("biased", [True, False])
def test_a_convolution_is_its_weights_and_the_bias_that_is_read_of_it(biased):
    convolution = nn.Conv2d(3, 5, 1, bias=biased).requires_grad_(False)
    x = torch.rand(2, 3, 4, 6)
    expected = nn.functional.conv2d(x, convolution.weight, bias_of(convolution))
    assert bias_of(convolution).shape == (5,)
    assert torch.allclose(convolution(x), expected)


def test_a_range_read_of_yaml_is_a_pair():
    assert token_range_of(SimpleNamespace(num_tokens_range=[1200, 3600])) == (1200, 3600)

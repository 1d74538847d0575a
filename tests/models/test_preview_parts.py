"""Parts of the decoder that are new in version 3 give nothing until they are trained, and something then."""

import pytest
import torch
from torch import nn

from sam3d_geometry.models.precision import prepare_weights
from sam3d_geometry.models.preview_parts import DetailBranch, ResidualPair, TokenBlock


def trained(part: nn.Module) -> nn.Module:
    """The part with no weight at 0."""
    torch.manual_seed(0)
    for weight in part.parameters():
        nn.init.normal_(weight, std=0.2)
    return part


@pytest.mark.parametrize("part", [ResidualPair, TokenBlock])
def test_an_untrained_part_changes_nothing_and_a_trained_one_does(part):
    x = torch.randn(2, 16, 3, 5)
    with torch.no_grad():
        assert torch.equal(part(16)(x), x)
        assert (trained(part(16))(x) - x).abs().mean() > 0.01


def test_attention_hears_every_pixel_and_keeps_pictures_apart():
    block, x = trained(TokenBlock(16)), torch.randn(2, 16, 4, 6)
    far = x.clone()
    far[0, 0, 3, 5] += 3
    with torch.no_grad():
        change = (block(far) - block(x)).abs().amax(1)
    assert change[0].min() > 0 and change[1].max() == 0


def test_detail_is_nothing_at_first_and_then_as_large_as_its_picture():
    picture, decoded = torch.rand(2, 3, 32, 48), torch.rand(2, 40, 8, 12)
    branch = DetailBranch(40, 8)
    with torch.no_grad():
        maps, normals = branch(picture, decoded)
        assert maps.shape == (2, 3, 32, 48) and normals.shape == (2, 3, 16, 24)
        assert not maps.any() and not normals.any()
        trained(branch)
        moved = picture.clone()
        moved[:, :, 16, 24] = 1 - moved[:, :, 16, 24]
        change = (branch(moved, decoded)[0] - branch(picture, decoded)[0]).abs().sum((0, 1))
    assert change[16, 24] > 0 and change[:4].max() == 0


def test_parts_run_in_bf16():
    block, branch = (prepare_weights(trained(part), torch.bfloat16) for part in (TokenBlock(16), DetailBranch(16, 8)))
    x = torch.randn(1, 16, 4, 4, dtype=torch.bfloat16)
    with torch.no_grad():
        assert block(x).dtype == torch.bfloat16
        assert branch(torch.rand(1, 3, 16, 16, dtype=torch.bfloat16), x)[0].isfinite().all()

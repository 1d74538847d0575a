"""Parts of the decoder that are new in version 3 give nothing until they are trained, and something then."""

import pytest
import torch
from torch import nn

from sam3d_geometry.models.precision import prepare_weights
from sam3d_geometry.models.preview_parts import FARTHEST_MOVE, DetailBranch, ResidualPair, TokenBlock, displaced, relief


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
    picture, rest = torch.rand(2, 3, 32, 48), (torch.rand(2, 40, 8, 12), torch.rand(2, 8, 12))
    branch = DetailBranch(40, 8)
    with torch.no_grad():
        maps, normals = branch(picture, *rest)
        assert maps.shape == (2, 5, 32, 48) and normals.shape == (2, 3, 16, 24)
        assert not maps.any() and not normals.any()
        trained(branch)
        moved = picture.clone()
        moved[:, :, 16, 24] = 1 - moved[:, :, 16, 24]
        change = (branch(moved, *rest)[0] - branch(picture, *rest)[0]).abs().sum((0, 1))
    assert change[16, 24] > 0 and change[:4].max() == 0


def test_parts_run_in_bf16():
    block, branch = (prepare_weights(trained(part), torch.bfloat16) for part in (TokenBlock(16), DetailBranch(16, 8)))
    x = torch.randn(1, 16, 4, 4, dtype=torch.bfloat16)
    with torch.no_grad():
        assert block(x).dtype == torch.bfloat16
        maps, _ = branch(torch.rand(1, 3, 16, 16, dtype=torch.bfloat16), x, torch.rand(1, 4, 4))
        assert maps.dtype == torch.float32 and maps.isfinite().all()


def test_nothing_is_read_further_away_than_it_may():
    branch = trained(DetailBranch(16, 8))
    torch.nn.init.normal_(branch.maps.weight, std=100)
    with torch.no_grad():
        maps, _ = branch(torch.rand(1, 3, 64, 96), torch.rand(1, 16, 8, 8), torch.rand(1, 8, 8))
    pixels = maps[0, 3:].abs().amax((1, 2)) * torch.tensor([48.0, 32.0])
    assert torch.allclose(pixels, torch.full((2,), FARTHEST_MOVE), rtol=0.01)


def test_a_displaced_map_is_read_where_it_says_and_never_beyond_its_border():
    maps = torch.rand(1, 2, 6, 10)
    moves = torch.zeros(1, 2, 6, 10)
    assert torch.allclose(displaced(maps, moves), maps, atol=1e-5)
    moves[:, 0] = 2 / 10  # a pixel to the right
    right = displaced(maps, moves)
    assert torch.allclose(right[..., :-1], maps[..., 1:], atol=1e-5)
    assert torch.allclose(right[..., -1], maps[..., -1], atol=1e-5)
    down = displaced(maps, torch.tensor([0.0, 4 / 6])[:, None, None].expand(1, 2, 6, 10))
    assert torch.allclose(down[:, :, :4], maps[:, :, 2:], atol=1e-5)


def test_displacement_makes_a_soft_edge_a_step():
    soft = torch.linspace(0, 1, 9).repeat(4, 1)[None, None]
    towards = torch.tensor([0.0, -1, -2, -3, 4, 3, 2, 1, 0]) * 2 / 9
    moves = torch.stack([towards.expand(4, 9), torch.zeros(4, 9)])[None]
    assert torch.allclose(displaced(soft, moves)[0, 0, 0], torch.tensor([0.0] * 4 + [1.0] * 5), atol=1e-4)


def test_relief_tells_slopes_and_what_stands_out():
    ramp = torch.arange(12.0).expand(1, 10, 12) / 100
    across, down, out = relief(ramp, (10, 12))[0]
    assert torch.allclose(across[:, 2:-2], torch.full((10, 8), 4 * 0.02), atol=1e-5)
    assert down.abs().max() < 1e-6 and out[:, 5:7].abs().max() < 1e-5
    bump = torch.zeros(1, 12, 12)
    bump[0, 6, 6] = 0.5
    assert relief(bump, (12, 12))[0, 2].argmax() == 6 * 12 + 6

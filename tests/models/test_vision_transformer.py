"""The backbone sees as many patches as were asked for, and the positions of the weights that it has now."""

import pytest
import torch
from torch import nn

from sam3d_geometry.models.vision_transformer import project_layers

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import NETWORKS, build, shorten_backbone


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


def test_tokens_set_the_working_resolution(monkeypatch):
    network, sizes = build(*NETWORKS["v2"]), []
    network.transformer.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[-2:].numel()))
    with torch.no_grad():
        for tokens in (16, 64):
            network(torch.rand(1, 3, 80, 80), tokens)
    assert sizes == [16 * 14**2, 64 * 14**2]


def test_weights_may_be_moved_and_replaced_between_predictions():
    network, images = build(*NETWORKS["v2"]), torch.rand(1, 3, 42, 42)
    with torch.no_grad():
        before = network(images, 9).points
        network.transformer.pos_embed.mul_(0.5)
        after = network(images, 9).points
    assert not torch.allclose(before, after)


def test_projections_of_tokens_are_1x1_convolutions_of_their_map():
    torch.manual_seed(0)
    projections, tokens = [nn.Conv2d(6, 4, 1) for _ in range(2)], torch.rand(2, 3, 5 * 7, 6)
    maps = [t.mT.reshape(3, 6, 5, 7) for t in tokens]
    expected = sum(projection(seen) for projection, seen in zip(projections, maps))
    assert torch.allclose(project_layers(projections, list(tokens), 5, 7), expected, atol=1e-6)

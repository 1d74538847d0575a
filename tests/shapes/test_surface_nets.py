"""The net of a field is its zero surface: where it is, closed, and facing outward; open where the field is not known."""

import pytest
import torch

from sam3d_geometry.shapes.mesh import face_normals
from sam3d_geometry.shapes.surface_nets import BlockGrid, block_keys, blocks_of, surface_net

CENTRE, RADIUS = torch.tensor([0.3, 0.1, -0.2]), 13.3


@pytest.fixture
def ball():
    step = torch.arange(-3, 3)
    grid = BlockGrid.of(torch.stack(torch.meshgrid(step, step, step, indexing="ij"), -1).view(-1, 3).flip(0))
    values = (grid.voxels(torch.arange(len(grid.blocks))) - CENTRE).norm(dim=-1) - RADIUS
    return grid, values.view(-1, 8, 8, 8)


def edges_of(faces):
    return torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def test_a_ball_comes_out_where_it_is_closed_and_facing_outward(ball):
    grid, values = ball
    net = surface_net(grid, values, torch.ones_like(values, dtype=torch.bool))
    assert ((net.vertices - CENTRE).norm(dim=1) - RADIUS).abs().max() < 0.04
    _, uses = edges_of(net.faces).sort(1).values.unique(dim=0, return_counts=True)
    assert (uses == 2).all()
    assert len(net.vertices) - 3 * len(net.faces) // 2 + len(net.faces) == 2
    outward = face_normals(net.vertices, net.faces)
    middle = net.vertices[net.faces].mean(1) - CENTRE
    assert ((outward * middle).sum(1) > 0).float().mean() > 0.999


def test_a_plane_comes_out_exactly(ball):
    grid, _ = ball
    normal = torch.nn.functional.normalize(torch.tensor([0.3, -0.5, 0.8]), dim=0)
    values = (grid.voxels(torch.arange(len(grid.blocks))).float() @ normal - 1.7).view(-1, 8, 8, 8)
    net = surface_net(grid, values, torch.ones_like(values, dtype=torch.bool))
    assert (net.vertices @ normal - 1.7).abs().max() < 1e-4


def test_where_the_field_is_not_known_there_is_no_surface(ball):
    grid, values = ball
    known = (grid.voxels(torch.arange(len(grid.blocks)))[..., 0] > 0).view(-1, 8, 8, 8)
    net = surface_net(grid, values, known)
    assert len(net.faces) > 0
    assert net.vertices[:, 0].min() >= 1
    _, uses = edges_of(net.faces).sort(1).values.unique(dim=0, return_counts=True)
    assert (uses == 1).any()


def test_a_field_of_one_sign_has_no_surface(ball):
    grid, values = ball
    net = surface_net(grid, values.abs() + 1, torch.ones_like(values, dtype=torch.bool))
    assert len(net.faces) == len(net.vertices) == 0


def test_keys_go_there_and_back_and_missing_blocks_are_not_found():
    blocks = torch.tensor([[0, 0, 0], [-5, 3, 900], [70, -70, 2]])
    assert torch.equal(blocks_of(block_keys(blocks)), blocks)
    grid = BlockGrid.of(blocks)
    assert torch.equal(grid.blocks[grid.find(blocks)], blocks)
    assert grid.find(torch.tensor([[1, 0, 0]])).item() == -1

"""Patches: slopes of planes, edges that part them, and the fringe behind an edge."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.patches import SLACK, SMOOTH_REACH, Patches
from sam3d_geometry.geometry.surfaces import DEPTH_EDGE

SIZE = (30, 40)


def patches_of(depth, **options):
    return Patches.of_frame(closed_form.pointmap(depth, **options))


@pytest.mark.parametrize("tilt", [0.0, 40.0, 55.0])
def test_the_slopes_of_a_plane_are_those_of_its_inverse_depth_up_to_the_border(tilt):
    patches = patches_of(closed_form.plane(*SIZE, tilt, 30.0, 2.0)[0])
    across, down = patches.inverse_depth.diff(dim=1).mean(), patches.inverse_depth.diff(dim=0).mean()
    assert torch.allclose(patches.slope_x, across.expand(SIZE), atol=1e-6)
    assert torch.allclose(patches.slope_y, down.expand(SIZE), atol=1e-6)
    assert not patches.mixed.any()


def test_beside_an_edge_the_slope_is_that_of_the_own_side():
    depth, _, box = closed_form.box_before_wall(*SIZE, 2.0, 4.0)
    patches = patches_of(depth)
    assert patches.slope_x.abs().max() < 1e-6 and patches.slope_y.abs().max() < 1e-6
    beside = torch.zeros(SIZE, dtype=torch.bool)
    beside[:, 1:] |= box[0][:, 1:] != box[0][:, :-1]
    beside[:, :-1] |= box[0][:, 1:] != box[0][:, :-1]
    assert bool(patches.mixed[beside].all()) and float(patches.mixed.float().mean()) < 0.5


def test_patches_answer_for_their_neighbours_but_at_edges_and_at_the_border():
    depth = closed_form.box_before_wall(*SIZE, 2.0, 4.0)[0]
    patches = patches_of(depth)
    assert bool((patches.reach[patches.mixed] == 0.5 + SLACK).all())
    for border in (patches.reach[0], patches.reach[-1], patches.reach[:, 0], patches.reach[:, -1]):
        assert bool((border == 0.5 + SLACK).all())
    assert bool((patches.reach[1:-1, 1:-1][~patches.mixed[1:-1, 1:-1]] == SMOOTH_REACH).all())


@pytest.mark.parametrize("margin", [0, 1, 4])
def test_the_fringe_is_the_far_side_of_an_edge_as_deep_as_the_margin(margin):
    depth, _, box = closed_form.box_before_wall(*SIZE, 2.0, 4.0)
    fringe = patches_of(depth).fringe(margin)
    grown = torch.nn.functional.max_pool2d(box.float(), 2 * margin + 1, 1, margin)[0] > 0
    assert torch.equal(fringe, grown & ~box[0])


def test_a_step_below_the_depth_edge_is_one_surface():
    w = torch.full(SIZE, 0.5)
    w[:, 20:] *= 1 - 0.5 * DEPTH_EDGE
    image, k = torch.zeros(*SIZE, 3), torch.eye(3)
    assert not Patches(image, w, k).mixed.any()
    w[:, 20:] *= 1 - 2 * DEPTH_EDGE
    assert Patches(image, w, k).mixed.any()


def test_pixels_without_geometry_are_sky():
    mask = torch.rand(1, *SIZE, generator=torch.Generator().manual_seed(5)) > 0.4
    patches = patches_of(torch.full((1, *SIZE), 3.0), mask=mask)
    assert bool((patches.inverse_depth[~mask[0]] == 0).all())
    assert torch.allclose(patches.inverse_depth[mask[0]], torch.tensor(1 / 3))


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 1)])
def test_the_smallest_photos_have_finite_slopes(size):
    patches = patches_of(torch.full((1, *size), 2.0))
    assert bool((patches.slope_x == 0).all() and (patches.slope_y == 0).all())
    assert not patches.fringe(3).any()

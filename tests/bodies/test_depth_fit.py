"""The ratio of depths: exact where all pixels agree, not moved by occluders, background, noise, or by clothes thick or thin."""

import math

import pytest
import torch

from sam3d_geometry.bodies.depth_fit import (
    CLOTH_M,
    MINIMUM_PIXELS,
    BodyPixels,
    fit_depths,
    fit_ratio,
    inner,
    own_edges,
)


def depths(count=4000):
    return 4 + 0.3 * torch.rand(count, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.37])
def test_all_pixels_that_agree_give_their_ratio(ratio):
    body = depths()
    fit = fit_ratio(ratio * body, body, torch.ones_like(body))
    assert fit.log_ratio == pytest.approx(math.log(ratio), abs=1e-4)
    assert fit.inliers == 1 and fit.spread < 1e-3 and fit.pixels == len(body)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("covered_by", [0.6, 1.5])
def test_an_occluder_or_background_over_many_of_them_moves_it_by_less_than_noise(share, covered_by):
    body = depths()
    noise = 0.02 * torch.randn(len(body), generator=torch.Generator().manual_seed(2))
    scene = 0.8 * body + noise
    covered = torch.arange(len(body)) < share * len(body)
    fit = fit_ratio(torch.where(covered, covered_by * body, scene), body, torch.ones_like(body))
    assert fit.log_ratio == pytest.approx(math.log(0.8), abs=1e-3)
    assert fit.inliers == pytest.approx(1 - share, abs=0.02)
    assert fit.spread == pytest.approx(0.02 / (0.8 * 4.15), rel=0.1)


def test_pixels_without_weight_or_depth_do_not_count_and_too_few_tell_nothing():
    body = depths(200)
    scene = body.clone()
    scene[100:] = 0
    weights = torch.ones_like(body)
    weights[: 100 - MINIMUM_PIXELS] = 0
    assert fit_ratio(scene, body, weights).pixels == MINIMUM_PIXELS
    weights[99] = 0
    assert fit_ratio(scene, body, weights) is None


def test_the_rim_is_left_out_where_enough_remains():
    mask = torch.zeros(40, 40, dtype=torch.bool)
    mask[10:30, 10:30] = True
    assert int(inner(mask).sum()) == 16 * 16
    mask[12:30] = False
    assert torch.equal(inner(mask), mask)


def ball(radius=0.12, away=3.0, focal=700.0, size=120):
    """Depth and facing (size, size) of a ball, both 0 beside it."""
    at = (torch.arange(size) - size / 2) / focal
    rays = torch.stack([*torch.meshgrid(at, at, indexing="xy"), torch.ones(size, size)], -1)
    along = away * rays[..., 2] / rays.square().sum(-1)
    off = (rays * along[..., None] - torch.tensor([0.0, 0.0, away])).norm(dim=-1)
    hit = off < radius
    facing = (1 - (off / radius).square()).clamp_min(0).sqrt()
    depth = along - (radius**2 - off.square()).clamp_min(0).sqrt() / rays.norm(dim=-1)
    return torch.where(hit, depth, 0), torch.where(hit, facing, 0)


@pytest.mark.parametrize("in_metres", [True, False])
@pytest.mark.parametrize("thick", [0.0, 0.03])
def test_thick_clothes_are_told_from_a_size_by_the_flat_seen_sides(thick, in_metres):
    depth, facing = ball()
    dressed, _ = ball(0.12 + thick)
    noise = 0.01 * torch.randn(depth.shape, generator=torch.Generator().manual_seed(4))
    pixels = BodyPixels.of(0.7 * dressed + noise if not in_metres else dressed + noise, depth, facing, facing > 0)
    off = fit_depths(pixels, in_metres).log_ratio - math.log(1.0 if in_metres else 0.7)
    assert abs(off) < 0.0025  # 1.5 cm, which the usual thickness leaves, are 0.005


def test_where_all_is_seen_straight_clothes_are_taken_to_be_of_the_usual_thickness():
    body = torch.full((50, 50), 4.0)
    pixels = BodyPixels.of(body - 0.03, body, torch.ones(50, 50), torch.ones(50, 50, dtype=torch.bool))
    assert fit_depths(pixels, True).log_ratio == pytest.approx(
        float(((body - 0.03 + CLOTH_M) / body).log().mean()), abs=1e-3
    )


def test_an_arm_before_the_chest_has_edges_and_a_floor_has_none():
    depth = torch.full((30, 30), 3.0)
    depth[:, 10:14] = 2.85
    edges = own_edges(depth, 600.0)
    assert edges[:, [9, 10, 13, 14]].all() and int(edges.sum()) == 120
    depth[:, 10:14] = 0
    assert not own_edges(depth, 600.0).any()
    assert not own_edges(3 + 0.01 * torch.arange(30.0)[:, None].expand(30, 30), 600.0).any()

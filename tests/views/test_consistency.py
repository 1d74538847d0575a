"""Views that agree trust each other; what others see through loses trust; the spread of depth is measured."""

from dataclasses import replace

import pytest
import torch
from round_views import ball_view

from sam3d_geometry.views.consistency import agreements, differences, neighbours_of, trusted
from sam3d_geometry.views.posed_depth import posed_depth


@pytest.fixture
def frames():
    return [posed_depth(ball_view(angle)) for angle in (0, 15, 30, 180)]


def with_depth(frame, factor):
    return replace(frame, depth=frame.depth * factor)


def test_neighbours_are_those_at_the_nearest_angles(frames):
    assert [order[0] for order in neighbours_of(frames)] == [1, 0, 1, 2]


def test_exact_views_confirm_each_other(frames):
    found = agreements(frames[:3])
    for frame, said in zip(frames, found):
        sure = frame.weight > 0.5
        assert (said.agreeing[sure] >= 1).float().mean() > 0.9
        assert said.trust[sure].min() > 0.3
        assert said.contradicted < 0.01
        assert said.spread < 0.01


def test_a_view_behind_says_nothing_about_the_front(frames):
    _, there = differences(frames[0], frames[3])
    value, _ = differences(frames[0], frames[3])
    assert (value[there & (frames[0].weight > 0.3)] > 0).all()


def test_a_lump_that_floats_before_the_surface_is_not_trusted(frames):
    floating = torch.ones_like(frames[1].depth)
    floating[32:48, 32:48] = 0.8
    found = agreements([frames[0], with_depth(frames[1], floating), frames[2]])
    assert found[1].trust[34:46, 34:46].max() < 0.35
    assert found[1].trust[16:28, 34:46].mean() > 0.6
    kept = trusted([frames[0], with_depth(frames[1], floating), frames[2]], found)
    assert kept[1].weight[34:46, 34:46].max() < 0.35


def test_the_spread_of_the_depth_is_measured(frames):
    generator = torch.Generator().manual_seed(0)
    noisy = [with_depth(f, (0.02 * torch.randn(f.depth.shape, generator=generator)).exp()) for f in frames[:3]]
    for said in agreements(noisy):
        assert said.spread == pytest.approx(0.02, rel=0.35)


def test_a_single_view_is_trusted_as_it_is(frames):
    (said,) = agreements(frames[:1])
    assert (said.trust == 1).all()

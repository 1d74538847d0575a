"""The cloud of views: all points on the surface, their colours its own, and no more of them than asked for."""

import pytest
import torch
from round_views import RADIUS, ball_views, colour_at

from sam3d_geometry.views.cloud import cloud_of_views


@pytest.fixture(scope="module")
def cloud():
    return cloud_of_views(ball_views(4))


def test_points_colours_and_normals_are_those_of_the_ball(cloud):
    assert (cloud.points.norm(dim=1) - RADIUS).abs().max() < 0.01
    assert (cloud.colours - colour_at(cloud.points)).abs().max() < 0.02
    assert ((cloud.points * cloud.normals).sum(1) / RADIUS).median() > 0.99
    assert cloud.metric and cloud.points[:, 2].min() < -0.9 and cloud.points[:, 2].max() > 0.9


@pytest.mark.parametrize("most", [10, 500])
def test_fewer_points_are_spread_over_all_of_it(cloud, most):
    thinned = cloud_of_views(ball_views(4), most)
    assert most / 2 <= len(thinned.points) <= most < len(cloud.points)
    assert thinned.points.mean(0).norm() < 0.3
    assert torch.isfinite(thinned.normals).all()

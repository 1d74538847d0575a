"""Posed depth: depth, trust and camera of a placed view."""

from dataclasses import replace

import closed_form
import pytest
import torch
from round_views import DISTANCE, RADIUS, ball_view

from sam3d_geometry.views.posed_depth import moved, posed_depth, posed_depths
from sam3d_geometry.views.view import View


def test_points_of_a_ball_lie_on_it_in_the_world():
    frame = posed_depth(ball_view(70))
    assert (frame.world_points()[frame.valid].norm(dim=-1) - RADIUS).abs().max() < 1e-4
    torch.testing.assert_close(frame.centre.norm(), torch.tensor(DISTANCE, dtype=torch.float64))


def test_weight_is_the_squared_cosine_inside_and_less_at_the_rim():
    frame = posed_depth(ball_view(0))
    centre = tuple(length // 2 for length in frame.depth.shape)
    assert frame.weight[centre] == pytest.approx(1, abs=0.02)
    points = frame.world_points()
    cosine = -(points / RADIUS * torch.nn.functional.normalize(points - frame.centre.float(), dim=-1)).sum(-1)
    inner = frame.weight > 0.35
    assert (frame.weight - cosine**2)[inner].abs().max() < 0.05
    assert frame.weight[~frame.valid].max() == 0


def test_pixels_beside_a_jump_of_depth_have_no_weight():
    depth, _ = closed_form.plane(24, 32, 0.0, distance=2.0)
    depth = depth.clone()
    depth[..., 16:] *= 2
    pointmap = closed_form.pointmap(depth)
    pose = torch.eye(4, dtype=torch.float64)
    view = View(
        "step", torch.zeros(24, 32, 3), pointmap, None, pointmap.intrinsics[0].double(), pose, state="placed", group=0
    )
    weight = posed_depth(view).weight
    assert (weight[:, 14:18] == 0).all()
    assert (weight[2:-2, 2:13] > 0.5).all()


def test_seen_at_gives_the_pixel_that_a_point_came_from():
    frame = posed_depth(ball_view(30))
    z, pixel, inside = frame.seen_at(frame.world_points()[frame.valid])
    assert inside.all()
    assert torch.equal(pixel, frame.valid.view(-1).nonzero()[:, 0])
    torch.testing.assert_close(z, frame.depth[frame.valid], atol=1e-4, rtol=0)


def test_a_rigid_pose_moves_points_as_a_matrix_does():
    view = ball_view(25)
    points = torch.rand(5, 3)
    whole = torch.cat([points, torch.ones(5, 1)], 1).double() @ view.world_from_camera.T
    torch.testing.assert_close(moved(points, view.world_from_camera).double(), whole[:, :3], atol=1e-6, rtol=0)


def test_only_the_largest_group_of_placed_views_is_taken():
    lost = replace(ball_view(5), world_from_camera=None, state="not placed", group=None, reason="4 matches")
    apart = replace(ball_view(10), group=1)
    found = posed_depths([apart, ball_view(0), lost, ball_view(90)])
    assert [frame.name for frame in found] == ["0 degrees", "90 degrees"]
    with pytest.raises(ValueError, match="5 degrees is not placed .4 matches."):
        posed_depth(lost)
    with pytest.raises(ValueError, match="None of the 1 views is placed .5 degrees: 4 matches"):
        posed_depths([lost])


def test_a_mask_beside_the_depth_is_refused():
    view = ball_view(0)
    with pytest.raises(ValueError, match="no depth inside its mask"):
        posed_depth(replace(view, mask=~view.mask))


def test_a_view_without_depth_in_its_mask_is_left_out_where_others_have_some():
    first, second = ball_view(0), ball_view(90)
    empty = replace(second, mask=torch.zeros_like(second.mask))
    assert [frame.name for frame in posed_depths([first, empty])] == [first.name]
    with pytest.raises(ValueError, match="no depth inside its mask"):
        posed_depths([empty])

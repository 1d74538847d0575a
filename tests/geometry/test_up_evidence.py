"""What makes a direction likely to be up: planes that lie and stand, what carries and bounds, and how cameras are held."""

import closed_form
import pytest
import torch
from gravity_scenes import Ball, Box, Plane, Scene, floor_and_box, frontal_wall, portrait, seen, true_up

from sam3d_geometry.geometry.plane_patches import plane_patches
from sam3d_geometry.geometry.up_evidence import directions_grid, find_planes, log_planes, log_prior

LEVEL = torch.tensor([[0.0, -1.0, 0.0]], dtype=torch.float64)


def planes_of(scene, pitch, roll=0.0):
    frame = seen(scene, pitch, roll)
    return find_planes(plane_patches(frame), frame)


def test_the_grid_covers_the_sphere_evenly():
    grid = directions_grid()
    assert torch.allclose(grid.norm(dim=-1), torch.ones(len(grid)).double())
    probe = torch.nn.functional.normalize(
        torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).double(), dim=-1
    )
    assert torch.rad2deg(torch.acos((probe @ grid.T).amax(1).clamp_max(1))).max() < 2


def test_cameras_are_held_level_rather_than_tilted_rolled_or_upside_down():
    held = [float(log_prior(true_up(pitch, roll)[None])) for pitch, roll in ((0, 0), (-20, 0), (-20, 30), (-20, 90))]
    assert held == sorted(held, reverse=True)
    assert float(log_prior(true_up(-50, 0)[None])) > float(log_prior(true_up(50, 0)[None]))
    assert float(torch.exp(log_prior(directions_grid())).mean() * 4 * torch.pi) == pytest.approx(1, abs=0.25)


def test_planes_are_found_with_their_share_and_what_lies_behind_them():
    planes = planes_of(floor_and_box(-46), -46)
    floor = closed_form.angles(planes.normals, true_up(-46, 0)).argmin()
    assert closed_form.angles(planes.normals[floor], true_up(-46, 0)) < 0.2
    assert planes.share[floor] > 0.8 and planes.behind[floor] < 0.02
    sides = torch.arange(len(planes.share)) != floor
    assert sides.any() and (planes.behind[sides] > 0.1).all()


def test_a_ball_is_no_plane():
    planes = planes_of(Scene(balls=(Ball((0, 0, 3), 1.2),)), 0)
    assert not len(planes.flat) or planes.flat.max() < 0.3


def test_things_stand_on_a_floor_and_hover_in_front_of_a_wall():
    assert planes_of(floor_and_box(-70), -70).carries[0] > 0.3
    assert planes_of(portrait(0), 0).carries[0] < -0.5
    assert planes_of(frontal_wall(0), 0).carries[0] == 0


def test_what_has_the_scene_behind_it_is_not_the_ground():
    planes = planes_of(floor_and_box(-46), -46)
    floor = closed_form.angles(planes.normals, true_up(-46, 0)).argmin()
    side = 1 - floor if len(planes.share) == 2 else (torch.arange(len(planes.share)) != floor).nonzero()[0, 0]
    likely = log_planes(torch.stack([planes.normals[floor], planes.normals[side]]), planes)
    assert likely[0] > likely[1] + 3


def test_ceilings_and_floors_are_nearer_than_walls():
    near_floor = Scene(planes=(Plane((0, 1, 0), 1.5), Plane((0, 0, 1), 4.0)))
    planes = planes_of(near_floor, -20)
    as_it_is, swapped = log_planes(torch.stack([true_up(-20, 0), -true_up(70, 0)]), planes)
    assert as_it_is > swapped + 1


def test_walls_square_to_each_other_confirm_what_is_up():
    square = Scene(planes=(Plane((-0.6, 0, 0.8), 3.0), Plane((0.8, 0, 0.6), 3.0)))
    odd = Scene(planes=(Plane((-0.6, 0, 0.8), 3.0), Plane((0.4, 0, 0.9165), 3.0)))
    assert float(log_planes(LEVEL, planes_of(square, 0))) > float(log_planes(LEVEL, planes_of(odd, 0))) + 1


def test_a_room_from_within_is_described_by_its_inner_sides():
    planes = planes_of(Scene(boxes=(Box((0, 0, 0), (2.0, 1.5, 4.0), inside=True),)), 0)
    assert len(planes.share) == 5 and (planes.behind < 0.05).all()

"""The surface that light falls on: points on their pixels' rays, normals at the picture's size, smaller and back again."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.light.surface import pick_frame, surface_at_image
from sam3d_geometry.maps.enlarge import enlarge_guided


def test_a_picked_frame_lies_on_its_own_rays():
    surface = surface_at_image(closed_form.pointmap(closed_form.plane(90, 121, 20.0)[0]))
    small, pick = pick_frame(surface, 40)
    assert max(small.size) == 40
    assert pick(surface.depth).shape == (1, *small.size)
    assert torch.equal(small.points, closed_form.unproject(small.depth, small.intrinsics))


def test_a_frame_at_its_own_size_is_itself():
    surface = surface_at_image(closed_form.pointmap(torch.full((1, 9, 12), 2.0)))
    for long_edge in (0, 12, 50):
        small, pick = pick_frame(surface, long_edge)
        assert small is surface
        assert torch.equal(pick(surface.depth), surface.depth)


def test_normals_come_at_the_pictures_size_and_are_smoothed_at_the_pointmaps():
    depth, normals, _ = closed_form.box_before_wall(60, 80, tilt_degrees=20)
    rough = normals + 0.1 * torch.randn(normals.shape, generator=torch.Generator().manual_seed(0))
    rough = torch.nn.functional.normalize(rough.float(), dim=-1)
    pointmap = closed_form.pointmap(depth, image=torch.rand(1, 60, 80, 3), normals=rough)
    photo = torch.rand(1, 150, 200, 3)
    surfaces = [surface_at_image(pointmap, photo, smoothing) for smoothing in (0, 8)]
    assert all(surface.normals.shape == (1, 150, 200, 3) for surface in surfaces)
    wall = torch.tensor([0, 0, -1.0], dtype=torch.float64)
    errors = [closed_form.angles(surface.normals, wall)[:, :30].mean() for surface in surfaces]
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize("long_edge", [40, 67, 80])
def test_what_is_enlarged_again_keeps_to_its_surface(long_edge):
    depth, _, box = closed_form.box_before_wall(150, 200, tilt_degrees=20)
    surface = surface_at_image(closed_form.pointmap(depth))
    small, pick = pick_frame(surface, long_edge)
    found = enlarge_guided(pick(box.float()), small.depth, surface.depth)
    assert (found - box.float()).abs().max() < 0.01

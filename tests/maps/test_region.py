"""The thing that was picked, and bounds of it."""

import closed_form
import torch

from sam3d_geometry.maps.region import region_at_photo, region_from_point

SIZE = (60, 80)


def test_a_region_is_the_thing_that_was_picked():
    depth, _, box = closed_form.box_before_wall(*SIZE)
    pointmap = closed_form.pointmap(depth)
    assert torch.equal(region_from_point(pointmap, 0.4, 0.4), box)
    assert torch.equal(region_from_point(pointmap, 0.9, 0.9), ~box)


def test_radius_and_angle_bound_a_region():
    depth, normals, axis = closed_form.box_room(*SIZE)
    pointmap = closed_form.pointmap(depth, normals=normals.float())
    assert region_from_point(pointmap, 0.5, 0.95).all()
    floor = region_from_point(pointmap, 0.5, 0.95, angle_degrees=20.0, smoothing=0)
    assert torch.equal(floor, (axis == 1) & (pointmap.points[..., 1] > 0))
    near = region_from_point(pointmap, 0.5, 0.95, radius=0.5)
    row, column = int(0.95 * SIZE[0]), SIZE[1] // 2
    assert torch.equal(near, (pointmap.points - pointmap.points[:, row, column]).norm(dim=-1) <= 0.5)


def test_the_contour_of_an_enlarged_region_is_smooth_and_in_place():
    rows, columns = torch.meshgrid(torch.arange(60.0), torch.arange(80.0), indexing="ij")
    disc = (rows - 29.5) ** 2 + (columns - 39.5) ** 2 < 20**2
    pointmap = closed_form.pointmap(torch.where(disc, 2.0, 4.0)[None], source_size=(240, 320))
    mask = region_at_photo(pointmap, 0.5, 0.5)[0]
    y, x = torch.meshgrid(torch.arange(240.0) - 119.5, torch.arange(320.0) - 159.5, indexing="ij")
    distance = (y * y + x * x).sqrt()
    assert (mask[distance < 76] == 1).all() and (mask[distance > 84] == 0).all()

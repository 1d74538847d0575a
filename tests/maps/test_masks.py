"""Masks by distance, height, orientation and region, and the crop: each against where things are known to be."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from sam3d_geometry.maps.enlarge import enlarge
from sam3d_geometry.maps.orientation import orientation_at_photo, orientation_masks
from sam3d_geometry.maps.range_masks import depth_mask, height_mask, within_range
from sam3d_geometry.maps.region import region_at_photo, region_from_point

SIZE = (60, 80)
LEVEL = world_from_pitch_roll(0.0, 0.0)


def test_a_feather_is_linear_in_units_and_centred_on_the_ends():
    values = torch.linspace(0, 10, 1001)[None, None]
    member = within_range(values, values > -1, 3.0, 7.0, 2.0)[0, 0]
    assert member[[200, 250, 300, 350, 400, 500, 650, 700, 800]].tolist() == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0], abs=1e-3
    )


@pytest.mark.parametrize("scale", [1, 4])
def test_a_range_takes_the_box_and_leaves_the_wall_without_a_seam(scale):
    depth, _, box = closed_form.box_before_wall(*SIZE)
    size = (SIZE[0] * scale, SIZE[1] * scale)
    pointmap = closed_form.pointmap(depth, source_size=size)
    fine = box.repeat_interleave(scale, 1).repeat_interleave(scale, 2)
    assert ((depth_mask(pointmap, 2.0, 4.0) > 0.5) == fine).float().mean() > 0.999
    # between the two lies nothing, so nothing may show, along the edge either
    assert depth_mask(pointmap, 3.5, 4.5).max() == 0


def test_open_ends_distance_and_sky():
    depth, _ = closed_form.sphere(*SIZE)
    pointmap = closed_form.pointmap(depth)
    assert torch.equal(depth_mask(pointmap, 0.0, torch.inf) > 0, depth > 0)
    assert (depth_mask(pointmap, 0.0, torch.inf, sky=True) == 1).all()
    wall = closed_form.pointmap(torch.full((1, *SIZE), 2.0))
    assert (depth_mask(wall, 1.0, 2.1) == 1).all()
    assert depth_mask(wall, 1.0, 2.1, measure="ray").min() == 0


def test_heights_in_a_room_seen_by_a_tilted_camera():
    depth, _, _ = closed_form.box_room(*SIZE, half=(2.0, 1.5, 4.0))
    pointmap = closed_form.pointmap(depth)
    heights = 1.5 - pointmap.points[..., 1]
    mask = height_mask(pointmap, LEVEL, 1.5, 1.0, 2.0)
    clear = ((heights - 1).abs() > 0.1) & ((heights - 2).abs() > 0.1)
    assert torch.equal((mask > 0.5)[clear], ((heights > 1) & (heights < 2))[clear])
    turned = world_from_pitch_roll(20.0, 10.0)
    tilted = closed_form.pointmap(depth)
    points = tilted.points @ turned[0]  # a camera that looks up by 20 and is rolled by 10 degrees sees these
    tilted = type(tilted)(points, tilted.mask, tilted.intrinsics, tilted.image, None, False, tilted.source_size)
    assert torch.allclose(height_mask(tilted, turned, 1.5, 1.0, 2.0), mask, atol=1e-3)


def test_orientation_of_the_sides_of_a_room():
    depth, normals, axis = closed_form.box_room(*SIZE)
    pointmap = closed_form.pointmap(depth, normals=normals.float())
    found = orientation_masks(pointmap, LEVEL, smoothing=0)
    below = pointmap.points[..., 1] > 0
    assert torch.equal(found.floor > 0.5, (axis == 1) & below)
    assert torch.equal(found.ceiling > 0.5, (axis == 1) & ~below)
    assert torch.equal(found.walls > 0.5, axis != 1)
    middle = found.facing[0, SIZE[0] // 2, SIZE[1] // 2]
    assert middle == 1 and found.facing[0, -1, SIZE[1] // 2] == 0


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


@pytest.mark.parametrize("size", [(30, 50), (50, 66), (90, 160)])
def test_enlarging_keeps_values_in_their_range(size):
    torch.manual_seed(0)
    for values in (torch.ones(1, 3, 5), torch.rand(2, 24, 32), torch.full((1, 7, 9), 0.3)):
        large = enlarge(values, size)
        assert large.max() <= values.max() and large.min() >= values.min()


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (8, 9)])
@pytest.mark.parametrize("valid", [True, False])
def test_any_size_and_no_geometry_give_masks_of_the_photos_size(size, valid):
    depth = torch.full((1, *size), 2.0 if valid else 0.0)
    pointmap = closed_form.pointmap(depth, source_size=(20, 30))
    world = level_world(pointmap)
    masks = [
        depth_mask(pointmap, 1.0, 3.0, 0.5),
        height_mask(pointmap, world, 1.0, -100.0, 100.0),
        region_at_photo(pointmap, 0.5, 0.5),
        orientation_at_photo(pointmap, world).facing,
    ]
    for mask in masks[:3]:
        assert mask.shape == (1, 20, 30) and (mask == float(valid)).all()
    assert masks[3].shape == (1, 20, 30) and torch.isfinite(masks[3]).all() and bool((masks[3] > 0).any()) == valid


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda p: depth_mask(p, 3.0, 2.0), "range came as 3 to 2"),
        (lambda p: depth_mask(p, 1.0, 2.0, -1.0), "feather"),
        (lambda p: depth_mask(p, 1.0, 2.0, measure="gone"), "gone"),
        (lambda p: region_from_point(p, 1.5, 0.5), "shares of the picture"),
        (lambda p: region_from_point(p, 0.5, 0.5, radius=0.0), "radius"),
        (lambda p: orientation_masks(p, LEVEL, 0.0), "tolerance"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call(closed_form.pointmap(torch.full((1, 4, 4), 2.0)))
    assert "\n" not in str(caught.value)

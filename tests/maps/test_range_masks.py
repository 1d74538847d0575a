"""Masks by distance and height against where things are known to be."""

from dataclasses import replace

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.gravity import world_from_pitch_roll
from sam3d_geometry.maps.range_masks import depth_mask, height_mask, within_range

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
    tilted = replace(tilted, points=points)
    assert torch.allclose(height_mask(tilted, turned, 1.5, 1.0, 2.0), mask, atol=1e-3)

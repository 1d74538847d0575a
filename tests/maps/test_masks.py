"""Masks of every kind: any size, no geometry, and values that no mask can have."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from sam3d_geometry.maps.orientation import orientation_at_photo, orientation_masks
from sam3d_geometry.maps.range_masks import depth_mask, height_mask
from sam3d_geometry.maps.region import region_at_photo, region_from_point

SIZE = (60, 80)
LEVEL = world_from_pitch_roll(0.0, 0.0)


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

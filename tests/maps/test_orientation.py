"""Masks by orientation against the sides of a room."""

import closed_form
import torch

from sam3d_geometry.geometry.gravity import world_from_pitch_roll
from sam3d_geometry.maps.orientation import orientation_masks

SIZE = (60, 80)
LEVEL = world_from_pitch_roll(0.0, 0.0)


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

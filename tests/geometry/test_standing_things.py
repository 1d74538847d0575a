"""A box on a floor touches it along its near side; a ball in front of a wall touches nothing."""

import pytest
import torch
from gravity_scenes import floor_and_box, frontal_wall, portrait, seen, true_up

from sam3d_geometry.geometry.standing_things import LEAST_OUTLINE, standing_share

WALL = torch.tensor([0.0, 0.0, -1.0], dtype=torch.float64)


def distance_to(frame, away):
    return away / float(frame.depth[frame.mask].median())


@pytest.mark.parametrize("noise", [0.0, 0.003])
def test_a_box_touches_the_floor_it_stands_on(noise):
    frame = seen(floor_and_box(-60), -60, 0, noise=noise)
    outline, touching = standing_share(frame, true_up(-60, 0), distance_to(frame, 1.5))
    assert outline >= LEAST_OUTLINE and touching > 0.2 * outline


def test_a_face_does_not_touch_the_wall_behind_it():
    frame = seen(portrait(0), 0, 0)
    outline, touching = standing_share(frame, WALL, distance_to(frame, 3.0))
    assert outline >= LEAST_OUTLINE and touching == 0


def test_an_empty_wall_and_no_geometry_have_no_outline():
    frame = seen(frontal_wall(0), 0, 0)
    assert standing_share(frame, WALL, distance_to(frame, 3.0)) == (0, 0)
    assert standing_share(frame.masked(torch.zeros_like(frame.mask)), WALL, 1.0) == (0, 0)

"""Free space: photos at their places agree, and at a wrong place what one shows would float where the other sees through."""

import math
from dataclasses import replace

import numpy
import posed_scenes
import torch

from sam3d_geometry.geometry.turns import rotation_of
from sam3d_geometry.views.free_space import violated

ROOM = posed_scenes.room(4)
UNIT = (0.0, 0.0)


def pair():
    first, second = posed_scenes.views(ROOM, smooth=0.0)[::3]
    move = torch.linalg.inv(ROOM.world_from_camera[3]) @ ROOM.world_from_camera[0]
    return (first, second), move.double().numpy()


def test_true_places_agree_and_others_do_not():
    views, move = pair()
    assert violated(views, move, UNIT) < 0.1
    nearer = move.copy()
    nearer[2, 3] -= 1.5
    assert violated(views, nearer, UNIT) > 0.35
    assert violated(views, move, (-0.4, 0.0)) > 0.35


def test_what_is_beside_an_object_counts_where_both_have_masks():
    views, move = pair()
    masks = [view.pointmap.depth[0] < 4.2 for view in views]
    views = tuple(replace(v, mask=m) for v, m in zip(views, masks))
    assert violated(views, move, UNIT) < 0.2
    turned = move.copy()
    turned[:3, :3] = rotation_of(numpy.array([0.0, 0.35, 0.0])) @ move[:3, :3]
    assert violated(views, turned, UNIT) > violated(views, move, UNIT) + 0.1


def test_photos_that_see_nothing_of_one_another_say_nothing():
    views, move = pair()
    away = move.copy()
    away[:3, :3] = rotation_of(numpy.array([0.0, math.pi, 0.0])) @ move[:3, :3]
    assert math.isnan(violated(views, away, UNIT))

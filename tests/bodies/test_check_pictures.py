"""Pictures for checks: masks share out the silhouettes, depth is the surface's, and what stands in front hides."""

from dataclasses import replace

import pytest
import torch
from people import SIZE, room_with, standing, two_people

from sam3d_geometry.bodies.check_pictures import PictureStyle, check_pictures, look_at_people, size_of_pictures
from sam3d_geometry.bodies.surface import NOBODY, seen_people
from sam3d_geometry.geometry.camera import unproject

LOOK = PictureStyle(size=(240, 320))


def test_masks_and_depth_are_those_of_who_is_nearest():
    people = standing((0.0, 4.5), (0.12, 3.5))
    made = check_pictures(people, 0, LOOK, pointmap=room_with(people))
    seen = seen_people(people, 0, LOOK.size)
    assert torch.equal(made.distance, seen.depth)
    assert torch.equal(made.person_masks.sum(0) + made.hidden, (seen.person != NOBODY).float())
    assert (
        float(made.hidden.mean()) < 2e-4 and float(made.person_masks[1].sum()) > float(made.person_masks[0].sum()) > 0
    )


def test_what_stands_in_front_hides_people():
    people = standing((0.0, 4.0))
    room = room_with(people)
    depth = room.depth.clone()
    depth[:, 60:] = depth[:, 60:].clamp_max(2.0)
    made = check_pictures(people, 0, LOOK, pointmap=replace(room, points=unproject(depth, room.intrinsics)))
    below = made.distance.clone()
    below[:120] = 0
    assert float((made.hidden - (below > 0).float()).abs().sum()) < 30
    assert not (made.person_masks[0] * made.hidden).any()


def test_people_show_over_the_photo_and_only_there():
    people, photo = two_people(), torch.full((1, *SIZE, 3), 0.25)
    overlay = next(look_at_people(people, PictureStyle(size=SIZE, opacity=1.0), photo=photo)).overlay
    painted = (overlay - 0.25).abs().sum(-1) > 0.01
    assert 0.01 < float(painted.float().mean()) < 0.2 and not painted[:20].any()


def test_pictures_of_another_clip_or_shape_are_refused():
    people = two_people()
    with pytest.raises(ValueError, match="image has 3 frames and the people 1"):
        next(look_at_people(people, LOOK, photo=torch.zeros(3, *SIZE, 3)))
    with pytest.raises(ValueError, match="another aspect ratio"):
        next(look_at_people(people, LOOK, photo=torch.zeros(1, 480, 480, 3)))
    assert size_of_pictures(people, None, 320) == (240, 320) and size_of_pictures(people, None, 0) == SIZE


def test_numbers_of_any_length_stand_above_the_middle_of_the_head():
    people = standing(*((-2.8 + 0.56 * i, 6.0) for i in range(11)))
    shown = check_pictures(people, 0, PictureStyle(size=SIZE, opacity=0.0)).overlay
    for person in (0, 4, 10):
        x = float(people.keypoints_2d[0, person, 0, 0])
        top = float(people.keypoints_2d[0, person, :, 1].min())
        above = shown[: int(top) - 4, int(x) - 25 : int(x) + 25].mean(-1) > 0.9  # white on black
        columns = torch.nonzero(above.any(0)).flatten() + int(x) - 25
        assert float(columns.min() + columns.max()) / 2 == pytest.approx(
            x, abs=6 if person == 10 else 2
        )  # a 1 is narrow

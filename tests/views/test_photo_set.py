"""Photos become views with names; what does not belong together is refused in a sentence."""

import pytest
import torch
from round_views import ball_views

from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.views.photo_set import NOTHING_SELECTED, views_of_photos

VIEWS = ball_views(3)
PHOTOS = torch.stack([view.photo for view in VIEWS])
POINTMAP = Pointmap.cat([view.pointmap for view in VIEWS])
MASKS = torch.stack([view.mask for view in VIEWS]).float()


def test_every_photo_gets_its_own_pointmap_mask_and_name():
    views = views_of_photos(PHOTOS, POINTMAP, MASKS, ["front", " "])
    assert [view.name for view in views] == ["front", "photo 2", "photo 3"]
    assert all(torch.equal(view.mask, own.mask) for view, own in zip(views, VIEWS))
    assert all(torch.equal(view.pointmap.points, own.pointmap.points) for view, own in zip(views, VIEWS))
    assert {view.state for view in views} == {"not placed"} and {view.focal_spread for view in views} == {None}


def test_a_mask_of_another_size_is_resized():
    large = torch.nn.functional.interpolate(MASKS[:, None], scale_factor=2)[:, 0]
    assert torch.equal(views_of_photos(PHOTOS, POINTMAP, large)[1].mask, VIEWS[1].mask)


def test_an_empty_mask_is_left_out_and_said():
    masks = MASKS.clone()
    masks[1] = 0
    views = views_of_photos(PHOTOS, POINTMAP, masks)
    assert views[1].mask is None and views[1].reason == NOTHING_SELECTED
    assert views[0].mask is not None and not views[0].reason


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pointmap": POINTMAP[:2]}, "image has 3 frames and the pointmap 2"),
        ({"masks": MASKS[:2]}, "selection has 2 frames and the image 3"),
        ({"masks": MASKS[:, :40]}, "selection is 80 x 40 and the image 80 x 80"),
        ({"names": ["a", "a"]}, "Two photos are called 'a'"),
        ({"names": list("abcd")}, "4 names came for 3 photos"),
    ],
)
def test_what_does_not_fit_is_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        views_of_photos(**{"photos": PHOTOS, "pointmap": POINTMAP, "masks": MASKS, **changes})

"""Cuts are where the picture changes and not where the camera pans, at any size and with any number of channels."""

import numpy
import pytest
import torch
from PIL import Image
from repository import PHOTOS

from sam3d_geometry.clips.cuts import CUT_THRESHOLD, LOOK_SIZE, frame_changes, shots, shots_between, thumbnails

SIZE = (120, 160)


def photo(name):
    with Image.open(PHOTOS / f"{name}.jpg") as opened:
        return torch.from_numpy(numpy.array(opened.convert("RGB"))).float() / 255


def pan(name, frames):
    """A window (frames, 120, 160, 3) that goes over a photo by 2.5 % of its width a frame."""
    image = photo(name)
    return torch.stack([image[: SIZE[0], 4 * i : 4 * i + SIZE[1]] for i in range(frames)])


def test_photos_are_told_apart_and_pans_are_not_cut():
    clip = torch.cat([pan("cat", 5), pan("coffee", 4), pan("temple", 3)])
    assert shots(clip) == [slice(0, 5), slice(5, 9), slice(9, 12)]
    assert shots(clip, 1.0) == [slice(0, 12)]


def test_a_frame_that_stays_has_not_changed_and_one_inverted_has_wholly():
    looks = thumbnails(torch.stack([torch.zeros(*SIZE, 3), torch.zeros(*SIZE, 3), torch.ones(*SIZE, 3)]))
    assert frame_changes(looks).tolist() == [1, 0, 1]


def test_a_stream_compares_with_the_frame_before():
    looks = thumbnails(pan("cat", 6))
    whole = frame_changes(looks)
    parts = torch.cat([frame_changes(looks[:4]), frame_changes(looks[4:], looks[3:4])])
    assert torch.equal(parts, whole) and whole[0] == 1
    assert whole[1:].max() < CUT_THRESHOLD


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (5, 300), SIZE], ids=str)
def test_thumbnails_of_any_picture_have_one_shape(size, channels):
    looks = thumbnails(torch.full((2, *size, channels), 0.25))
    assert looks.shape == (2, *LOOK_SIZE, 3) and torch.allclose(looks, torch.tensor(0.25))


@pytest.mark.parametrize(
    ("cuts", "found"),
    [([True], [(0, 1)]), ([False, False], [(0, 2)]), ([True, False, True, True], [(0, 2), (2, 3), (3, 4)])],
)
def test_shots_go_from_cut_to_cut_and_hold_every_frame(cuts, found):
    assert shots_between(torch.tensor(cuts)) == [slice(*ends) for ends in found]

"""Cuts are where the picture changes and not where the camera pans, at any size and with any number of channels."""

import numpy
import pytest
import torch
from PIL import Image
from repository import PHOTOS

from sam3d_geometry.clips.cuts import (
    CUT_THRESHOLD,
    LOOK_SIZE,
    compared_looks,
    frame_changes,
    shots,
    shots_between,
    thumbnails,
)

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


def noisy(clip, amount=0.04):
    return (clip + amount * torch.randn(clip.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def lit(clip, kind):
    """A clip under flashing light, with one flash (frame 2, with clipped highlights), or with frame 2 black or white."""
    light = torch.ones(len(clip), 1, 1, 1)
    if kind == "flashing":
        light[1::2] = 0.55
    else:
        light[2] = {"flash": 2.5, "black": 0.0, "white": 1000.0}[kind]
    return (clip * light + (kind == "white") * (light > 1)).clamp(0, 1)


@pytest.mark.parametrize("amount", [0.0, 0.04])
@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "rocket", "temple"])
@pytest.mark.parametrize("kind", ["flashing", "flash", "black", "white"])
def test_light_splits_no_shot_and_real_cuts_beside_it_are_found(kind, name, amount):
    other = "coffee" if name == "cat" else "cat"
    clip = noisy(torch.cat([lit(pan(name, 6), kind), lit(pan(other, 5), kind)]), amount)
    assert shots(clip) == [slice(0, 6), slice(6, 11)]


def test_a_cut_behind_a_black_frame_is_found_and_a_black_start_is_a_shot_of_its_own():
    black = torch.zeros(1, *SIZE, 3)
    assert shots(torch.cat([black, pan("cat", 3), black, pan("temple", 3)])) == [slice(0, 1), slice(1, 5), slice(5, 8)]


def test_a_stream_remembers_the_picture_in_front_of_a_black_frame():
    looks = thumbnails(lit(pan("cat", 6), "black"))
    whole = frame_changes(looks)
    kept = compared_looks(looks[:3])[1][-1:]
    assert torch.equal(torch.cat([frame_changes(looks[:3]), frame_changes(looks[3:], kept)]), whole)
    assert whole[1:].max() < CUT_THRESHOLD

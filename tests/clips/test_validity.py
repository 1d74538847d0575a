"""Masks are steadied with the geometry: a sky edge that comes and goes stays, what moves takes its edge along, holes are filled."""

from dataclasses import replace

import closed_form
import pytest
import torch
from films import SIZE, moving_film
from torch.nn import functional as F

from development.scenes.moving_room import MOVING
from sam3d_geometry.clips.plain_average import smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.clips.validity import Validity, decided
from sam3d_geometry.video.stages import pack, unpack

FRAMES = 12
FAR_WALL = 1  # behind the still and the moving things, and nearly half of each picture


@pytest.fixture(scope="module")
def truth():
    """The film's pointmap, whose far wall is sky."""
    frames = moving_film(FRAMES)
    return frames.pointmap(False).masked(frames.object_ids != FAR_WALL)


@pytest.fixture(scope="module")
def flickering(truth):
    """The same with an edge of the sky that each frame draws elsewhere, by up to four pixels, in blobs."""
    coarse = torch.rand(FRAMES, 1, SIZE[0] // 4, SIZE[1] // 4, generator=torch.Generator().manual_seed(1))
    chance = F.interpolate(coarse, SIZE, mode="bilinear")[:, 0]
    near_edge = F.max_pool2d(truth.mask[:, None].float(), 9, 1, 4) - F.max_pool2d(
        1 - truth.mask[:, None].float(), 9, 1, 4
    )
    edge = near_edge[:, 0] == 0
    return truth.masked(~(edge & (chance > 0.62)))


def wrong(pointmap, truth, where=None):
    off = (pointmap.mask != truth.mask)[4:].float()
    return float(off.mean() if where is None else off[where[4:]].mean())


def test_the_scene_flickers(truth, flickering):
    assert 0.01 < wrong(flickering, truth) < 0.2


def flicker(pointmap):
    """Share of the pixels whose mask changes from frame to frame."""
    return float((pointmap.mask[4:] != pointmap.mask[3:-1]).float().mean())


@pytest.mark.parametrize(("direction", "left", "left_of_flicker"), [("causal", 0.7, 0.6), ("zero lag", 0.6, 0.4)])
def test_the_edge_stays_where_it_mostly_is(truth, flickering, direction, left, left_of_flicker):
    steadied, _ = smooth_along_motion(flickering, 0.8, direction=direction)
    assert wrong(steadied, truth) < left * wrong(flickering, truth)
    moved = flicker(truth)
    assert flicker(steadied) - moved < left_of_flicker * (flicker(flickering) - moved)
    moving = torch.isin(moving_film(FRAMES).object_ids, torch.tensor(MOVING))
    assert wrong(steadied, truth, moving) < 0.9 * wrong(flickering, truth, moving)


@pytest.mark.parametrize("direction", ["causal", "zero lag"])
def test_what_is_filled_has_the_depth_of_its_surface(truth, flickering, direction):
    steadied, _ = smooth_along_motion(flickering, 0.8, direction=direction)
    filled = steadied.mask & ~flickering.mask & truth.mask
    assert filled.sum() > 200
    error = (steadied.depth / truth.depth - 1).abs()[filled]
    assert error.median() < 0.01 and (error < 0.05).float().mean() > 0.95
    assert bool(steadied.points[~steadied.mask].eq(0).all())


def test_a_true_edge_is_left_where_it_is(truth):
    for direction in ("causal", "zero lag"):
        steadied, _ = smooth_along_motion(truth, 0.9, direction=direction)
        assert wrong(steadied, truth) < 0.001


def test_pieces_of_a_stream_steady_as_the_whole(flickering):
    whole, _ = smooth_along_motion(flickering, 0.8)
    parts, state = [], None
    for part in (slice(0, 5), slice(5, 6), slice(6, FRAMES)):
        steadied, state = smooth_along_motion(flickering[part], 0.8, state)
        state = unpack(pack(state))
        parts.append(steadied.mask)
    assert torch.equal(torch.cat(parts), whole.mask)


def test_a_cut_starts_anew(flickering):
    clip = replace(flickering, image=flickering.image.clone())
    clip.image[6:] = 1 - clip.image[6:]
    assert torch.equal(smooth_along_motion(clip, 0.9)[0].mask[6], flickering.mask[6])


def test_at_fixed_pixels_the_average_of_the_masks_decides():
    depth = torch.tensor([2.0, 3.0, 4.0, 5.0, 6.0])[:, None, None].expand(5, 3, 4)
    mask = torch.ones(5, 3, 4, dtype=torch.bool)
    mask[2, 0] = mask[2:, 1] = False
    smoothed, _ = smooth_pointmap(closed_form.pointmap(depth, mask), 0.7)
    # averages of the row that stays out: 1, 1, 0.7, 0.49
    assert smoothed.mask[:, 0].all(1).tolist() == [True] * 5
    assert smoothed.mask[:, 1].any(1).tolist() == [True, True, True, False, False]
    assert torch.equal(smoothed.depth[2, 0], smoothed.depth[1, 0])


def test_counts_are_those_of_the_frames():
    masks = torch.tensor([[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 1]], dtype=torch.bool)
    ahead, back = Validity.of(masks[0][None]), Validity.of(masks[3][None])
    ahead = ahead.with_frame(masks[1][None], 9).with_frame(masks[2][None], 9)
    back = back.with_frame(masks[2][None], 9)
    both = ahead.joined(back, masks[2][None])
    assert torch.allclose(both.share, masks.float().mean(0)[None]) and both.frames.tolist() == [[4.0] * 3]
    assert Validity.of(masks[0][None]).with_frame(masks[1][None], 2).with_frame(masks[2][None], 2).share[0, 1] == 0.25


def test_a_tie_is_the_frame_s_own():
    share, mask = torch.tensor([0.5, 0.5, 0.51, 0.49]), torch.tensor([True, False, False, True])
    assert decided(share, mask).tolist() == [True, False, True, False]

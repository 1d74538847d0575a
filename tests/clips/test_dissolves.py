"""Dissolves and fades are found where they end, once, in one run or in pieces, and pans, zooms and flickering light are none."""

import closed_form
import numpy
import pytest
import torch
from PIL import Image
from repository import PHOTOS

from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.cuts import CUT_THRESHOLD, find_cuts, frame_changes, shots, thumbnails
from sam3d_geometry.clips.dissolves import LONGEST_DISSOLVE, spans_of_dissolves
from sam3d_geometry.geometry.pointmap import Pointmap

NAMES = ["astronaut", "cat", "coffee", "rocket", "temple"]
BEGINS = 12


def photo(name):
    picture = numpy.asarray(Image.open(PHOTOS / f"{name}.jpg").convert("RGB")).astype(numpy.float32) / 255
    return torch.from_numpy(picture)[None]


def pan(name, frames, speed):
    """Thumbnails of a window that moves over a photo by a share of its width in each frame, with noise."""
    whole = photo(name)
    height, width = whole.shape[1:3]
    lefts = [int(min(i * speed, 0.45) * width) for i in range(frames)]
    looks = torch.cat([thumbnails(whole[:, : height * 3 // 4, x : x + width // 2]) for x in lefts])
    noise = torch.randn(looks.shape, generator=torch.Generator().manual_seed(0))
    return (looks + 0.01 * noise).clamp(0, 1)


def zoom(name, frames, speed):
    whole = photo(name)
    height, width = whole.shape[1:3]
    shares = [min(i * speed, 0.35) for i in range(frames)]
    return torch.cat(
        [
            thumbnails(whole[:, int(height * s) : height - int(height * s), int(width * s) : width - int(width * s)])
            for s in shares
        ]
    )


def dissolve(first, second, length, speed=0.0, frames=60):
    """Thumbnails of two pans, the second of which comes in over `length` frames from BEGINS on."""
    share = ((torch.arange(frames) - BEGINS) / length).clamp(0, 1)[:, None, None, None]
    return torch.lerp(pan(first, frames, speed), pan(second, frames, speed), share)


def fade(first, second, length, frames=60):
    """The same through black."""
    progress = ((torch.arange(frames) - BEGINS) / length)[:, None, None, None]
    return pan(first, frames, 0.0) * (1 - 2 * progress).clamp(0, 1) + pan(second, frames, 0.0) * (
        2 * progress - 1
    ).clamp(0, 1)


def starts(looks, before=None):
    return torch.nonzero(find_cuts(looks, before, CUT_THRESHOLD).cuts)[:, 0].tolist()


PAIRS = list(zip(NAMES, [*NAMES[1:], NAMES[0]]))


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize(("length", "speed"), [(6, 0.0), (10, 0.002), (16, 0.0), (24, 0.002), (30, 0.0)])
def test_a_dissolve_starts_one_shot_where_it_has_ended(first, second, length, speed):
    looks = dissolve(first, second, length, speed)
    assert frame_changes(looks)[1:].max() < CUT_THRESHOLD  # no step of it is a cut
    start, *more = starts(looks)[1:]
    assert not more and BEGINS + length // 2 < start < BEGINS + length + LONGEST_DISSOLVE // 4


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_fade_through_black_starts_a_shot_too(first, second):
    assert any(BEGINS + 8 <= start <= BEGINS + 24 + LONGEST_DISSOLVE // 4 for start in starts(fade(first, second, 24)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("speed", [0.003, 0.01, 0.025])
def test_pans_and_zooms_are_none(name, speed):
    assert starts(pan(name, 48, speed)) == [0]
    assert starts(zoom(name, 48, speed)) == [0]


@pytest.mark.parametrize("name", NAMES)
def test_light_that_changes_slowly_or_flickers_is_none(name):
    looks = pan(name, 48, 0.002)
    slow = (1 - 0.02 * torch.arange(48).float())[:, None, None, None]
    flicker = torch.where(torch.arange(48) % 6 < 3, 1.0, 0.6)[:, None, None, None]
    assert starts(looks * slow) == starts(looks * flicker) == [0]


def test_pieces_of_a_stream_find_the_same():
    looks = dissolve("cat", "rocket", 16)
    found, before = [], None
    for part in looks.split([7, 1, 20, 32]):
        cuts = find_cuts(part, before, CUT_THRESHOLD)
        before = cuts.look
        found += cuts.cuts.tolist()
    assert torch.nonzero(torch.tensor(found))[:, 0].tolist() == starts(looks)
    assert len(before) <= LONGEST_DISSOLVE + 1


def test_nothing_is_a_cut_where_none_is_wanted():
    looks = dissolve("cat", "rocket", 16)
    assert torch.nonzero(find_cuts(looks, looks[:1], 1.0).cuts)[:, 0].tolist() == []


def test_a_shot_that_has_just_begun_has_dissolved_from_nothing():
    assert spans_of_dissolves(pan("cat", 5, 0.0)) == []


def test_ranges_per_shot_and_cameras_follow_a_dissolve():
    frames = 44
    images = torch.nn.functional.interpolate(
        dissolve("cat", "rocket", 12, frames=frames).movedim(-1, 1), (24, 32)
    ).movedim(1, -1)
    shot, other = shots(images)
    assert BEGINS + 6 < shot.stop == other.start < BEGINS + 12 + 8
    depth = torch.where(torch.arange(frames) < shot.stop, 2.0, 5.0)[:, None, None].expand(frames, 24, 32).contiguous()
    narrow, wide = (closed_form.pointmap(depth, image=images, fov=fov) for fov in (35.0, 70.0))
    pointmap = Pointmap.cat([narrow[: shot.stop], wide[shot.stop :]])
    aligned, _, done = align_sequence(pointmap, measure=False)
    assert torch.nonzero(done.cut)[:, 0].tolist() == [0, shot.stop]
    assert torch.allclose(aligned.intrinsics[other.start :], wide.intrinsics[other.start :], rtol=1e-4)

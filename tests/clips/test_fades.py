"""A fade through one colour starts another shot where another picture has come out, and none where the same comes back."""

import closed_form
import pytest
import torch
from moving_places import pan, place
from torch.nn import functional as F

from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.cuts import CUT_THRESHOLD, find_cuts, shots, thumbnails
from sam3d_geometry.clips.fades import comes_out, fades_in, is_pale

BEGINS = 12
BLACK, WHITE, RED = (torch.tensor(colour) for colour in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.7, 0.1, 0.1)))


def fade(first, second, length, hold=0, colour=BLACK, speed=0.0):
    """Thumbnails of a place that fades into a colour and out of it into a second one, over `length` frames and `hold` between."""
    at = torch.arange(BEGINS + length + hold + 24.0)[:, None, None, None]
    out = (1 - (at - BEGINS) / (length / 2)).clamp(0, 1)
    back = ((at - BEGINS - length / 2 - hold) / (length / 2)).clamp(0, 1)
    mixed = out * pan(first, len(at), speed) + back * pan(second, len(at), speed) + (1 - out - back) * colour
    return mixed.clamp(0, 1)


def starts(looks, before=None):
    return torch.nonzero(find_cuts(looks, before, CUT_THRESHOLD).cuts)[:, 0].tolist()


@pytest.mark.parametrize("colour", [BLACK, WHITE, RED], ids=["black", "white", "red"])
@pytest.mark.parametrize(("length", "hold"), [(4, 0), (12, 0), (12, 6), (24, 0), (48, 2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_another_picture_is_another_shot_once_it_has_come_out_and_the_same_is_none(colour, length, hold, seed):
    looks = fade(seed, seed + 10, length, hold, colour)
    start, *more = starts(looks)[1:]
    middle = BEGINS + length / 2 + hold
    assert not more and middle < start <= BEGINS + length + hold + 2
    assert starts(fade(seed, seed, length, hold, colour)) == [0]
    assert starts(fade(seed, seed, length, hold, colour, speed=0.003)) == [0]


def test_a_fade_is_told_from_a_cut():
    found = find_cuts(fade(1, 11, 12), None, CUT_THRESHOLD)
    assert torch.equal(found.gradual[1:], found.cuts[1:]) and not found.gradual[0]
    hard = torch.cat([pan(1, 10, 0.0), pan(11, 10, 0.0)])
    assert starts(hard) == [0, 10] and not find_cuts(hard, None, CUT_THRESHOLD).gradual.any()


def test_pieces_of_a_stream_find_the_same():
    looks = fade(3, 13, 12, hold=9)
    found, before = [], None
    for part in looks.split([5, 9, 3, 1, 20, len(looks) - 38]):
        cuts = find_cuts(part, before, CUT_THRESHOLD)
        before = cuts.look
        found += cuts.cuts.tolist()
    assert torch.nonzero(torch.tensor(found))[:, 0].tolist() == starts(looks)


def test_a_pan_across_a_wall_is_no_fade():
    whole = torch.cat([place(4)[:, :, :96], torch.full((1, 96, 150, 3), 0.4), place(5)[:, :, :96]], 2)
    looks = torch.cat([thumbnails(whole[:, :, x : x + 96]) for x in range(0, 246, 6)])
    assert not find_cuts(looks, None, CUT_THRESHOLD).gradual.any()


def test_light_that_goes_out_and_on_again_is_none():
    lit = pan(6, 60, 0.002)
    light = torch.ones(60)
    light[20:26], light[26:34] = torch.linspace(1, 0.02, 6), 0.02
    assert starts(lit * light[:, None, None, None]) == [0]


def test_what_is_on_its_way_out_of_a_colour_is_told():
    looks = fade(1, 11, 12)
    assert comes_out(looks[:22]) and not comes_out(looks[:30]) and not comes_out(looks[:1])
    assert is_pale(looks[:19]) and not is_pale(looks[:5])
    assert not fades_in(looks[:12]) and not fades_in(looks[-10:])


def test_shots_and_the_report_of_aligning_tell_of_it():
    images = F.interpolate(fade(1, 11, 12).movedim(-1, 1), (24, 32)).movedim(1, -1)
    shot, other = shots(images)
    depth = torch.full((len(images), 24, 32), 2.0)
    _, _, done = align_sequence(closed_form.pointmap(depth, image=images))
    assert torch.nonzero(done.gradual)[:, 0].tolist() == [other.start] == [shot.stop]
    lines = done.report().splitlines()[2:]
    assert lines[other.start].endswith("new shot, faded in") and lines[0].endswith("new shot")

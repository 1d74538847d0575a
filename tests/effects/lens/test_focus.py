"""Focus lands on what was pointed at."""

from dataclasses import replace

import pytest
import torch
from closed_form import pointmap

from sam3d_geometry.effects.lens.focus import FOCUS, Focus, focus_at_distance, focus_at_point, focus_on_mask
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.scene_scale import scene_depth


@pytest.fixture
def halves():
    """Two frames: depth 2 (3 in the second) on the left, 8 on the right, sky in the top quarter; photo twice as large."""
    depth = torch.full((2, 40, 60), 8.0)
    depth[0, :, :30], depth[1, :, :30] = 2.0, 3.0
    depth[:, :10] = 0
    return pointmap(depth, source_size=(80, 120))


def test_a_point_is_focused_on_in_every_frame(halves):
    assert focus_at_point(halves, 0.25, 0.6).tolist() == [2.0, 3.0]
    assert focus_at_point(halves, 1.0, 1.0).tolist() == [8.0, 8.0]


@pytest.mark.parametrize(("x", "y"), [(1.001, 0.5), (0.5, 48), (-0.1, 0.5)])
def test_pixels_are_no_shares(halves, x, y):
    with pytest.raises(ValueError, match="shares of the picture"):
        focus_at_point(halves, x, y)


def test_the_sky_focuses_on_the_farthest_surface(halves):
    assert focus_at_point(halves, 0.2, 0.05).tolist() == [8.0, 8.0]


def test_one_stray_point_does_not_move_the_focus(halves):
    halves.points[0, 24, 15, 2] = 500.0
    assert focus_at_point(halves, 0.25, 0.6125).tolist() == [2.0, 3.0]


def test_the_subject_is_focused_at_its_median_and_missing_frames_take_the_clips(halves):
    mask = torch.zeros(2, 20, 30)
    mask[0, 10:, :16] = 1  # mostly the left half
    assert focus_on_mask(halves, mask).tolist() == [2.0, 2.0]
    assert focus_on_mask(halves, mask[:1]).tolist() == [2.0, 3.0]


def test_nothing_to_focus_on_is_1_or_refused(halves):
    empty = pointmap(torch.zeros(1, 4, 6))
    assert focus_at_point(empty, 0.5, 0.5).tolist() == [1.0]
    with pytest.raises(ValueError, match="subject mask covers no pixel"):
        focus_on_mask(halves, torch.zeros(1, 40, 60))
    with pytest.raises(ValueError, match="wire one to subject"):
        focus_on_mask(halves, None)
    with pytest.raises(ValueError, match="3 frames and the pointmap 2"):
        focus_on_mask(halves, torch.ones(3, 40, 60))
    with pytest.raises(ValueError, match="greater than 0"):
        focus_at_distance(halves, 0.0)
    assert focus_at_distance(halves, 4.5).tolist() == [4.5, 4.5]


def test_a_focus_is_what_its_name_says(halves):
    mask = torch.zeros(1, 20, 30)
    mask[:, 10:, :16] = 1
    given = Focus(place=(0.9, 0.9), distance=5.0, unit="pointmap unit", subject=mask)
    found = {by: replace(given, by=by).depth(halves).tolist() for by in FOCUS}
    assert found == {"point": [8.0, 8.0], "distance": [5.0, 5.0], "subject": [2.0, 3.0]}


def test_a_distance_counts_in_its_unit_and_only_where_it_is_used(halves):
    shares = Focus("distance", distance=0.5).depth(halves)
    assert shares.tolist() == [0.5 * scene_depth(halves)] * 2
    metric = replace(halves, metric=True)
    assert Focus("distance", distance=5.0, unit="metres").depth(metric).tolist() == [5.0, 5.0]
    with pytest.raises(ValueError, match="set unit to scene depth"):
        Focus("distance", distance=5.0, unit="metres").depth(halves)
    assert Focus("point", place=(0.9, 0.9), unit="metres").depth(halves).tolist() == [8.0, 8.0]


def test_a_focus_that_does_not_follow_is_the_median_for_all(halves):
    clip = Pointmap.cat([halves, halves[0]])
    assert Focus(place=(0.25, 0.6)).depth(clip).tolist() == [2.0, 3.0, 2.0]
    assert Focus(place=(0.25, 0.6), follow=False).depth(clip).tolist() == [2.0, 2.0, 2.0]


def test_an_unknown_focus_is_refused(halves):
    with pytest.raises(ValueError, match="focus came as 'sky'; choose one of point, distance, subject"):
        Focus("sky").depth(halves)

"""Upright edges of a picture meet in the vertical, however the camera was held."""

import gravity_scenes
import pytest
import torch
from closed_form import pointmap
from gravity_scenes import seen, true_up

from sam3d_geometry.geometry.picture_lines import line_planes, log_lines


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (15, 10), (-15, 25), (0, -45)])
def test_the_planes_of_upright_edges_hold_the_vertical(pitch, roll):
    frame = seen(gravity_scenes.wallpaper(pitch), pitch, roll, size=(240, 320))
    planes, weights = line_planes(frame)
    off = torch.rad2deg(torch.asin((planes @ true_up(pitch, roll)).abs()))
    assert len(planes) > 20 and float(weights.sum()) == pytest.approx(1) and off.median() < 1.5
    true, level = log_lines(torch.stack([true_up(pitch, roll), true_up(pitch + 12, roll + 12)]), planes, weights)
    assert true > level + 2


def test_a_blank_picture_and_noise_have_no_lines_and_say_nothing():
    blank = pointmap(torch.full((1, 120, 160), 2.0))
    grain = torch.rand(1, 120, 160, 1, generator=torch.Generator().manual_seed(0)).expand(1, 120, 160, 3)
    for frame in (blank, pointmap(torch.full((1, 120, 160), 2.0), image=grain)):
        planes, weights = line_planes(frame)
        assert len(planes) < 5
    assert not log_lines(true_up(0, 0)[None], planes[:0], weights[:0]).any()


def test_a_picture_smaller_than_a_block_has_none():
    assert len(line_planes(pointmap(torch.ones(1, 4, 5)))[0]) == 0

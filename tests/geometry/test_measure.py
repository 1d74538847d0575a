"""A known length, or the known height of the camera, gives back the scale that a pointmap was made with."""

import pytest
import torch
from closed_form import intrinsics, plane, pointmap

from sam3d_geometry.geometry.measure import length_between, metric_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.transform import scale_pointmap

SIZE, PHOTO = (60, 80), (240, 320)
FIRST, SECOND = (0.16, 0.25), (0.84, 0.75)


def wall(distance=3.0, scale=1.0, tilt=0.0):
    return scale_pointmap(pointmap(plane(*SIZE, tilt, 90.0, distance)[0], source_size=PHOTO), scale)


def true_length(distance=3.0):
    """Between FIRST and SECOND on a wall that faces the camera."""
    k = intrinsics(*PHOTO).double()[0]
    dx, dy = (SECOND[0] - FIRST[0]) / k[0, 0], (SECOND[1] - FIRST[1]) / k[1, 1]
    return float(distance * (dx**2 + dy**2) ** 0.5)


def test_a_length_on_a_wall_is_the_one_on_paper():
    assert float(length_between(wall(), FIRST, SECOND)) == pytest.approx(true_length(), rel=1e-6)


@pytest.mark.parametrize("scale", [0.013, 1.0, 270.0])
@pytest.mark.parametrize("tilt", [0.0, 45.0])
def test_a_known_length_recovers_the_scale(scale, tilt):
    truth = float(length_between(wall(tilt=tilt), FIRST, SECOND))
    metric, found = metric_pointmap(
        wall(scale=scale, tilt=tilt), length_between(wall(scale=scale, tilt=tilt), FIRST, SECOND), truth
    )
    assert float(found) == pytest.approx(1 / scale, rel=1e-6)
    assert metric.metric and torch.allclose(metric.points, wall(tilt=tilt).points, rtol=1e-5, atol=1e-6)
    assert float(length_between(metric, FIRST, SECOND)) == pytest.approx(truth, rel=1e-6)


def test_each_frame_has_its_own_scale_or_all_share_one():
    clip = Pointmap.cat([wall(), wall(scale=2.0), wall(scale=0.5)])
    each, scales = metric_pointmap(clip, length_between(clip, FIRST, SECOND), true_length())
    assert torch.allclose(scales, torch.tensor([1.0, 0.5, 2.0]), rtol=1e-6)
    assert torch.allclose(each.depth[0], each.depth[1]) and torch.allclose(each.depth[0], each.depth[2])
    shared, scales = metric_pointmap(clip, length_between(clip[1], FIRST, SECOND), true_length())
    assert scales.tolist() == pytest.approx([0.5], rel=1e-6) and torch.allclose(shared.depth, clip.depth * 0.5)


def test_lengths_that_are_none_are_refused():
    with pytest.raises(ValueError, match="are the same"):
        length_between(wall(), FIRST, FIRST)
    for measured, metres in ((0.0, 1.0), (1.0, 0.0), (1.0, -2.0), (float("nan"), 1.0), (1.0, float("inf"))):
        with pytest.raises(ValueError, match="greater than 0"):
            metric_pointmap(wall(), measured, metres)

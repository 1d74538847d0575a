"""Values of 16 bits stand for depths that become the same values again."""

import json

import numpy
import pytest
import torch
from depth_frames import STEPS, clip

from sam3d_geometry.files.depth_series import DepthSeries
from sam3d_geometry.files.depth_steps import LAST, UnitSteps, steps_from


@pytest.mark.parametrize("steps", STEPS, ids=str)
def test_every_16_bit_value_stands_for_a_depth_that_becomes_this_value_again(steps):
    values = numpy.arange(LAST + 1, dtype=numpy.uint16).reshape(256, 256)
    depth = steps.decode(values)
    assert numpy.array_equal(steps.encode(depth, torch.from_numpy(values > 0)), values)
    order = depth.reshape(-1)[1:].diff()
    assert bool((order > 0).all()) if isinstance(steps, UnitSteps) else bool((order < 0).all())


def test_the_steps_that_are_advised_fit():
    (held, _) = DepthSeries(depth_format="png 16-bit", steps_per_unit=16000).frames(clip())
    with pytest.raises(ValueError, match="at most") as raised:
        UnitSteps(30000).encode(held.depth, held.mask)
    advised = float(str(raised.value).split("at most ")[1].split(",")[0])
    assert UnitSteps(advised).encode(held.depth, held.mask).max() >= LAST - 2


@pytest.mark.parametrize("steps", STEPS, ids=str)
def test_steps_are_known_again_by_what_they_say_of_themselves(steps):
    assert steps_from(json.loads(json.dumps(steps.describe()))) == steps

"""A set of posed views: groups and views say the same."""

import numpy
import posed_scenes
import pytest

from sam3d_geometry.views.posed import Group, PosedViews


def test_groups_that_contradict_their_views_are_refused():
    views = posed_scenes.views(posed_scenes.room(4))
    nothing = numpy.zeros((0, 2))
    group = Group((0,), numpy.zeros((0, 3)), nothing.astype(int), nothing, 0.0, 0.0)
    with pytest.raises(ValueError, match=r"Group 0 has 0\.png among its members"):
        PosedViews(tuple(views), (group,))
    assert PosedViews(tuple(views), ()).placed == []

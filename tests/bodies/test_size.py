"""Stature: from bones alone, so that no pose and no place changes it, and right to 1 % on real people."""

import pytest
import torch
from people import standing, two_people
from real_bodies import real_files

from sam3d_geometry.bodies.mannequin import mannequins
from sam3d_geometry.bodies.size import statures
from sam3d_geometry.files.body_file import read_bodies

BY_INVERSE_SKINNING = (1.691, 1.734, 1.787, 1.677)  # m, of the four real people, with the rig's own skin weights


def test_a_pose_changes_nothing():
    people = two_people()
    walker, stander = statures(people)[0]
    assert float(stander / walker) == pytest.approx(1.05, abs=1e-4)
    crouched = {"l_upleg": (0.0, -90.0, 0.0), "l_lowleg": (0.0, 120.0, 0.0), "c_spine1": (0.0, 50.0, 0.0)}
    low = mannequins([[(crouched, (0.0, 0.9, 4.0), 1.0)]], focal=500.0, image_size=(480, 640))
    assert float(statures(low)[0, 0]) == pytest.approx(float(walker), rel=1e-5)


def test_it_is_the_height_of_who_stands_upright():
    people = standing((0.0, 4.0), (0.8, 4.0), sizes=[1.0, 0.6])
    heights = people.vertices[0, :, :, 1].amax(1) - people.vertices[0, :, :, 1].amin(1)
    assert torch.allclose(statures(people)[0], heights, rtol=0.01)


def test_real_people_are_as_tall_as_their_skin_says():
    found = statures(read_bodies(real_files()))[0]
    assert torch.allclose(found, torch.tensor(BY_INVERSE_SKINNING), rtol=0.01)

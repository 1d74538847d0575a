"""Performances are checked when made, and tell where bones lie at their parents."""

from dataclasses import replace

import pytest
import torch
from posed_people import walkers

from sam3d_geometry.bodies.perform import Settings, perform


@pytest.fixture(scope="module")
def made():
    return perform(walkers(), 0, Settings())[0]


def test_bones_at_their_parents_put_together_are_the_bones(made):
    turned, places = made.at_parents()
    rotations, found = turned.clone(), places.clone()
    for bone, parent in enumerate(made.parents):
        if parent >= 0:
            rotations[:, bone] = rotations[:, parent] @ turned[:, bone]
            found[:, bone] = found[:, parent] + torch.einsum("nab,nb->na", rotations[:, parent], places[:, bone])
    assert (rotations - made.rotations).abs().max() < 1e-6
    assert (found - made.places).abs().max() < 1e-6


def test_only_the_root_of_a_mannequin_strays(made):
    names = {name for name, strays in zip(made.bones, made.strays()) if strays}
    assert names == {"body_world", "root"}


def test_wrong_numbers_are_refused(made):
    with pytest.raises(ValueError, match="Performance places came as"):
        replace(made, places=made.places[:, :3])
    with pytest.raises(ValueError, match="in no frame"):
        replace(made, places=made.places[:0], rotations=made.rotations[:0], frames=made.frames[:0])
    with pytest.raises(ValueError, match="earlier bone"):
        replace(made, parents=made.parents[::-1])

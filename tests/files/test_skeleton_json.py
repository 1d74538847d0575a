"""JSON of skeletons: its names say the order of its numbers, and lengths have the unit that it names."""

import io
import json

import pytest
import torch
from posed_people import largest, walkers

from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.rotation_maths import rotation_from_xyzw
from sam3d_geometry.files.skeleton_json import SKELETON_FORMAT, write_skeleton_json


def test_numbers_are_those_of_the_performance_in_the_unit_named():
    made, _ = perform(walkers(3), 0, Settings(names="vrm", fps=25.0))
    for axes, unit, factor in (("gltf", "metre", 1), ("unreal", "centimetre", 100)):
        file = io.BytesIO()
        write_skeleton_json([made], file, note={"note": "x"}, axes=axes)
        found = json.loads(file.getvalue())
        person = found["people"][0]
        assert found["format"] == SKELETON_FORMAT and found["unit"] == unit and found["note"] == "x"
        assert person["fps"] == 25 and person["frames"] == [0, 1, 2]
        places = torch.tensor(person["global_positions"], dtype=torch.float64)
        lengths = (places[0, 1:] - places[0, :-1]).norm(dim=1)
        assert largest(lengths - factor * (made.places[0, 1:] - made.places[0, :-1]).norm(dim=1)) < 1e-5 * factor
        if axes == "gltf":
            turns = rotation_from_xyzw(torch.tensor(person["global_quaternions_xyzw"], dtype=torch.float64))
            assert largest(turns - made.rotations) < 1e-5


def test_axes_that_nobody_knows_are_refused():
    made, _ = perform(walkers(1), 0, Settings())
    with pytest.raises(KeyError):
        write_skeleton_json([made], io.BytesIO(), note={}, axes="maya")

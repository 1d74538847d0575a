"""A BVH read by another reader (bvhio) has every joint where it was, within a millimetre, in every frame."""

import io
import re

import numpy
import pytest
from posed_people import largest, real_people, walkers, without

from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.files.bvh import write_bvh


def text_of(made, **more):
    file = io.BytesIO()
    write_bvh(made, file, **more)
    return file.getvalue().decode("ascii")


def read_back(tmp_path, made):
    """Names and places (N, B, 3) in metres, as bvhio finds them."""
    bvhio = pytest.importorskip("bvhio", reason="bvhio, which reads BVH files, is not installed")
    path = tmp_path / "person.bvh"
    path.write_text(text_of(made), encoding="ascii")
    root = bvhio.readAsHierarchy(str(path))
    frames = bvhio.readAsBvh(str(path)).FrameCount
    places = []
    for frame in range(frames):
        root.loadPose(frame)
        layout = [joint for joint, _, _ in root.layout()]
        places.append([list(joint.PositionWorld) for joint in layout])
    return [joint.Name for joint in layout], numpy.array(places) / 100


@pytest.mark.parametrize("name", ["mhr", "mixamo", "unreal"])
def test_joints_are_within_a_millimetre_in_every_frame(tmp_path, name):
    made, _ = perform(walkers(), 0, Settings(names=name))
    names, places = read_back(tmp_path, made)
    order = [made.bones.index(bone) for bone in names]
    assert sorted(names) == sorted(made.bones)
    assert largest(places - made.places[:, order].numpy()) < 1e-3


def test_joints_of_real_people_too(tmp_path):
    people = real_people()
    for person in range(people.persons):
        made, _ = perform(people, person, Settings(names="mixamo"))
        names, places = read_back(tmp_path, made)
        order = [made.bones.index(bone) for bone in names]
        assert largest(places - made.places[:, order].numpy()) < 1e-3


def test_offsets_are_the_persons_own_bones_and_only_what_strays_carries_positions():
    made, _ = perform(walkers(), 1, Settings(names="mixamo"))
    text = text_of(made, units_per_metre=1.0)
    shin = re.search(r"JOINT mixamorig:LeftLeg\s*\{\s*OFFSET (\S+) (\S+) (\S+)", text)
    length = numpy.linalg.norm([float(value) for value in shin.groups()])
    thigh, knee = (made.bones.index(f"mixamorig:Left{bone}") for bone in ("UpLeg", "Leg"))
    assert length == pytest.approx(float((made.places[0, thigh] - made.places[0, knee]).norm()), abs=1e-5)
    assert text.count("CHANNELS 6") == int(made.strays().sum())
    assert text.count("JOINT") == len(made.bones) - 1


def test_numbers_do_not_jump_and_gaps_hold_the_pose():
    people = without(walkers(12), 1, [5, 6])  # this person turns by 25 degrees a frame, past 180
    made, _ = perform(people, 1, Settings(names="mixamo", fps=24))
    lines = text_of(made).splitlines()
    start = lines.index("MOTION")
    assert lines[start + 1] == "Frames: 12" and lines[start + 2].startswith("Frame Time: 0.0416666")
    rows = numpy.array([[float(value) for value in line.split()] for line in lines[start + 3 :]])
    assert (rows[4] == rows[5]).all() and (rows[4] == rows[6]).all()
    assert numpy.abs(numpy.diff(rows[:, 3:], axis=0)).max() < 90

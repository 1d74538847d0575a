"""The recording of a completion: what is seen and what is added lie in one frame, a step for each pass, the mesh at the end."""

import io
import sys

import closed_form
import numpy
import pytest
import torch
from rerun_reader import read_recording

from sam3d_geometry.files.completion_recording import completion_facts, write_completion
from sam3d_geometry.views.completion import complete_object

PASSES = 3


@pytest.fixture(scope="module")
def ball():
    """A ball of radius 1 at distance 4 before a wall, its pointmap and its completion."""
    depth = closed_form.sphere(48, 64)[0]
    mask = depth > 0
    image = torch.rand(1, 48, 64, 3, generator=torch.Generator().manual_seed(0))
    pointmap = closed_form.pointmap(torch.where(mask, depth, 9.0), image=image, metric=True)
    return pointmap, complete_object(pointmap, mask, 24, PASSES), mask[0]


def test_the_pointmap_of_another_photo_is_refused(ball):
    pointmap, found, _ = ball
    other = closed_form.pointmap(closed_form.sphere(30, 40)[0])
    for wrong, said in ((other, "1 frames of 40 x 30"), (type(pointmap).cat([pointmap] * 2), "2 frames")):
        with pytest.raises(ValueError, match=said):
            write_completion(found, wrong, io.BytesIO())


def test_without_rerun_one_sentence_says_what_to_install(ball, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    file = io.BytesIO()
    with pytest.raises(ImportError, match="^A recording needs the Python package rerun-sdk"):
        write_completion(ball[1], ball[0], file)
    assert not file.getvalue()


def test_the_facts_say_unit_and_passes(ball):
    facts = completion_facts(ball[1])
    assert facts["passes"] == PASSES and facts["unit"] == "metre" and "seen" in facts["report"]


@pytest.fixture(scope="module")
def logged(ball, tmp_path_factory):
    """{entity: {column: values}} of the recording of the ball."""
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    path = tmp_path_factory.mktemp("rrd") / "ball.rrd"
    with path.open("wb") as file:
        write_completion(ball[1], ball[0], file)
    found, reader = read_recording(path)
    assert len(reader.recordings()) == len(reader.blueprints()) == 1
    return found


def test_the_photo_comes_first_and_every_pass_is_a_step(logged):
    for entity in ("world/camera", "world/camera/photo", "world/camera/depth", "world/camera/mask", "world/camera/box"):
        assert [n for n in logged[f"/{entity}"]["pass"] if n is not None] == [0], entity
    assert sorted(logged["/world/completed"]["pass"]) == [1, 2, 3]
    assert logged["/world/mesh"]["pass"] == [PASSES] and logged["/world/seen"]["pass"] == [0]


def test_seen_points_lie_on_what_is_added(logged, ball):
    pointmap, found, mask = ball
    seen = numpy.array(logged["/world/seen"]["Points3D:positions"][0])
    assert numpy.array_equal(seen, pointmap.points[0][mask].numpy())
    by_pass = dict(zip(logged["/world/completed"]["pass"], logged["/world/completed"]["Points3D:positions"]))
    steps = [numpy.array(by_pass[number]) for number in (1, 2, 3)]
    assert [len(step) for step in steps] == list(found.sweep.reached)
    assert numpy.array_equal(steps[2][: len(steps[0])], steps[0])
    for points in (seen, steps[2], numpy.array(logged["/world/mesh"]["Mesh3D:vertex_positions"][0])):
        from_surface = abs(numpy.linalg.norm(points - (0, 0, 4), axis=1) - 1)
        assert from_surface.mean() < found.voxel
    middle, half = (numpy.array(logged["/world/volume"][f"Boxes3D:{name}"][0][0]) for name in ("centers", "half_sizes"))
    assert (abs(steps[2] - middle) <= half + 1e-4).all()


def test_the_box_is_around_the_mask(logged, ball):
    rows, columns = (numpy.flatnonzero(ball[2].any(axis)) for axis in (1, 0))
    (middle,), (half,) = (logged["/world/camera/box"][f"Boxes2D:{name}"][0] for name in ("centers", "half_sizes"))
    assert numpy.subtract(middle, half).tolist() == [columns[0], rows[0]]
    assert numpy.add(middle, half).tolist() == [columns[-1] + 1, rows[-1] + 1]

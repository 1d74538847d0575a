"""The Blender extension's graph in a real ComfyUI: what comes back is what the command line makes of the photo."""

import sys

import numpy
import pytest
from PIL import Image
from repository import PHOTOS, ROOT
from sam3d_geometry_import.comfyui import Server
from sam3d_geometry_import.command_line import Pack
from sam3d_geometry_import.glb_file import read_glb
from sam3d_geometry_import.job import JobError
from sam3d_geometry_import.settings import DEPTH16, EXR, NORMALS, Geometry

HOW = Geometry("built-in preview", 256, 50.0)
EXTRAS = (DEPTH16, NORMALS, EXR)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "the temple.png"
    Image.open(PHOTOS / "temple.jpg").convert("RGB").resize((160, 107)).save(path)
    return path


def finished(run):
    results = []
    while run.running:
        run.wait(0.2)
        results += run.poll()
    return results + run.poll()


def test_a_photo_comes_back_as_the_command_line_makes_it(host, photo, tmp_path):
    server = Server(host.url)
    assert server.version().startswith("in ComfyUI")
    run = server.run([photo], tmp_path / "server", HOW, EXTRAS)
    (theirs,) = finished(run)
    (ours,) = finished(Pack(sys.executable, str(ROOT)).run([photo], tmp_path / "command", HOW, EXTRAS))
    there, here = read_glb(theirs.mesh), read_glb(ours.mesh)
    assert abs(len(there.positions) - len(here.positions)) <= 0.01 * len(here.positions)
    assert numpy.allclose(there.intrinsics, here.intrinsics, atol=1e-5)
    places = [numpy.frombuffer(mesh.positions, numpy.float32).reshape(-1, 3) for mesh in (there, here)]
    assert numpy.allclose(*(p.mean(0) for p in places), rtol=0.01)
    assert numpy.allclose(
        theirs.record["normals"]["world_from_camera"], ours.record["normals"]["world_from_camera"], atol=0.01
    )
    depths = [numpy.asarray(Image.open(result.extras[DEPTH16])).astype(float) for result in (theirs, ours)]
    assert depths[0].shape == depths[1].shape == (107, 160)
    both = (depths[0] > 0) & (depths[1] > 0)
    assert numpy.median(abs(depths[0] - depths[1])[both]) < 0.01 * 65535
    # asked again it is not computed again
    again = server.run([photo], tmp_path / "server", HOW, EXTRAS)
    assert len(finished(again)) == 1 and again.done_before == 1


def complaint(run):
    """What a run that gives nothing says: of the photo, or of the job where the server does not take it."""
    try:
        assert finished(run) == []
    except JobError as error:
        return str(error)
    (said,) = run.failed
    return said


def test_a_model_that_is_not_there_and_a_photo_that_is_none_are_named(host, photo, tmp_path):
    run = Server(host.url).run([photo], tmp_path / "a", Geometry("no such model", 256), EXTRAS)
    assert "no such model" in complaint(run)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no photo")
    said = complaint(Server(host.url).run([broken], tmp_path / "b", HOW, EXTRAS))
    assert "broken" in said and "Traceback" not in said


def test_a_job_that_waits_is_taken_out_of_the_queue(host, photo, tmp_path):
    run = Server(host.url).run([photo], tmp_path / "out", HOW, EXTRAS)
    run.cancel()
    assert not run.running
    assert host.get("/queue")["queue_pending"] == []

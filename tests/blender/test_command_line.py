"""The extension's process of the pack: results as they come, cancel, and a sentence for whatever does not run."""

import sys
import time

import pytest
from PIL import Image
from repository import PHOTOS, ROOT
from sam3d_geometry_import.command_line import Pack, clean_environment
from sam3d_geometry_import.job import JobError
from sam3d_geometry_import.settings import DEPTH16, EXR, NORMALS, Geometry

PACK = Pack(sys.executable, str(ROOT))
QUICK = Geometry("built-in preview", 256)


@pytest.fixture
def photos(tmp_path):
    small = Image.open(PHOTOS / "temple.jpg").convert("RGB").resize((96, 64))
    paths = [tmp_path / name / "same.jpg" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        small.save(path)
    return paths


def fake_pack(tmp_path, code):
    """A pack that runs `code` in place of the real one."""
    (tmp_path / "fake" / "sam3d_geometry").mkdir(parents=True)
    (tmp_path / "fake" / "sam3d_geometry" / "__init__.py").touch()
    (tmp_path / "fake" / "sam3d_geometry" / "__main__.py").write_text(code, encoding="utf-8")
    return Pack(sys.executable, str(tmp_path / "fake"))


def test_photos_of_one_name_each_get_their_own_result_and_a_bad_one_is_named(photos, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    run = PACK.run([*photos, bad], tmp_path / "out", QUICK, (DEPTH16, NORMALS, EXR))
    results = []
    while run.running:
        run.wait(0.2)
        results += run.poll()
    results += run.poll()
    assert sorted(result.photo for result in results) == photos
    assert len({result.mesh for result in results}) == 2 and all(
        sorted(r.extras) == ["depth16", "exr", "normals"] for r in results
    )
    assert all(path.is_file() for r in results for path in r.extras.values())
    assert len(run.failed) == 1 and "bad.jpg" in run.failed[0]
    assert "world_from_camera" in results[0].record["normals"]


def test_cancel_ends_the_process_and_leaves_no_thread(photos, tmp_path):
    pack = fake_pack(tmp_path, "import time; time.sleep(60)")
    run = pack.run(photos, tmp_path / "out", QUICK, ())
    start = time.monotonic()
    run.cancel()
    assert not run.running and time.monotonic() - start < 10
    assert run.poll() == []


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("raise ImportError('No module named torch')", "No module named torch"),
        ("import os; os._exit(9)", "said nothing"),
    ],
)
def test_a_pack_that_does_not_run_says_why(photos, tmp_path, code, word):
    pack = fake_pack(tmp_path, code)
    run = pack.run(photos, tmp_path / "out", QUICK, ())
    run.wait(30)
    with pytest.raises(JobError, match=word):
        run.poll()
    with pytest.raises(JobError, match=word):
        pack.version()


def test_a_pack_or_python_that_is_not_there_is_named(photos, tmp_path):
    for pack, word in (
        (Pack("", ""), "press Find"),
        (Pack(sys.executable, str(tmp_path)), "There is no SAM3D Geometry in"),
        (Pack(str(tmp_path / "python"), str(ROOT)), "does not start"),
    ):
        with pytest.raises(JobError, match=word):
            pack.version()


def test_blenders_python_settings_do_not_reach_the_pack():
    kept = clean_environment({"PYTHONHOME": "/blender", "PYTHONPATH": "/blender", "HOME": "/home"})
    assert kept["HOME"] == "/home" and not {"PYTHONHOME", "PYTHONPATH"} & set(kept)

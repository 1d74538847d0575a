"""Many photos from Blender through a real ComfyUI, killed in the middle and started again; and a server that goes away."""

import time

import pytest
from blender_pythons import blender_pythons
from blender_runs import InstalledExtension
from http_gate import http_gate
from PIL import Image
from repository import PHOTOS

HOW = {"model": "built-in preview", "resolution": 256, "online": True, "describe": False}


@pytest.fixture(params=blender_pythons() or [None], ids=lambda python: "Blender")
def blender(request, tmp_path):
    if request.param is None:
        pytest.skip("no Python with bpy (Blender as a package) is named by BLENDER_PYTHON or runs this")
    (tmp_path / "blender").mkdir()
    return InstalledExtension(request.param, tmp_path / "blender")


@pytest.fixture
def photos(tmp_path):
    """A folder of 19 photos, and one that was cut off while it was copied."""
    folder = tmp_path / "photos"
    folder.mkdir()
    small = Image.open(PHOTOS / "temple.jpg").convert("RGB").resize((72, 48))
    for number in range(19):
        small.rotate(number).save(folder / f"{number}.png")
    whole = (folder / "0.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_twenty_photos_one_broken_killed_and_started_again_come_once_each(host, blender, photos, tmp_path):
    call, how = {"directory": str(photos), **HOW}, {"blend": tmp_path / "all.blend", "computed_by": host.url}
    blender(call, killed_when=lambda user: len(list(user.rglob("jobs/*/*_mesh.glb"))) >= 3, **how)
    time.sleep(2)
    found = blender(call, **how)
    wanted = sorted(str(photos / f"{number}.png") for number in range(19))
    assert sorted(found["calls"][0]["made"]) == wanted
    (line,) = (line for line in found["said"].splitlines() if "19 imported" in line)
    assert int(line.partition("19 imported (")[2].split()[0]) >= 2 and line.count("broken.png") == 1
    assert found["left"] == []
    again = blender(call, **how)
    assert again["calls"][0]["made"] == [] and "19 were in the file before" in again["said"]


def test_a_server_that_goes_away_leaves_blender_as_it_was(host, blender, photos, tmp_path):
    (photos / "broken.png").unlink()
    with http_gate(host.url) as gate:
        gate.gone_at, gate.after = "/upload/image", 2
        how = {"blend": tmp_path / "gone.blend", "computed_by": gate.url}
        (call,) = blender({"directory": str(photos), **HOW}, **how)["calls"]
    assert call["made"] == [] and call["before"] == call["after"]
    assert "does not answer" in call["error"] and "Traceback" not in call["error"]
    (call,) = blender({"directory": str(photos), **HOW}, blend=tmp_path / "gone.blend", computed_by=host.url)["calls"]
    assert len(call["made"]) == 19

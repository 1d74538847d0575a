"""The Blender extension and a real ComfyUI that is not as it should be: one sentence each, no thread left, and jobs that end."""

import threading
import time

import pytest
from http_gate import http_gate
from PIL import Image
from repository import PHOTOS
from sam3d_geometry_import import comfyui
from sam3d_geometry_import.comfyui import Server
from sam3d_geometry_import.job import JobError
from sam3d_geometry_import.settings import DEPTH16, EXR, NORMALS, Geometry

HOW = Geometry("built-in preview", 256, 50.0)
EXTRAS = (DEPTH16, NORMALS, EXR)


@pytest.fixture
def photos(tmp_path):
    small = Image.open(PHOTOS / "temple.jpg").convert("RGB").resize((96, 64))
    paths = [tmp_path / f"写真 {number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        small.rotate(number).save(path)
    return paths


@pytest.fixture
def gate(host):
    with http_gate(host.url) as made:
        yield made


def outcome(run):
    """The photos that came back and the sentence that ended the run, None where none did; no thread of it is left."""
    results = []
    while run.running:
        run.wait(0.2)
        results += run.poll() if run.running else []
    assert not run._worker.is_alive()
    try:
        return [r.photo for r in results + run.poll()], None
    except JobError as error:
        return [r.photo for r in results], str(error)


def is_one_sentence(text):
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and len(text) < 300


def test_a_comfyui_without_the_pack_is_told(host, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(comfyui, "NODE", "SAM3DGeometry_NoSuchNode")  # so that the server answers as one without it
    found, said = outcome(Server(host.url).run(photos, tmp_path / "out", HOW, EXTRAS))
    assert found == [] and "is not installed in the ComfyUI" in said and is_one_sentence(said)


def test_the_token_is_given_and_a_wrong_one_is_told(gate, photos, tmp_path):
    gate.token = "right"
    for token, word in (("", "asks for a token"), ("wrong", "refuses the token")):
        found, said = outcome(Server(gate.url, token).run(photos, tmp_path / "out", HOW, EXTRAS))
        assert found == [] and word in said and is_one_sentence(said) and gate.asked == []
    found, said = outcome(Server(gate.url, "right").run(photos[:1], tmp_path / "out", HOW, EXTRAS))
    assert (found, said) == (photos[:1], None)


@pytest.mark.parametrize("half", [False, True], ids=["gone", "cut off"])
@pytest.mark.parametrize("path", ["/upload/image", "/prompt", "/history", "/view"])
def test_a_server_that_goes_away_in_the_middle_is_told_and_taken_up_again(host, gate, photos, tmp_path, path, half):
    gate.gone_at, gate.after, gate.half = path, 4 if path == "/view" else 1, half
    _, said = outcome(Server(gate.url).run(photos[:2], tmp_path / "out", HOW, EXTRAS))
    assert "does not answer" in said and is_one_sentence(said)
    again = Server(host.url).run(photos[:2], tmp_path / "out", HOW, EXTRAS)
    found, said = outcome(again)
    assert (found, said) == (photos[:2], None)
    if path == "/view":  # the first was whole by then
        assert again.done_before == 1
    assert not list((tmp_path / "out").glob("*.part"))


def test_what_is_computed_is_ended_and_other_jobs_stay(host, photos, tmp_path):
    large = tmp_path / "large.png"
    Image.open(PHOTOS / "temple.jpg").resize((3600, 2400)).save(large)
    run = Server(host.url).run([large], tmp_path / "out", Geometry("built-in preview", 2048), EXTRAS)
    while run.running and run.what != "computing":
        time.sleep(0.02)
    other = Server(host.url).run(photos[:1], tmp_path / "other", HOW, EXTRAS)
    run.cancel()
    assert not run.running and run.poll() == []
    assert outcome(other) == (photos[:1], None)
    queue = host.get("/queue")
    assert queue["queue_running"] == queue["queue_pending"] == []
    assert not list((tmp_path / "out").glob("*.json"))
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("(_work)")]

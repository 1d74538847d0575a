"""Pointmap Info's text on the node, and the model socket of saved workflows, in ComfyUI's page."""

import json

import pytest
from comfyui_page import LOAD, open_page
from comfyui_server import PACK
from repository import ROOT

ADD_INFO = """() => {
  const graph = window.app.graph
  const inference = graph._nodes.find((n) => n.type === "SAM3DGeometry_PointmapInference")
  const info = LiteGraph.createNode("SAM3DGeometry_PointmapInfo")
  info.pos = [inference.pos[0], inference.pos[1] + 420]
  graph.add(info)
  inference.connect(0, info, 0)
  return { id: info.id, model: inference.inputs.find((i) => i.name === "model").type, saved: info.serialize().widgets_values }
}"""
TEXT = """(id) => window.app.graph._nodes.find((n) => String(n.id) === String(id)).sam3dText.textContent"""
ACCEPTED = """() => LiteGraph.isValidConnection("MOGE_MODEL", window.app.graph._nodes.find(
  (n) => n.type === "SAM3DGeometry_PointmapInference").inputs.find((i) => i.name === "model").type)"""
SAVE_AND_LOAD = """async () => { await window.app.loadGraphData(window.app.graph.serialize(), true, true) }"""


@pytest.fixture(scope="module")
def page(host):
    with open_page(host, PACK) as page:
        yield page


def test_the_text_stands_on_the_node_and_old_workflows_take_cores_model(host, page, tmp_path):
    workflow = json.loads((ROOT / "workflows" / "minimal_depth.json").read_text(encoding="utf-8"))
    page.evaluate(LOAD, workflow)
    page.wait_for_timeout(1000)
    added = page.evaluate(ADD_INFO)
    # the text is no widget value, so saved workflows keep their order
    assert added["saved"] == [36, 0, 0.5]
    assert added["model"] == "SAM3D_GEOMETRY_MODEL,MOGE_MODEL" and page.evaluate(ACCEPTED)
    with page.expect_response(
        lambda r: r.url.endswith("/prompt") and r.request.method == "POST", timeout=60_000
    ) as caught:
        page.evaluate("() => window.app.queuePrompt(0, 1)")
    answer = caught.value.json()
    assert not answer.get("node_errors")
    result = host.result(answer["prompt_id"])
    assert result["status"]["status_str"] == "success", result["status"]
    (text,) = result["outputs"][str(added["id"])]["text"]
    page.wait_for_function(f"(id) => ({TEXT})(id).includes('degrees')", arg=added["id"], timeout=60_000)
    page.screenshot(path=tmp_path / "info.png")
    assert page.evaluate(TEXT, added["id"]) == text and "field of view" in text
    page.evaluate(SAVE_AND_LOAD)
    page.wait_for_timeout(1000)
    assert page.evaluate(ACCEPTED) and page.problems == []

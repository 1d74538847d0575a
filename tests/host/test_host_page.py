"""The example workflows in ComfyUI's page: no red node, no alert, and they run as far as this machine has the files."""

import json

import pytest
from comfyui_page import LOAD, open_page
from comfyui_server import PACK
from repository import ROOT

WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
NEED_CHECKPOINTS = {"depth_for_controlnet", "normals_for_controlnet"}


@pytest.fixture(scope="module")
def page(host):
    host.make_clip()
    with open_page(host, PACK) as page:
        yield page


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda w: w.stem)
def test_workflow_loads_and_runs(host, page, workflow, tmp_path):
    page.problems.clear()
    content = json.loads(workflow.read_text(encoding="utf-8"))
    loaded = page.evaluate(LOAD, content)
    page.wait_for_timeout(1500)
    page.screenshot(path=tmp_path / f"{workflow.stem}.png")
    assert loaded["unknown"] == [] and loaded["bad"] == [] and page.problems == []
    assert loaded["nodes"] == len(content["nodes"]) and loaded["links"] == len(content["links"])

    with page.expect_response(
        lambda r: r.url.endswith("/prompt") and r.request.method == "POST", timeout=60_000
    ) as caught:
        page.evaluate("() => window.app.queuePrompt(0, 1)")
    answer = caught.value.json()
    missing = {e["class_type"] for e in (answer.get("node_errors") or {}).values()}
    if workflow.stem in NEED_CHECKPOINTS:
        # the preview of the map is an output of its own and runs although the checkpoints are not here
        assert missing == {"CheckpointLoaderSimple", "ControlNetLoader"}
    else:
        assert missing == set()
    result = host.result(answer["prompt_id"])
    assert result["status"]["status_str"] == "success", result["status"]
    assert result["outputs"]
    page.wait_for_timeout(1500)
    page.screenshot(path=tmp_path / f"{workflow.stem}_run.png")
    assert page.problems == []

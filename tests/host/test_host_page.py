"""The example workflows in ComfyUI's page: no red node, no alert, and they run as far as this machine has the files."""

import json

import pytest
from comfyui_page import ARGUMENTS, LOAD, READY, chromium
from comfyui_server import PACK
from repository import ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")

WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
NEED_CHECKPOINTS = {"depth_for_controlnet", "normals_for_controlnet"}


@pytest.fixture(scope="module")
def page(host):
    if chromium() is None:
        pytest.skip("no Chromium was found; install it or set CHROMIUM_PATH")
    host.make_clip()
    settings = host.base / "user" / "default" / "comfy.settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"Comfy.TutorialCompleted": True}), encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.problems = []
        page.on("dialog", lambda dialog: (page.problems.append(f"alert: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: PACK in str(error.stack) and page.problems.append(str(error)))
        page.goto(host.url)
        page.wait_for_function(READY, timeout=180_000)
        page.wait_for_timeout(3000)
        yield page
        browser.close()


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

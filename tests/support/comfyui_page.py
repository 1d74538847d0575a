"""ComfyUI's page in a real browser."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-gl=angle", "--use-angle=swiftshader",
]  # fmt: skip
READY = "() => window.app?.graph && window.app?.canvas && window.app?.extensionManager && window.LiteGraph?.registered_node_types?.SAM3DGeometry_Load"
LOAD = """async (workflow) => {
  await window.app.loadGraphData(workflow, true, true)
  const unknown = [], bad = []
  for (const node of window.app.graph._nodes) {
    if (!LiteGraph.registered_node_types[node.type]) unknown.push(node.type)
    for (const w of node.widgets ?? []) {
      const values = w.options?.values
      if (node.type.startsWith("SAM3DGeometry") && Array.isArray(values) && !values.includes(w.value)) bad.push(`${node.type}.${w.name}=${w.value}`)
    }
  }
  window.app.canvas.ds.scale = 0.55; window.app.canvas.ds.offset = [60, 160]; window.app.graph.setDirtyCanvas(true, true)
  return { unknown, bad, nodes: window.app.graph._nodes.length, links: Object.keys(window.app.graph.links ?? {}).length || window.app.graph.links?.size }
}"""


def chromium() -> str | None:
    """Path of a Chromium or Chrome: CHROMIUM_PATH, or one on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def open_page(
    host, problems_of: str, viewport: tuple[int, int] = (1600, 900), has_touch: bool = False, **settings: object
) -> Iterator[Any]:
    """ComfyUI's page of a running host; `page.problems` gathers alerts and script errors that name the pack `problems_of`.

    settings   of the page, by their names with _ for the dots (Comfy_VueNodes_Enabled=True); they end with it
    """
    if chromium() is None:
        pytest.skip("no Chromium was found; install it or set CHROMIUM_PATH")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    path = host.base / "user" / "default" / "comfy.settings.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    usual = {"Comfy.TutorialCompleted": True}
    chosen = {name.replace("_", "."): value for name, value in settings.items()}
    path.write_text(json.dumps(usual | chosen), encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        size = dict(zip(("width", "height"), viewport, strict=True))
        page = browser.new_context(viewport=size, has_touch=has_touch).new_page()
        page.problems = []
        page.on("dialog", lambda dialog: (page.problems.append(f"alert: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: problems_of in str(error.stack) and page.problems.append(str(error)))
        try:
            page.goto(host.url)
            page.wait_for_function(READY, timeout=180_000)
            page.wait_for_timeout(3000)
            yield page
        finally:
            browser.close()
            path.write_text(json.dumps(usual), encoding="utf-8")

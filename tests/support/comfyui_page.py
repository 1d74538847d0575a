"""ComfyUI's page in a real browser."""

from __future__ import annotations

import os
import shutil

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

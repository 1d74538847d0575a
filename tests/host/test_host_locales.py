"""The page in Chinese and Japanese: names, menus and tooltips of the nodes come in that language, and values stay."""

import json
import re

import pytest
from comfyui_page import LOAD, open_page
from comfyui_server import PACK
from repository import ROOT

LABELS_SINCE = (1, 45)  # of the front end: what menus show for a value
PLACE = """() => {
  const places = { SAM3DGeometry_Fog: [0, 0], SAM3DGeometry_CameraMove: [480, 0], SAM3DGeometry_DepthFromPointmap: [960, 0] }
  for (const [type, pos] of Object.entries(places)) {
    const node = LiteGraph.createNode(type)
    app.graph.add(node)
    node.pos = pos
    node.setSize([430, node.computeSize()[1]])
  }
  app.canvas.ds.scale = 0.8
  app.canvas.ds.offset = [120, 90]
  app.graph.setDirtyCanvas(true, true)
}"""
SHOWN = """() => app.graph._nodes.map((node) => ({
  type: node.type, title: node.title, category: node.constructor.category,
  widgets: Object.fromEntries(node.widgets.filter((w) => w.type !== "SAM3D_LIVE_CONTROL").map((w) => [w.name, w.label])),
  inputs: Object.fromEntries(node.inputs.map((i) => [i.name, i.localized_name ?? i.label])),
  outputs: node.outputs.map((o) => o.localized_name ?? o.label),
  menus: Object.fromEntries(node.widgets.filter((w) => w.type === "combo").map((w) => [w.name, w.options.getOptionLabel?.(w.value)])),
  values: Object.fromEntries(node.widgets.filter((w) => w.type === "combo").map((w) => [w.name, w.value])),
}))"""


@pytest.mark.parametrize("vue", [False, True], ids=["canvas", "vue"])
@pytest.mark.parametrize("language", ["zh", "ja"])
def test_nodes_speak_the_pages_language(host, language, vue):
    given = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
    main = json.loads((ROOT / "locales" / language / "main.json").read_text(encoding="utf-8"))
    options = main["sam3d_geometry"]["options"]
    assert host.get("/i18n")[language]["nodeDefs"].items() >= given.items()
    with open_page(host, PACK, viewport=(1500, 1000), Comfy_Locale=language, Comfy_VueNodes_Enabled=vue) as page:
        version = page.evaluate("() => window.__COMFYUI_FRONTEND_VERSION__ ?? '0.0'")
        page.evaluate(LOAD, {"last_node_id": 0, "last_link_id": 0, "nodes": [], "links": [], "version": 0.4})
        page.evaluate(PLACE)
        page.wait_for_timeout(1500)
        page.screenshot(path=host.base / f"locale_{language}_{'vue' if vue else 'canvas'}.png")
        shown = page.evaluate(SHOWN)
        assert page.problems == []
    assert len(shown) == 3
    for node in shown:
        said = given[node["type"]]
        assert node["title"] == said["display_name"]
        assert (
            node["category"]
            == "SAM3D Geometry/" + main["nodeCategories"]["maps" if node["type"].endswith("Pointmap") else "effects"]
        )
        for name, label in (node["inputs"] | {key: word for key, word in node["widgets"].items() if word}).items():
            assert label == said["inputs"][name]["name"], (node["type"], name)
        assert node["outputs"] == [output["name"] for output in said["outputs"].values()]
        if tuple(map(int, re.findall(r"\d+", version)[:2])) >= LABELS_SINCE:
            for name, value in node["values"].items():
                assert node["menus"][name] == f"{options[value]} ({value})"

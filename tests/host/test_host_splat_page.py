"""Core's splat preview in the page shows the splats of a photo: what is on the canvas of its viewer is not empty."""

import io
import json

import numpy
import pytest
from comfyui_page import LOAD, open_page
from comfyui_server import PACK
from PIL import Image

EMPTY = {"last_node_id": 0, "last_link_id": 0, "nodes": [], "links": [], "version": 0.4}
GRAPH = """() => {
  const made = {}
  const add = (type, pos, values = {}) => {
    const node = LiteGraph.createNode(type)
    app.graph.add(node)
    node.pos = pos
    for (const [name, value] of Object.entries(values)) node.widgets.find((w) => w.name === name).value = value
    made[type] = node
  }
  const wire = (from, output, to, input) =>
    made[from].connect(made[from].outputs.findIndex((o) => o.name === output), made[to], made[to].inputs.findIndex((i) => i.name === input))
  add("LoadImage", [0, 0], { image: "example.png" })
  add("SAM3DGeometry_Load", [0, 400], { model_name: "built-in preview" })
  add("SAM3DGeometry_PointmapInference", [360, 0], { resolution: 256 })
  add("SAM3DGeometry_PointmapToSplat", [360, 320])
  add("SAM3DGeometry_SaveSplats", [360, 560])
  add("PreviewGaussianSplat", [760, 0])
  wire("LoadImage", "IMAGE", "SAM3DGeometry_PointmapInference", "image")
  wire("SAM3DGeometry_Load", "model", "SAM3DGeometry_PointmapInference", "model")
  wire("SAM3DGeometry_PointmapInference", "pointmap", "SAM3DGeometry_PointmapToSplat", "pointmap")
  wire("SAM3DGeometry_PointmapToSplat", "splat", "SAM3DGeometry_SaveSplats", "splat")
  wire("SAM3DGeometry_SaveSplats", "splat_file", "PreviewGaussianSplat", "model_3d")
  made.PreviewGaussianSplat.setSize([620, 760])
  app.canvas.ds.scale = 0.8; app.canvas.ds.offset = [80, 120]; app.graph.setDirtyCanvas(true, true)
}"""


def test_the_splats_of_a_photo_are_seen_in_cores_preview(host):
    if host.fetch("/object_info/PreviewGaussianSplat")[1] in (b"{}", b""):
        pytest.skip("this ComfyUI has no preview of splats")
    with open_page(host, PACK, viewport=(1500, 950)) as page:
        page.evaluate(LOAD, EMPTY)
        page.evaluate(GRAPH)
        page.wait_for_timeout(1500)
        viewer = page.locator("canvas").last
        before = numpy.asarray(Image.open(io.BytesIO(viewer.screenshot())).convert("RGB"), dtype=float)
        sent = lambda r: r.url.endswith("/prompt") and r.request.method == "POST"  # noqa: E731
        with page.expect_response(sent, timeout=60_000) as caught:
            page.evaluate("() => app.queuePrompt(0, 1)")
        answer = json.loads(caught.value.text())
        assert not answer.get("node_errors"), answer
        result = host.result(answer["prompt_id"])
        assert result["status"]["status_str"] == "success", result["status"]
        page.wait_for_timeout(15_000)
        page.screenshot(path=host.base / "splat_preview.png")
        after = numpy.asarray(Image.open(io.BytesIO(viewer.screenshot())).convert("RGB"), dtype=float)
        assert page.problems == []
    # colors of the photo on the gray ground, where only the viewer's axes had any
    assert _colored(after) > 3 * _colored(before)


def _colored(picture):
    """Share of the pixels of a picture (H, W, 3) that are no gray."""
    return float((picture.max(-1) - picture.min(-1) > 12).mean())

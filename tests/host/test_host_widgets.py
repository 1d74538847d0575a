"""What the pack's widgets do in ComfyUI's page."""

import time

import pytest
from comfyui_page import open_page
from comfyui_server import PACK


@pytest.fixture(scope="module")
def page(host):
    with open_page(host, PACK) as page:
        yield page
    assert page.problems == []


PREFIX = """async () => {
  app.graph.clear()
  const other = LiteGraph.createNode("SAM3DGeometry_PointmapInference")
  const saver = LiteGraph.createNode("SAM3DGeometry_Save3D")
  app.graph.add(other)
  app.graph.add(saver)
  other.title = "Camera"
  other.widgets.find((w) => w.name === "resolution").value = 640
  saver.widgets.find((w) => w.name === "filename_prefix").value = "3d/%date:yyyy%/%Camera.resolution%"
  const { output } = await app.graphToPrompt()
  return { sent: output[saver.id].inputs.filename_prefix, kept: saver.serialize().widgets_values[0] }
}"""


def test_dates_and_widgets_are_replaced_in_what_is_sent_not_in_what_is_saved(page):
    found = page.evaluate(PREFIX)
    assert found == {"sent": f"3d/{time.localtime().tm_year}/640", "kept": "3d/%date:yyyy%/%Camera.resolution%"}

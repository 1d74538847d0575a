"""Our savers ask the page to replace dates and widgets in filename_prefix, as its own savers do."""

import pytest
from page_scripts import needs_node, run_in_page

SERIALIZED = """
  const widgets = [{ name: "format", value: "glb" }, { name: "filename_prefix", value: "%date:yyyy%/a" }]
  const node = { comfyClass: "CLASS", widgets, size: [210, 90], setSize() {} }
  PAGE
  for (const extension of app.extensions) extension.nodeCreated?.(node)
  return widgets[1].serializeValue ? await widgets[1].serializeValue() : null
"""
REPLACING = """window.comfyAPI = { utils: { applyTextReplacements: (page, text) => page === app && text.replace(/%.*%/, "2026") } }"""


@needs_node
@pytest.mark.parametrize(
    ("node", "page", "expected"),
    [
        ("SAM3DGeometry_Save3D", REPLACING, "2026/a"),
        ("SAM3DGeometry_VideoToDepth", REPLACING, "2026/a"),
        ("SAM3DGeometry_Save3D", "", "%date:yyyy%/a"),  # a page that lacks it leaves it to the server
        ("SaveImage", REPLACING, None),  # not ours to touch
    ],
)
def test_the_prefix_goes_out_as_the_page_replaces_it(tmp_path, node, page, expected):
    assert run_in_page(tmp_path, SERIALIZED.replace("CLASS", node).replace("PAGE", page)) == expected

"""A new node of the pack has room for the names of its inputs; nodes of others stay as they are."""

from page_scripts import needs_node, run_in_page

SIZES = """
  const extension = app.extensions.find((e) => e.name === "sam3d-geometry.node-width")
  const created = (comfyClass, names, size) => {
    const node = { comfyClass, size, widgets: names.map((name) => ({ name })), setSize(to) { this.size = to } }
    extension.nodeCreated(node)
    return node.size
  }
  return [
    created("SAM3DGeometry_Fog", ["unit", "a_name_of_twenty_five_le"], [210, 90]),
    created("SAM3DGeometry_Fog", ["unit"], [350, 90]),
    created("SAM3DGeometry_Fog", ["x".repeat(200)], [210, 90]),
    created("SAM3DGeometry_Fog", [], [140, 40]),
    created("LoadImage", ["a_name_of_twenty_five_le"], [210, 90]),
  ]
"""


@needs_node
def test_names_have_room(tmp_path):
    named, wide, longest, bare, others = run_in_page(tmp_path, SIZES)
    assert named == [350, 90]
    assert wide == [350, 90]
    assert longest == [420, 90]
    assert bare == [140, 40]
    assert others == [210, 90]

"""Pointmap Info's text stands on the node with all its lines, however many a batch has."""

from page_scripts import needs_node, run_in_page

HEIGHTS = """
  globalThis.document = { createElement: () => ({ style: {}, textContent: "" }) }
  class Node {
    size = [400, 0]
    addDOMWidget(name, type, element, options) { this.options = options; return {} }
    computeSize() { return [300, 100 + this.options.getMinHeight()] }
    setSize(size) { this.size = size }
  }
  const extension = app.extensions.find((e) => e.name === "sam3d-geometry.pointmap-info")
  extension.beforeRegisterNodeDef(Node, { name: "SAM3DGeometry_PointmapInfo" })
  const node = new Node()
  node.onNodeCreated()
  const heights = []
  for (const lines of [6, 13, 6]) {
    node.onExecuted({ text: [Array(lines).fill("a line").join("\\n")] })
    heights.push(node.size[1])
  }
  return heights
"""


@needs_node
def test_the_node_grows_for_more_lines_and_never_shrinks(tmp_path):
    one, batch, again = run_in_page(tmp_path, HEIGHTS)
    assert batch >= 100 + 13 * 16 > one and again == batch

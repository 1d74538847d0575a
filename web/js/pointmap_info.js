// Shows the text of Pointmap Info on the node, after a run and again when the workflow's tab is opened anew.
import { app } from "../../../scripts/app.js"

const NODE = "SAM3DGeometry_PointmapInfo"
const MIN_HEIGHT = 150
const LINE_HEIGHT = 16
const PADDING = 6
const STYLE =
  `width:100%;height:100%;min-height:0;margin:0;padding:${PADDING}px 8px;box-sizing:border-box;overflow:auto;white-space:pre-wrap;` +
  `font:11px/${LINE_HEIGHT}px monospace;user-select:text;border-radius:4px;` +
  "color:var(--input-text,#ddd);background:var(--comfy-input-bg,#222)"

function addText(node) {
  const element = document.createElement("pre")
  element.style.cssText = STYLE
  element.textContent = "Run the graph to see the camera."
  const widget = node.addDOMWidget("camera", "SAM3D_TEXT", element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => heightOf(element.textContent),
    getMaxHeight: () => 2 * heightOf(element.textContent),
  })
  widget.serialize = false
  node.sam3dText = element
  // wide enough for a line of the text; a saved workflow restores its own size after this
  const [width, height] = node.computeSize()
  node.setSize([Math.max(width, 400), height])
}

/** Height in CSS pixels that all lines of a text take. */
function heightOf(text) {
  return Math.max(MIN_HEIGHT, text.split("\n").length * LINE_HEIGHT + 2 * PADDING)
}

/** Shows the text of a run, in a node that is high enough for all its lines. */
function show(node, output) {
  if (!node?.sam3dText || !output?.text) return
  const text = [output.text].flat().join("\n")
  if (text === node.sam3dText.textContent) return
  node.sam3dText.textContent = text
  const needed = node.computeSize()[1]
  if (node.size[1] < needed) node.setSize([node.size[0], needed])
}

function nodeOfOutput(locator) {
  const parts = String(locator).split(":")
  const graphs = [app.graph, ...(app.graph?.subgraphs?.values?.() ?? [])]
  const graph = parts.length > 1 ? graphs.find((g) => g.id === parts[0]) : app.graph
  return graph?._nodes?.find((node) => String(node.id) === parts[parts.length - 1])
}

app.registerExtension({
  name: "sam3d-geometry.pointmap-info",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== NODE) return
    const { onNodeCreated, onExecuted } = nodeType.prototype
    nodeType.prototype.onNodeCreated = function () {
      const result = onNodeCreated?.apply(this, arguments)
      addText(this)
      return result
    }
    nodeType.prototype.onExecuted = function (output) {
      onExecuted?.apply(this, arguments)
      show(this, output)
    }
  },
  onNodeOutputsUpdated(outputs) {
    for (const [locator, output] of Object.entries(outputs)) {
      const node = nodeOfOutput(locator)
      if (node?.comfyClass === NODE || node?.type === NODE) show(node, output)
    }
  },
})

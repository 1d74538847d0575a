// Puts the Pointmap Inspector's picture into its node and shows there what a run left for it.
import { app } from "../../../scripts/app.js"
import { InspectorWidget } from "./inspector_widget.js"
import { fetchFile, locatorOf } from "./node_outputs.js"
import { setValues } from "./node_widgets.js"

const NODE = "SAM3DGeometry_PointmapInspector"
const OUTPUT = "sam3d_inspection"
const MIN_HEIGHT = 360
const FIRST_SIZE = [440, 600]

const inspectors = new Map() // node -> its widget

function showOutput(node, output) {
  const file = output?.[OUTPUT]?.[0]
  if (file) inspectors.get(node)?.show(file)
}

/** Gives a node that still has its first size the height that its picture needs. */
function fitNode(node, height) {
  const [width, first] = FIRST_SIZE
  if (Math.abs(node.size[0] - width) < 1 && Math.abs(node.size[1] - first) < 1) node.setSize([width, first + height])
}

/** Puts the places of the points, as shares of the picture, into the node's inputs, so that its outputs give them to others. */
function fillPlaces(node, places) {
  const [[x, y] = [], [x2, y2] = []] = places
  const given = Object.entries({ x, y, x2, y2 }).filter(([, value]) => value !== undefined)
  setValues(node, Object.fromEntries(given))
}

function addInspector(node) {
  const inspector = new InspectorWidget(
    fetchFile,
    (height) => fitNode(node, height),
    (places) => fillPlaces(node, places),
  )
  inspectors.set(node, inspector)
  const widget = node.addDOMWidget("inspector", "SAM3D_INSPECTOR", inspector.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => MIN_HEIGHT,
  })
  widget.serialize = false
  node.setSize(FIRST_SIZE)

  const onExecuted = node.onExecuted
  node.onExecuted = function (output) {
    onExecuted?.apply(this, arguments)
    showOutput(this, output)
  }
  const onRemoved = node.onRemoved
  node.onRemoved = function () {
    onRemoved?.apply(this, arguments)
    inspector.dispose()
    inspectors.delete(this)
  }
}

app.registerExtension({
  name: "sam3d-geometry.inspector",
  nodeCreated(node) {
    if (node.comfyClass === NODE) addInspector(node)
  },
  // a rebuilt node (another workflow tab and back) is not told of its outputs in any other way
  onNodeOutputsUpdated(outputs) {
    for (const node of inspectors.keys()) showOutput(node, outputs[locatorOf(node)])
  },
})

// A new node of the pack is wide enough for the names of its inputs; sizes that a workflow has saved stay.
import { app } from "../../../scripts/app.js"

const OURS = /^SAM3DGeometry_/
const LETTER = 7.5 // pixels, of the page's 14 pixel font
const VALUE = 170 // pixels for a widget's value and its buttons
const WIDEST = 420

/** Width at which the longest name stands beside its value. */
export function widthFor(names) {
  return Math.min(WIDEST, VALUE + LETTER * Math.max(0, ...names.map((name) => name.length)))
}

app.registerExtension({
  name: "sam3d-geometry.node-width",
  nodeCreated(node) {
    if (!OURS.test(node.comfyClass)) return
    const names = (node.widgets ?? []).filter((widget) => !widget.hidden).map((widget) => widget.label ?? widget.name)
    if (names.length) node.setSize([Math.max(node.size[0], widthFor(names)), node.size[1]])
  },
})

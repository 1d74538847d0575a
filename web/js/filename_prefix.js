// Replaces %date:yyyy-MM-dd% and %Node.widget% in the filename_prefix of the pack's savers, as the page does for its own.
import { app } from "../../../scripts/app.js"

const OURS = /^SAM3DGeometry_/

/** The page's own replacement; a page without it leaves the text to the server, which knows the dates. */
function replaced(text) {
  const replace = window.comfyAPI?.utils?.applyTextReplacements
  return replace && typeof text === "string" ? replace(app, text) : text
}

app.registerExtension({
  name: "sam3d-geometry.filename-prefix",
  nodeCreated(node) {
    if (!OURS.test(node.comfyClass)) return
    const widget = node.widgets?.find((other) => other.name === "filename_prefix")
    if (widget) widget.serializeValue = () => replaced(widget.value)
  },
})

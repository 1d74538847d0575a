// Camera Move and Relight Scene get a small live control: drag the camera or a lamp over the photo; the graph runs on release.
import { app } from "../../../scripts/app.js"
import { LiveControl } from "./live_control.js"
import * as live from "./live_scene.js"
import { fetchFile, locatorOf } from "./node_outputs.js"
import { isWired, nodeBefore, setValues, valuesOf } from "./node_widgets.js"

const OUTPUT = "sam3d_inspection"
const HEIGHT = 260
const MOST_LAMPS = 16
const KEYS = "with Shift by less; Page Up and Page Down move it ahead and back; Escape resets it."

const controls = new Map() // node -> its live control

/** The camera's handle: its place aside, and how far ahead it goes, in the node's camera_path. */
class CameraSubject {
  constructor(node) {
    this.node = node
  }

  depth = 1 // of the scene that was last seen

  get position() {
    return live.endOfPath(valuesOf(this.node).camera_path) ?? [0, 0, 0]
  }

  handles() {
    const [x, y] = this.position
    const span = 2 * live.REACH * this.depth
    const place = [live.clamped(0.5 + x / span, 0, 1), live.clamped(0.5 + y / span, 0, 1)]
    return [{ place, colour: "#ffd24a", name: "Camera", fixed: isWired(this.node, "camera_path") }]
  }

  move(_, [x, y]) {
    const span = 2 * live.REACH * this.depth
    this.go([(x - 0.5) * span, (y - 0.5) * span, this.position[2]])
  }

  slider() {
    return { name: "ahead", value: this.position[2], min: -0.5 * this.depth, max: 0.5 * this.depth }
  }

  slide(_, ahead) {
    const [x, y] = this.position
    this.go([x, y, ahead])
  }

  go(position) {
    setValues(this.node, { camera_path: live.pathTo(position, this.depth) })
  }

  reset() {
    setValues(this.node, { camera_path: "" })
  }

  picture({ head, frame, photo }) {
    this.depth = live.medianDepth(frame)
    return live.movedPicture(photo, frame, head, this.position)
  }

  values() {
    return JSON.stringify([valuesOf(this.node).camera_path, isWired(this.node, "camera_path")])
  }

  describe() {
    const [x, y, z] = this.position.map((value) => Math.round((100 * value) / this.depth))
    return `Camera ${x} % of the scene's depth to the right, ${-y} % up, ${z} % ahead`
  }
}

/** The lamps' handles: the Scene Light nodes wired to the node, whose own widgets they set. */
class LampSubject {
  constructor(node) {
    this.node = node
  }

  depth = 1
  first = new Map() // lamp -> its values before it was first dragged

  get lamps() {
    const lamps = []
    let lamp = nodeBefore(this.node, "lights")
    while (lamp?.comfyClass === "SAM3DGeometry_SceneLight" && !lamps.includes(lamp) && lamps.length < MOST_LAMPS) {
      lamps.push(lamp)
      lamp = nodeBefore(lamp, "lights")
    }
    return lamps
  }

  handles() {
    return this.lamps.map((lamp) => {
      const values = valuesOf(lamp)
      const fixed = Object.keys(live.lampAt(values, [0.5, 0.5], this.depth)).some((name) => isWired(lamp, name))
      const [r, g, b] = live.colourFromHex(values.color).map((part) => Math.round(255 * part))
      return { place: live.placeOfLamp(values, this.depth), colour: `rgb(${r},${g},${b})`, name: lamp.title, fixed }
    })
  }

  change(index, values) {
    const lamp = this.lamps[index]
    if (!lamp) return
    if (!this.first.has(lamp)) this.first.set(lamp, valuesOf(lamp))
    setValues(lamp, values)
  }

  move(index, place) {
    if (this.lamps[index]) this.change(index, live.lampAt(valuesOf(this.lamps[index]), place, this.depth))
  }

  slider(index) {
    return this.lamps[index] ? live.nearnessOfLamp(valuesOf(this.lamps[index]), this.depth) : null
  }

  slide(index, value) {
    const { name } = this.slider(index)
    this.change(index, { [name]: Number(value.toFixed(3)) })
  }

  reset() {
    for (const [lamp, values] of this.first) {
      const { x, y, offset_right, offset_up, offset_forward, azimuth_degrees, elevation_degrees, light_distance } = values
      setValues(lamp, { x, y, offset_right, offset_up, offset_forward, azimuth_degrees, elevation_degrees, light_distance })
    }
    this.first.clear()
  }

  picture({ head, frame, photo }) {
    this.depth = live.medianDepth(frame)
    const lamps = this.lamps.map((lamp) => {
      const values = valuesOf(lamp)
      return {
        position: live.positionOfLamp(values, frame, head, this.depth),
        sun: live.lampKind(values) === "sun",
        colour: live.colourFromHex(values.color),
        intensity: values.intensity,
        reach: values.reach * live.unitLength(values.unit, this.depth),
        falloff: values.falloff,
      }
    })
    return live.litPicture(photo, frame, head, lamps, valuesOf(this.node).ambient)
  }

  values() {
    return JSON.stringify([valuesOf(this.node).ambient, this.lamps.map(valuesOf), this.handles()])
  }

  describe(index) {
    const handle = this.handles()[index]
    if (!handle) return "No Scene Light is wired to lights."
    const [x, y] = handle.place.map((share) => Math.round(100 * share))
    return `${handle.name}: ${x} % across, ${y} % down`
  }
}

const NODES = {
  SAM3DGeometry_CameraMove: {
    subject: CameraSubject,
    label: `Photo with the camera's end point. Arrow keys move it, ${KEYS}`,
    resetTitle: "Empties camera_path, so that the preset counts again (Escape)",
  },
  SAM3DGeometry_RelightScene: {
    subject: LampSubject,
    label: `Photo with lamps. Enter or Space chooses the next lamp; arrow keys move it, ${KEYS}`,
    resetTitle: "Puts the lamps back to where they were before they were dragged (Escape)",
  },
}

/** Tells ComfyUI's undo that a change is complete; front ends name it differently. */
function keepForUndo() {
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker
  if (tracker?.captureCanvasState) tracker.captureCanvasState()
  else tracker?.checkState?.()
}

function addControl(node) {
  const { subject, ...texts } = NODES[node.comfyClass]
  node.properties ??= {}
  const control = new LiveControl(new subject(node), {
    ...texts,
    fetchFile,
    memory: node.properties,
    onRelease(runs) {
      keepForUndo()
      if (runs) app.queuePrompt(0, 1)
    },
  })
  controls.set(node, control)
  const widget = node.addDOMWidget("live_control", "SAM3D_LIVE_CONTROL", control.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => HEIGHT,
  })
  widget.serialize = false
  const { onExecuted, onRemoved, onConfigure } = node
  node.onExecuted = function (output) {
    onExecuted?.apply(this, arguments)
    showOutput(this, output)
  }
  node.onConfigure = function () {
    onConfigure?.apply(this, arguments)
    makeRoom(this)
    control.memory = this.properties
    control.parts.runs.checked = this.properties.run_on_release !== false
    control.update()
  }
  node.onRemoved = function () {
    onRemoved?.apply(this, arguments)
    control.dispose()
    controls.delete(this)
  }
  makeRoom(node)
}

/** Grows the node to what its widgets need, also where a workflow was saved before it had this control. */
function makeRoom(node) {
  const [width, needed] = node.computeSize()
  if (node.size[1] < needed) node.setSize([Math.max(width, node.size[0]), needed])
}

function showOutput(node, output) {
  const file = output?.[OUTPUT]?.[0]
  if (file) controls.get(node)?.show(file)
  else controls.get(node)?.update()
}

app.registerExtension({
  name: "sam3d-geometry.live-control",
  nodeCreated(node) {
    if (node.comfyClass in NODES) addControl(node)
  },
  // a rebuilt node (another workflow tab and back, undo) is not told of its outputs in any other way
  onNodeOutputsUpdated(outputs) {
    for (const node of controls.keys()) showOutput(node, outputs[locatorOf(node)])
  },
})

// The elements of the Pointmap Inspector: what is where, and its names for those who do not see it.

const VIEWS = { photo: "Photo", depth: "Depth", normals: "Normals" }
const STAGE_LABEL =
  "Picture with geometry. Arrow keys move the crosshair, with Shift by ten pixels; Enter or Space sets a point; Escape or Delete clears the points."
let made = 0

/** An element of the pack: its class with the pack's prefix, its attributes and what is in it. */
export function element(tag, className, attributes = {}, children = []) {
  const made = document.createElement(tag)
  if (className) made.className = `sam3d-${className}`
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Loads the style of the pack's elements once. */
export function loadStyle() {
  const href = new URL("./inspector.css", import.meta.url).href
  if (document.querySelector(`link[href="${href}"]`)) return
  document.head.append(element("link", "", { rel: "stylesheet", href }))
}

function viewChoice(name) {
  const radios = {}
  const labels = Object.entries(VIEWS).map(([view, text]) => {
    radios[view] = element("input", "", { type: "radio", name, value: view })
    return element("label", "", {}, [radios[view], element("span", "", {}, [text])])
  })
  return { radios, choice: element("div", "views", { role: "radiogroup", "aria-label": "What the picture shows" }, labels) }
}

function row(name, title, cells) {
  const labelled = cells.map(([label, cell]) => element("span", "cell", {}, [element("i", "", {}, [label]), cell]))
  return element("div", "row", { title }, [element("span", "name", {}, [name]), ...labelled])
}

/** All elements of one inspector, by name; `root` holds the others. */
export function makeElements() {
  loadStyle()
  const id = `sam3d-inspector-${++made}`
  const value = (name) => element("span", "value", { "data-value": name })
  const { radios, choice } = viewChoice(`${id}-view`)
  const values = Object.fromEntries(
    ["depth", "place", "pixel", "photo", "x", "y", "z", "nx", "ny", "nz", "distance", "dx", "dy", "dz"].map((n) => [n, value(n)]),
  )
  const parts = {
    radios,
    values,
    about: element("span", "about"),
    picture: element("canvas", "picture", { "aria-hidden": "true" }),
    overlay: element("canvas", "overlay", { "aria-hidden": "true" }),
    message: element("p", "message", { role: "status" }),
    slider: element("input", "slider", { type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Frame" }),
    frameText: element("output", "frame-text"),
    bar: element("canvas", "bar", { width: 256, height: 1 }),
    marker: element("span", "marker"),
    ticks: element("div", "ticks"),
    swatch: element("span", "swatch"),
    hint: element("span", "hint"),
    clear: element("button", "clear", { type: "button", title: "Remove both points (Escape)" }, ["Clear"]),
    live: element("p", "live", { "aria-live": "polite" }),
  }
  const stage = element("div", "stage", { tabindex: 0, role: "application", "aria-label": STAGE_LABEL }, [
    parts.picture,
    parts.overlay,
    parts.message,
  ])
  const frames = element("div", "frames", { hidden: "" }, [parts.slider, parts.frameText])
  const range = element("div", "range", { role: "img", hidden: "" }, [
    element("div", "bar-box", {}, [parts.bar, parts.marker]),
    parts.ticks,
  ])
  const measure = element("div", "row", { title: "Straight distance between the points A and B, and B minus A" }, [
    element("span", "name", {}, ["A\u2013B"]),
    element("span", "cell", {}, [values.distance]),
    element("span", "difference", {}, [element("i", "", {}, ["\u0394"]), values.dx, values.dy, values.dz]),
    parts.hint,
    parts.clear,
  ])
  const readout = element("div", "readout", {}, [
    element("div", "headline", {}, [
      parts.swatch,
      values.depth,
      element("span", "where", {}, [values.place, values.pixel, values.photo]),
    ]),
    row("point", "Camera axes: x right, y down, z forward", [["x", values.x], ["y", values.y], ["z", values.z]]),
    row("normal", "Unit normal in camera axes: x right, y down, z forward", [["x", values.nx], ["y", values.ny], ["z", values.nz]]),
    measure,
  ])
  const root = element("div", "inspector", { "data-state": "empty" }, [
    element("div", "top", {}, [choice, parts.about]),
    stage,
    frames,
    range,
    readout,
    parts.live,
  ])
  return { ...parts, root, stage, frames, range, readout }
}

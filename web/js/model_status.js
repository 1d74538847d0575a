// Load SAM3D Geometry says whether its model is on disk, how large it is and under which licence, and downloads it.
import { app } from "../../../scripts/app.js"
import { api } from "../../../scripts/api.js"

const NODE = "SAM3DGeometry_Load"
const AUTO = "auto"
const ROUTE = "/sam3d_geometry/models"
const SUGGESTED = "moge-2-vitl-normal" // what auto's button fetches while only the built-in model is there
const HEIGHT = 92
const WIDTH = 330
const STYLE =
  "width:100%;height:100%;margin:0;padding:6px 8px;box-sizing:border-box;overflow:hidden;display:flex;flex-direction:column;gap:4px;" +
  "font:11px/15px sans-serif;border-radius:4px;color:var(--input-text,#ddd);background:var(--comfy-input-bg,#222)"
const BUTTON_STYLE =
  "align-self:flex-start;padding:2px 10px;cursor:pointer;font:inherit;color:var(--input-text,#ddd);" +
  "background:var(--comfy-menu-bg,#353535);border:1px solid var(--border-color,#555);border-radius:4px"

const panels = new Set()
let models = new Map()
const progress = new Map() // by model: the last event of its download

/** Bytes as people say them: 1.3 GB. */
export function sized(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`
}

/** What the node says of a model, and the button below it: { text, action, model }; action is "", "download" or "cancel". */
export function saidOf(name, known, downloads) {
  const status = known.get(name)
  if (!status) return { text: "A file of this computer.", action: "", model: name }
  const auto = name === AUTO
  const builtIn = status.size === 0
  const wanted = auto && builtIn ? SUGGESTED : name
  const download = downloads.get(wanted)
  if (download?.state === "running") {
    const share = download.total ? ` ${Math.floor((100 * download.done) / download.total)} %` : ""
    const of = download.total ? ` of ${sized(download.total)}` : ""
    return { text: `Downloading ${wanted}:${share}${of}`, action: "cancel", model: wanted }
  }
  const trouble = download?.state === "failed" ? `${download.sentence} ` : download?.state === "cancelled" ? "Cancelled; Download continues it. " : ""
  if (auto && builtIn) {
    const offer = known.get(SUGGESTED)
    const better = offer ? `${SUGGESTED} is ${sized(offer.size)}, ${offer.licence}.` : ""
    return { text: `${trouble}No model is on disk: the built-in preview is used, a rough first look. ${better}`, action: "download", model: SUGGESTED }
  }
  if (builtIn) return { text: "Comes with the pack; a rough first look. auto takes a better one once it is on disk.", action: "", model: name }
  const facts = `${sized(status.size)}, ${status.licence}; gives ${status.gives}.`
  if (status.is_here) return { text: `${auto ? "Takes" : "On disk:"} ${status.file}, ${facts}`, action: "", model: name }
  return { text: `${trouble}Not on disk: about ${facts}`, action: "download", model: name }
}

async function refresh() {
  try {
    const answer = await (await api.fetchApi(ROUTE)).json()
    models = new Map(answer.models.map((status) => [status.name, status]))
    for (const name of answer.running) if (!progress.has(name)) progress.set(name, { state: "running", done: 0, total: 0 })
  } catch {
    models = new Map()
  }
  panels.forEach((panel) => panel.draw())
}

async function ask(action, name) {
  const body = JSON.stringify({ name })
  const answer = await api.fetchApi(`${ROUTE}/${action}`, { method: "POST", body, headers: { "Content-Type": "application/json" } })
  if (answer.ok) return
  const sentence = (await answer.json().catch(() => ({}))).error ?? `The server answered ${answer.status}.`
  told({ detail: { name, state: "failed", sentence } })
}

/** An event of a download; a finished one changes what is on disk. */
function told({ detail }) {
  progress.set(detail.name, detail)
  panels.forEach((panel) => panel.draw())
  if (detail.state === "done") refresh()
}

function addPanel(node) {
  const chosen = node.widgets?.find((widget) => widget.name === "model_name")
  if (!chosen) return
  const element = document.createElement("div")
  const text = document.createElement("div")
  const button = document.createElement("button")
  element.style.cssText = STYLE
  button.style.cssText = BUTTON_STYLE
  text.setAttribute("role", "status")
  element.append(text, button)
  const widget = node.addDOMWidget("model_status", "SAM3D_MODEL_STATUS", element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => HEIGHT,
    getMaxHeight: () => HEIGHT,
  })
  widget.serialize = false
  const panel = {
    draw() {
      const said = saidOf(chosen.value, models, progress)
      text.textContent = said.text
      element.title = said.text
      button.hidden = said.action === ""
      button.textContent = said.action === "cancel" ? "Cancel" : `Download ${said.model}`
      button.onclick = () => ask(said.action, said.model)
    },
  }
  const { callback } = chosen
  chosen.callback = function () {
    const result = callback?.apply(this, arguments)
    panel.draw()
    return result
  }
  panels.add(panel)
  const { onRemoved, onConfigure } = node
  node.onRemoved = function () {
    panels.delete(panel)
    return onRemoved?.apply(this, arguments)
  }
  node.onConfigure = function () {
    const result = onConfigure?.apply(this, arguments)
    makeRoom(node, 0)
    panel.draw()
    return result
  }
  makeRoom(node, WIDTH)
  panel.draw()
  refresh()
}

/** Grows the node to what its widgets need, also where a workflow was saved before it had this text. */
function makeRoom(node, width) {
  const [, needed] = node.computeSize()
  if (node.size[0] < width || node.size[1] < needed) node.setSize([Math.max(width, node.size[0]), Math.max(needed, node.size[1])])
}

app.registerExtension({
  name: "sam3d-geometry.model-status",
  setup() {
    api.addEventListener("sam3d_geometry.download", told)
  },
  nodeCreated(node) {
    if (node.comfyClass === NODE) addPanel(node)
  },
})

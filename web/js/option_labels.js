// Menus in the page's language: ComfyUI has no place for the words of a menu in its locales, so these are looked up here.
// A node's values stay English; front ends that know no labels (before 1.28) show the values.
import { app } from "../../../scripts/app.js"
import { api } from "../../../scripts/api.js"

const PREFIX = "SAM3DGeometry_"
const OWN = "sam3d_geometry" // where locales/<language>/main.json keeps them

let labels = {} // value -> word

async function loadLabels() {
  const language = app.extensionManager?.setting?.get("Comfy.Locale") ?? "en"
  const answer = await api.fetchApi("/i18n")
  if (answer.ok) labels = (await answer.json())[language]?.[OWN]?.options ?? {}
}

/** What a menu shows for a value: the word with the value behind it, by which workflows and help pages call it. */
export function labelOf(value, words) {
  return words[value] && words[value] !== value ? `${words[value]} (${value})` : String(value ?? "")
}

function labelMenus(node) {
  for (const widget of node.widgets ?? []) {
    if (widget.type === "combo") widget.options.getOptionLabel = (value) => labelOf(value, labels)
  }
}

app.registerExtension({
  name: "sam3d-geometry.option-labels",
  async init() {
    await loadLabels().catch((error) => console.warn("sam3d-geometry: no words for menus:", error))
  },
  nodeCreated(node) {
    if (node.comfyClass?.startsWith(PREFIX) && Object.keys(labels).length) labelMenus(node)
  },
})

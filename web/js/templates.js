// Gives the pack's templates titles, descriptions and an order, which ComfyUI has no place for in a pack: it shows the files' names, in
// the order in which the disk lists them. Where the page asks for templates otherwise than expected, it shows those names.
import { app } from "../../../scripts/app.js"
import { api } from "../../../scripts/api.js"

const PACK = decodeURIComponent(new URL(import.meta.url).pathname.split("/extensions/")[1].split("/")[0])

// Of all packs' templates by folder, and those of core in their categories: ours as a category with what templates.json says of them.
export function withTitles(names, categories, told, pack) {
  const given = new Set(names[pack] ?? [])
  const listed = told.filter((template) => given.has(template.name))
  if (!listed.length || !Array.isArray(categories)) return { names, categories }
  const others = Object.fromEntries(Object.entries(names).filter(([folder]) => folder !== pack))
  const rest = [...given].filter((name) => !told.some((template) => template.name === name))
  if (rest.length) others[pack] = rest
  const templates = listed.map((template) => ({ ...template, mediaType: "image", mediaSubtype: "jpg" }))
  const ours = { moduleName: pack, title: "SAM3D Geometry", type: "image", templates }
  return { names: others, categories: [...categories, ours] }
}

async function toldOf() {
  return (await fetch(new URL("../templates.json", import.meta.url))).json()
}

app.registerExtension({
  name: "sam3d-geometry.templates",
  setup() {
    const ask = { names: api.getWorkflowTemplates?.bind(api), categories: api.getCoreWorkflowTemplates?.bind(api) }
    if (!ask.names || !ask.categories) return
    api.getWorkflowTemplates = async () => {
      const names = await ask.names()
      try {
        return withTitles(names, [], await toldOf(), PACK).names
      } catch {
        return names
      }
    }
    api.getCoreWorkflowTemplates = async (...how) => {
      const categories = await ask.categories(...how)
      try {
        return withTitles(await ask.names(), categories, await toldOf(), PACK).categories
      } catch {
        return categories
      }
    }
  },
})

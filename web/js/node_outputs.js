// Where the outputs and files of a node's last run are found.
import { api } from "../../../scripts/api.js"

/** The key under which ComfyUI keeps a node's outputs: its id, with the subgraph's before it inside of one. */
export function locatorOf(node) {
  const graph = node.graph
  return !graph || graph.isRootGraph !== false ? String(node.id) : `${graph.id}:${node.id}`
}

/** The Response of a file that a run left: { filename, subfolder, type }. */
export function fetchFile(file, headers, signal) {
  const { filename, subfolder = "", type = "temp" } = file
  return api.fetchApi(`/view?${new URLSearchParams({ filename, subfolder, type })}`, { headers, signal })
}

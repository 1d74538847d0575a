// The values of a node's own widgets, and the nodes that are wired to it.

export function widgetOf(node, name) {
  return node.widgets?.find((widget) => widget.name === name)
}

/** The values of the widgets by their names. */
export function valuesOf(node) {
  return Object.fromEntries((node.widgets ?? []).map((widget) => [widget.name, widget.value]))
}

/** Whether an input, by its name, gets its value over a wire. */
export function isWired(node, name) {
  const given = node.inputs?.find((input) => input.name === name)
  return given?.link !== undefined && given?.link !== null
}

/** Puts values into the widgets of these names, as if they were typed in. */
export function setValues(node, values) {
  for (const [name, value] of Object.entries(values)) {
    const widget = widgetOf(node, name)
    if (!widget || isWired(node, name)) continue
    widget.value = value
    widget.callback?.(value)
  }
  node.setDirtyCanvas?.(true, true)
}

/** The node that an input is wired to, through reroutes; null without one. */
export function nodeBefore(node, name) {
  let slot = node.inputs?.findIndex((input) => input.name === name) ?? -1
  let found = slot < 0 ? null : node.getInputNode?.(slot)
  for (let i = 0; found?.type === "Reroute" && i < 100; i++) found = found.getInputNode(0)
  return found ?? null
}

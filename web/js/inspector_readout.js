// Fills the numbers, the colour bar and the captions of the Pointmap Inspector.

import * as geometry from "./inspection_geometry.js"

const NOTHING = "\u2013"
const NO_GEOMETRY = "no geometry"
const HINT = "Click two points to measure their distance."
const SECOND = "Click the second point."
const TICK_WIDTH = 44
const END_WIDTH = 92

function setAll(values, names, numbers, decimals) {
  names.forEach((name, i) => {
    values[name].textContent = numbers ? geometry.formatNumber(numbers[i], decimals) : NOTHING
  })
}

/** `state`: { frame, head, hover, points, unit }; empty readings without a frame or a pixel. */
export function fillReadout(parts, { frame, head, hover, points, unit }) {
  const { values } = parts
  const point = frame && hover ? geometry.pointAtPixel(frame, head, hover) : null
  const normal = point && geometry.normalAtPixel(frame, head, hover)
  values.depth.textContent = point ? `${geometry.formatLength(point[2])} ${unit}` : hover ? NO_GEOMETRY : NOTHING
  setAll(values, ["x", "y", "z"], point, point && geometry.decimalsFor(point[2]))
  setAll(values, ["nx", "ny", "nz"], normal, 2)
  const other = frame && hover && (head.photo_width !== head.width || head.photo_height !== head.height)
  values.place.textContent = hover && head ? `x, y ${geometry.placeOfPixel(hover, head).join(", ")}` : ""
  values.pixel.textContent = hover ? `pixel ${hover.join(", ")}` : ""
  values.photo.textContent = other ? `photo ${geometry.photoPixel(hover, head).join(", ")}` : ""
  parts.swatch.style.background = point ? geometry.colourOfDepth(point[2], head) : ""
  parts.marker.hidden = !point
  if (point) parts.marker.style.left = `${100 * geometry.barPosition(point[2], geometry.barRange(head))}%`
  fillMeasure(parts, frame, head, points, unit)
}

function fillMeasure({ values, hint, clear }, frame, head, points, unit) {
  const ends = frame ? points.map((pixel) => geometry.pointAtPixel(frame, head, pixel)) : []
  const measured = ends.length === 2 && ends.every(Boolean)
  const length = measured && geometry.distance(...ends)
  const missing = ends.findIndex((end) => !end)
  values.distance.textContent = measured ? `${geometry.formatLength(length)} ${unit}` : ""
  const difference = measured && ends[1].map((value, i) => value - ends[0][i])
  setAll(values, ["dx", "dy", "dz"], difference, measured && geometry.decimalsFor(length))
  values.distance.parentElement.hidden = values.dx.parentElement.hidden = !measured
  hint.hidden = measured
  hint.textContent = missing >= 0 ? `${NO_GEOMETRY} at ${"AB"[missing]} in this frame` : points.length ? SECOND : HINT
  clear.hidden = !points.length
}

/** Size, lens and unit of the frame, beside the choice of the picture. */
export function fillAbout({ about }, frame, head) {
  const lens = `${geometry.fieldOfView(frame).toFixed(1)}\u00b0`
  about.textContent = `${head.width} \u00d7 ${head.height} \u00b7 ${lens} \u00b7 ${head.metric ? "metres" : "scale unknown"}`
  about.title =
    `Pointmap of ${head.width} \u00d7 ${head.height} pixels of a ${head.photo_width} \u00d7 ${head.photo_height} photo; ` +
    `horizontal field of view ${lens}; ${head.metric ? "lengths in metres" : "lengths in one unknown unit"}; ` +
    `normals from ${head.normals_from === "network" ? "the network" : "the points"}.`
}

/** Which frame of the clip is shown, and whether some were left out. */
export function fillFrameText({ frameText, slider }, index, head) {
  const number = head.frames[index].frame + 1
  const isPart = head.frames.length < head.frame_count
  frameText.textContent = isPart
    ? `frame ${number} of ${head.frame_count} (${head.frames.length} shown)`
    : `frame ${number} of ${head.frame_count}`
  frameText.title = isPart
    ? `${head.frames.length} of ${head.frame_count} frames, evenly chosen, so that the file stays small.`
    : ""
  slider.setAttribute("aria-valuetext", frameText.textContent)
}

/** Draws the colour bar and writes its labels, as many as there is room for. */
export function drawRange({ range, bar, ticks }, head, unit, width) {
  range.hidden = !(head.farthest > 0)
  if (!(head.farthest > 0 && width > 0)) return
  const span = geometry.barRange(head)
  const context = bar.getContext("2d")
  for (let column = 0; column < bar.width; column++) {
    const depth = geometry.depthAtBarPosition((column + 0.5) / bar.width, span)
    context.fillStyle = geometry.colourOfDepth(depth, head)
    context.fillRect(column, 0, 1, 1)
  }
  const near = `near ${span.nearerBeyond ? "\u2264 " : ""}${geometry.formatTick(span.near)}`
  const far = `far ${span.fartherBeyond ? "\u2265 " : ""}${geometry.formatTick(span.far)} ${unit}`
  const middle = geometry.barTicks(span, TICK_WIDTH / width, END_WIDTH / width)
  ticks.replaceChildren(
    tick(near, 0, "near"),
    ...middle.map(({ depth, position }) => tick(geometry.formatTick(depth), position, "middle")),
    tick(far, 1, "far"),
  )
  const extremes = `Depth from ${geometry.formatLength(head.nearest)} to ${geometry.formatLength(head.farthest)} ${unit}`
  range.title = `${extremes} over all frames. The colours are even in 1 / depth; 0.5 % of the pixels at each end share a colour.`
  range.setAttribute("aria-label", `Colour bar. ${extremes}.`)
}

function tick(text, position, kind) {
  const label = document.createElement("span")
  label.className = `sam3d-tick sam3d-${kind}`
  label.textContent = text
  if (kind === "middle") label.style.left = `${100 * position}%`
  return label
}

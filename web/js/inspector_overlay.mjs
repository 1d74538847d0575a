// Draws what lies over the picture: the crosshair, the two points and their line. Never the picture itself.

import { positionOfPixel } from "./inspection_geometry.mjs"

const LIGHT = "#ffffff"
const DARK = "rgba(0, 0, 0, 0.75)"
const POINT = "#ffd24a"
const FONT = "600 12px system-ui, sans-serif"

function strokeTwice(context, width, colour) {
  context.lineWidth = width + 2
  context.strokeStyle = DARK
  context.stroke()
  context.lineWidth = width
  context.strokeStyle = colour
  context.stroke()
}

function drawCrosshair(context, [x, y], cell) {
  const gap = Math.max(4, cell / 2)
  context.beginPath()
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + dx * gap, y + dy * gap)
    context.lineTo(x + dx * (gap + 8), y + dy * (gap + 8))
  }
  strokeTwice(context, 1.5, LIGHT)
  if (cell >= 6) {
    context.beginPath()
    context.rect(x - cell / 2, y - cell / 2, cell, cell)
    strokeTwice(context, 1, LIGHT)
  }
}

function drawLabel(context, text, x, y, box) {
  context.font = FONT
  const width = context.measureText(text).width + 12
  const left = Math.min(Math.max(2, x - width / 2), box.width - width - 2)
  const top = Math.min(Math.max(2, y - 10), box.height - 22)
  context.beginPath()
  context.roundRect(left, top, width, 20, 10)
  context.fillStyle = "rgba(16, 18, 22, 0.86)"
  context.fill()
  context.fillStyle = POINT
  context.textAlign = "left"
  context.textBaseline = "middle"
  context.fillText(text, left + 6, top + 10.5)
}

function drawPoint(context, [x, y], letter) {
  context.beginPath()
  context.arc(x, y, 4, 0, 2 * Math.PI)
  strokeTwice(context, 2, POINT)
  context.font = FONT
  context.textAlign = "center"
  context.textBaseline = "middle"
  context.lineWidth = 3
  context.strokeStyle = DARK
  context.strokeText(letter, x - 11, y - 9)
  context.fillStyle = POINT
  context.fillText(letter, x - 11, y - 9)
}

function drawLine(context, from, to, text, dashed, box) {
  context.beginPath()
  context.moveTo(...from)
  context.lineTo(...to)
  context.setLineDash(dashed ? [6, 5] : [])
  strokeTwice(context, 2, POINT)
  context.setLineDash([])
  if (!text) return
  // beside the middle of the line, on its upper side
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const size = Math.hypot(dx, dy) || 1
  const side = dx < 0 ? -1 : 1
  const label = [(from[0] + to[0]) / 2 + (side * dy * 20) / size, (from[1] + to[1]) / 2 - (side * dx * 20) / size]
  drawLabel(context, text, ...label, box)
}

/** `scene`: { fit, hover, points, distanceText, box } with pixels of the pointmap and the stage's size. */
export function drawOverlay(canvas, ratio, { fit, hover, points, distanceText, box }) {
  const context = canvas.getContext("2d")
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, box.width, box.height)
  if (!fit) return
  const marks = points.map((pixel) => positionOfPixel(pixel, fit))
  const at = hover && positionOfPixel(hover, fit)
  const end = marks[1] ?? at
  if (marks.length && end) drawLine(context, marks[0], end, distanceText, marks.length === 1, box)
  marks.forEach((mark, i) => drawPoint(context, mark, "AB"[i]))
  if (at) drawCrosshair(context, at, fit.scale)
}

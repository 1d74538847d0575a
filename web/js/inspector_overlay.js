// Draws what lies over the picture: the crosshair, the two points and their line. Never the picture itself.

import { positionOfPixel } from "./inspection_geometry.js"

const LIGHT = "#ffffff"
const DARK = "rgba(0, 0, 0, 0.75)"
const POINT = "#ffd24a"
const FONT = "600 12px Inter, system-ui, sans-serif"
const LABEL_HEIGHT = 20

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

function drawLabel(context, text, x, y, width, box) {
  const left = Math.min(Math.max(2, x - width / 2), box.width - width - 2)
  const top = Math.min(Math.max(2, y - LABEL_HEIGHT / 2), box.height - LABEL_HEIGHT - 2)
  context.beginPath()
  context.roundRect(left, top, width, LABEL_HEIGHT, LABEL_HEIGHT / 2)
  context.fillStyle = "rgba(16, 18, 22, 0.86)"
  context.fill()
  context.fillStyle = POINT
  context.textAlign = "center"
  context.textBaseline = "middle"
  context.fillText(text, left + width / 2, top + LABEL_HEIGHT / 2 + 0.5)
}

/** A point with its letter on the side away from the line, or across it where the stage ends there. */
function drawPoint(context, [x, y], letter, [dx, dy], box) {
  const sides = [[dx, dy], [-dy, dx], [dy, -dx], [-1, 0], [1, 0], [0, -1], [0, 1]]
  const places = sides.map(([u, v]) => [x + 14 * u, y + 14 * v])
  const inside = ([u, v]) => u > 6 && v > 8 && u < box.width - 6 && v < box.height - 8
  const place = places.find(inside) ?? places[0]
  context.beginPath()
  context.arc(x, y, 4, 0, 2 * Math.PI)
  strokeTwice(context, 2, POINT)
  context.font = FONT
  context.textAlign = "center"
  context.textBaseline = "middle"
  context.lineJoin = "round"
  context.lineWidth = 3
  context.strokeStyle = DARK
  context.strokeText(letter, ...place)
  context.fillStyle = POINT
  context.fillText(letter, ...place)
}

function drawLine(context, from, to, dashed) {
  context.beginPath()
  context.moveTo(...from)
  context.lineTo(...to)
  context.setLineDash(dashed ? [6, 5] : [])
  strokeTwice(context, 2, POINT)
  context.setLineDash([])
}

/** The distance beside the middle of the line, above it where there is room, and never on it. */
function drawDistance(context, from, to, direction, text, box) {
  context.font = FONT
  const width = context.measureText(text).width + 14
  const across = direction[0] < 0 ? [-direction[1], direction[0]] : [direction[1], -direction[0]]
  const away = (Math.abs(across[0]) * width + Math.abs(across[1]) * LABEL_HEIGHT) / 2 + 7
  const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]
  const side = middle[1] + across[1] * away < LABEL_HEIGHT ? -1 : 1
  drawLabel(context, text, middle[0] + side * across[0] * away, middle[1] + side * across[1] * away, width, box)
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
  let direction = [Math.SQRT1_2, Math.SQRT1_2]
  if (marks.length && end) {
    const length = Math.hypot(end[0] - marks[0][0], end[1] - marks[0][1])
    if (length > 0) direction = [(end[0] - marks[0][0]) / length, (end[1] - marks[0][1]) / length]
    drawLine(context, marks[0], end, marks.length === 1)
    if (distanceText) drawDistance(context, marks[0], end, direction, distanceText, box)
  }
  marks.forEach((mark, i) => drawPoint(context, mark, "AB"[i], i ? direction : [-direction[0], -direction[1]], box))
  if (at) drawCrosshair(context, at, fit.scale)
}

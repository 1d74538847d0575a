// Reads an inspection with the modules that the page loads and prints what they make of it, for test_web_inspector.py.
// node web_inspector.mjs REQUEST.json: { modules, file, frame, pixels, depths, boxes }

import { readFileSync } from "node:fs"

const request = JSON.parse(readFileSync(process.argv[2], "utf8"))
const { openInspection } = await import(`${request.modules}/inspection_file.js`)
const geometry = await import(`${request.modules}/inspection_geometry.js`)
const bytes = readFileSync(request.file)
const read = []

async function readBytes(start, end) {
  read.push([start, Math.min(end, bytes.length)])
  return Uint8Array.from(bytes.subarray(start, end)).buffer
}

async function answer() {
  const { head, frame: frameOf } = await openInspection(readBytes)
  const frame = await frameOf(request.frame ?? 0)
  const pixels = request.pixels ?? []
  const points = pixels.map((pixel) => geometry.pointAtPixel(frame, head, pixel))
  const range = geometry.barRange(head)
  return {
    head: { ...head, colours: Array.from(head.colours) },
    number: frame.number,
    photo: Array.from(frame.photo.subarray(0, 3)),
    points,
    normals: pixels.map((pixel) => geometry.normalAtPixel(frame, head, pixel)),
    photoPixels: pixels.map((pixel) => geometry.photoPixel(pixel, head)),
    distances: points.slice(1).map((point, i) => (point && points[i] ? geometry.distance(points[i], point) : null)),
    depthColours: Array.from(geometry.depthPixels(frame, head)),
    normalColours: Array.from(geometry.normalPixels(frame, head)),
    fieldOfView: geometry.fieldOfView(frame),
    range,
    bar: (request.depths ?? []).map((depth) => {
      const position = geometry.barPosition(depth, range)
      return [position, geometry.depthAtBarPosition(position, range)]
    }),
    nearness: (request.depths ?? []).map((depth) => geometry.nearness(depth, head.near, head.far)),
    ticks: geometry.barTicks(range, 0.1, 0.2),
    formatted: (request.depths ?? []).map(geometry.formatLength),
    boxes: (request.boxes ?? []).map(([width, height]) => {
      const fit = geometry.fitted(width, height, head.width, head.height)
      return {
        fit,
        back: pixels.map((pixel) => geometry.pixelAtPosition(...geometry.positionOfPixel(pixel, fit), fit)),
        corners: [[-0.01, -0.01], [0.01, 0.01]].map(([dx, dy]) => [
          geometry.pixelAtPosition(fit.left + dx, fit.top + dy, fit),
          geometry.pixelAtPosition(fit.left + fit.width - dx, fit.top + fit.height - dy, fit),
        ]),
      }
    }),
    measured: pixels.reduce((steps, pixel) => [...steps, geometry.withPoint(steps.at(-1), pixel)], [[]]),
    moved: pixels.map((pixel) => geometry.movedPixel(pixel, -1000, 1, head)),
    read,
  }
}

try {
  process.stdout.write(JSON.stringify(await answer()))
} catch (error) {
  process.stdout.write(JSON.stringify({ error: error.message }))
}

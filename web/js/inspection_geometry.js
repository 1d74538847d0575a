// What the Pointmap Inspector computes: pixels, points, distances, colours and numbers; nothing here touches the page.
// Points are in OpenCV camera axes (x right, y down, z forward), pixels are [column, row] of the pointmap.

import { normalFromOctahedral } from "./inspection_file.js"

/** Index of a pixel in a plane of the frame. */
export function indexOfPixel([column, row], width) {
  return row * width + column
}

/** The point that a pixel sees, on the ray through its centre, or null where there is no geometry. */
export function pointAtPixel(frame, { width, height }, pixel) {
  const depth = frame.depth[indexOfPixel(pixel, width)]
  if (!(depth > 0)) return null
  const [fx, fy, cx, cy] = frame.camera
  const u = (pixel[0] + 0.5) / width
  const v = (pixel[1] + 0.5) / height
  return [(depth * (u - cx)) / fx, (depth * (v - cy)) / fy, depth]
}

/** The unit normal at a pixel, or null where there is no geometry. */
export function normalAtPixel(frame, { width }, pixel) {
  const index = indexOfPixel(pixel, width)
  return frame.depth[index] > 0 ? normalFromOctahedral(frame.normalsU[index], frame.normalsV[index]) : null
}

/** Straight distance between two points. */
export function distance(a, b) {
  return Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2])
}

/** The points of a measurement after another pixel was chosen: a third one starts anew. */
export function withPoint(points, pixel) {
  return points.length === 1 ? [...points, pixel] : [pixel]
}

/** Where a picture lies that is fitted into a box without distortion: { left, top, width, height, scale }. */
export function fitted(boxWidth, boxHeight, width, height) {
  const scale = Math.max(0, Math.min(boxWidth / width, boxHeight / height))
  const shown = [width * scale, height * scale]
  return { left: (boxWidth - shown[0]) / 2, top: (boxHeight - shown[1]) / 2, width: shown[0], height: shown[1], scale }
}

/** The pixel below a position in the box of `fitted`, or null beside the picture. */
export function pixelAtPosition(x, y, fit) {
  if (!(fit.scale > 0)) return null
  const column = Math.floor((x - fit.left) / fit.scale)
  const row = Math.floor((y - fit.top) / fit.scale)
  const inside = column >= 0 && row >= 0 && x - fit.left < fit.width && y - fit.top < fit.height
  return inside ? [column, row] : null
}

/** The position in the box of `fitted` of a pixel's centre. */
export function positionOfPixel([column, row], fit) {
  return [fit.left + (column + 0.5) * fit.scale, fit.top + (row + 0.5) * fit.scale]
}

/** A pixel moved by whole steps and kept in the picture. */
export function movedPixel([column, row], dx, dy, { width, height }) {
  const within = (value, size) => Math.min(size - 1, Math.max(0, value))
  return [within(column + dx, width), within(row + dy, height)]
}

/** The photo's pixel at the centre of a pixel of the pointmap, which may be smaller than the photo. */
export function photoPixel([column, row], head) {
  return [
    Math.floor(((column + 0.5) / head.width) * head.photo_width),
    Math.floor(((row + 0.5) / head.height) * head.photo_height),
  ]
}

/** Depth -> nearness in [0, 1] on the disparity curve, as `normalise_depth` of the library: 1 at near, 0 at far. */
export function nearness(depth, near, far) {
  const extent = 1 / near - 1 / far
  if (!(extent > 1e-6 / near)) return 0.5
  return Math.min(1, Math.max(0, (1 / depth - 1 / far) / extent))
}

/** Row of the colour table for a depth. */
export function colourIndex(depth, head) {
  return Math.round(nearness(depth, head.near, head.far) * (head.colours.length / 3 - 1))
}

/** CSS colour of a depth. */
export function colourOfDepth(depth, head) {
  const i = 3 * colourIndex(depth, head)
  return `rgb(${head.colours[i]}, ${head.colours[i + 1]}, ${head.colours[i + 2]})`
}

const HATCH = [[58, 62, 70], [72, 77, 86]] // what no geometry looks like

function hatch(pixels, i, column, row) {
  const shade = HATCH[((column + row) >> 2) & 1]
  pixels[4 * i] = shade[0]
  pixels[4 * i + 1] = shade[1]
  pixels[4 * i + 2] = shade[2]
}

/** RGBA bytes of a frame's depth in the colours of the range; hatched where there is no geometry. */
export function depthPixels(frame, head) {
  const { width } = head
  const pixels = new Uint8ClampedArray(frame.depth.length * 4).fill(255)
  for (let i = 0; i < frame.depth.length; i++) {
    if (frame.depth[i] > 0) {
      const colour = 3 * colourIndex(frame.depth[i], head)
      for (let c = 0; c < 3; c++) pixels[4 * i + c] = head.colours[colour + c]
    } else {
      hatch(pixels, i, i % width, Math.floor(i / width))
    }
  }
  return pixels
}

/** RGBA bytes of a frame's normals: red right, green up, blue toward the viewer; hatched without geometry. */
export function normalPixels(frame, head) {
  const { width } = head
  const pixels = new Uint8ClampedArray(frame.depth.length * 4).fill(255)
  for (let i = 0; i < frame.depth.length; i++) {
    const normal = frame.depth[i] > 0 ? normalFromOctahedral(frame.normalsU[i], frame.normalsV[i]) : null
    if (normal) {
      pixels[4 * i] = 127.5 + 127.5 * normal[0]
      pixels[4 * i + 1] = 127.5 - 127.5 * normal[1]
      pixels[4 * i + 2] = 127.5 - 127.5 * normal[2]
    } else {
      hatch(pixels, i, i % width, Math.floor(i / width))
    }
  }
  return pixels
}

/** Digits behind the point that show `digits` significant ones of a length. */
export function decimalsFor(length, digits = 4) {
  if (!(length > 0)) return 0
  return Math.min(9, Math.max(0, digits - 1 - Math.floor(Math.log10(length))))
}

/** A number with that many decimals and a true minus sign. */
export function formatNumber(value, decimals) {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212")
}

/** A length with four significant digits. */
export function formatLength(length) {
  return formatNumber(length, decimalsFor(length))
}

/** A length for the colour bar: three significant digits, without idle zeros. */
export function formatTick(length) {
  return String(Number(length.toFixed(decimalsFor(length, 3))))
}

/** Ends of the colour bar: those of the colours, as Pointmap Info tells the range; and whether pixels lie beyond them. */
export function barRange({ near, far, nearest, farthest }) {
  return { near, far, nearerBeyond: nearest < near, fartherBeyond: farthest > far }
}

/** Where a depth lies on the bar: 0 at its near end, 1 at its far end. */
export function barPosition(depth, range) {
  return 1 - nearness(depth, range.near, range.far)
}

/** The depth at a position of the bar; inverse of `barPosition`. */
export function depthAtBarPosition(position, { near, far }) {
  return 1 / (1 / near + position * (1 / far - 1 / near))
}

/** Round depths to label on the bar, none closer than `gap` to each other or than `endGap` to its ends (shares of it). */
export function barTicks(range, gap, endGap) {
  const ticks = []
  if (!(range.far > range.near)) return ticks
  const positionOf = (depth) => barPosition(depth, range)
  for (const steps of [[1], [2, 5], [1.5, 3, 4, 7]]) {
    for (let power = Math.floor(Math.log10(range.near)); 10 ** power < range.far; power++) {
      for (const step of steps) {
        const depth = Number(`${step}e${power}`)
        const position = positionOf(depth)
        const free = ticks.every((tick) => Math.abs(position - tick.position) >= gap)
        if (free && position >= endGap && position <= 1 - endGap) ticks.push({ depth, position })
      }
    }
  }
  return ticks.sort((a, b) => a.position - b.position)
}

/** Middle of a pixel of the pointmap as shares of the picture, [x, y] from 0 to 1, as the nodes' x and y count. */
export function placeOfPixel([column, row], { width, height }) {
  return [(column + 0.5) / width, (row + 0.5) / height].map((share) => Math.round(share * 1000) / 1000)
}

/** Horizontal field of view of a frame's camera in degrees. */
export function fieldOfView(frame) {
  return (2 * Math.atan(0.5 / frame.camera[0]) * 180) / Math.PI
}

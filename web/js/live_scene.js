// What the live controls compute: quick looks of a moved camera and of lamps, from one frame of an inspection; nothing here
// touches the page. Points are in OpenCV camera axes (x right, y down, z forward), places are shares of the picture.

import { normalFromOctahedral } from "./inspection_file.js"

const STEPS = 4 // of the search for the point that a moved camera sees at a pixel
const NO_GEOMETRY = 20 // medians away: the sky of a quick look
export const REACH = 0.3 // of the scene's depth: how far aside the camera goes at the picture's edge
export const SPAN = 1 // of the scene's depth: how far aside a lamp placed by the camera hangs at the picture's edge

export const clamped = (value, least, most) => Math.min(most, Math.max(least, value))

const medians = new WeakMap() // frame -> its median depth

/** Median of the valid depths, as the nodes' scene depth; 1 where there are none. */
export function medianDepth(frame) {
  if (!medians.has(frame)) {
    const valid = frame.depth.filter((depth) => depth > 0).sort()
    medians.set(frame, valid.length ? valid[(valid.length - 1) >> 1] : 1)
  }
  return medians.get(frame)
}

/** Angles in degrees of a camera at `position` that looks at the point straight ahead of the photo's camera at `depth`. */
export function lookingAt([x, y, z], depth) {
  const ahead = depth - z
  const degrees = 180 / Math.PI
  return { yaw: Math.atan2(-x, ahead) * degrees, pitch: Math.atan2(y, Math.hypot(x, ahead)) * degrees }
}

/** The camera's way as the text of camera_path: from the photo's camera to `position`, looking at the scene's middle. */
export function pathTo(position, depth) {
  const rounded = (value, digits) => Number(value.toFixed(digits))
  const { yaw, pitch } = lookingAt(position, depth)
  const end = {
    position: position.map((value) => rounded(value, 4)),
    yaw_degrees: rounded(yaw, 3),
    pitch_degrees: rounded(pitch, 3),
  }
  return JSON.stringify([{ position: [0, 0, 0] }, end])
}

/** Where a path ends: its last position, or null where the text says it in another way. */
export function endOfPath(text) {
  if (!text?.trim()) return null
  try {
    const position = JSON.parse(text).at(-1).position
    return Array.isArray(position) && position.length === 3 && position.every(Number.isFinite) ? position : null
  } catch {
    return null
  }
}

/** Rows of the rotation world_from_camera of `lookingAt`, as the library's rotation_from_degrees. */
function rotation({ yaw, pitch }) {
  const [y, p] = [(yaw * Math.PI) / 180, (pitch * Math.PI) / 180]
  const [sy, cy, sp, cp] = [Math.sin(y), Math.cos(y), Math.sin(p), Math.cos(p)]
  return [
    [cy, sy * sp, sy * cp],
    [0, cp, -sp],
    [-sy, cy * sp, cy * cp],
  ]
}

/** RGBA bytes of the frame's `photo` (RGBA bytes of the same size) as a camera at `position` sees it, roughly. */
export function movedPicture(photo, frame, { width, height }, position) {
  const [fx, fy, cx, cy] = frame.camera
  const depth = medianDepth(frame)
  const turned = rotation(lookingAt(position, depth))
  const sky = NO_GEOMETRY * depth
  const picture = new Uint8ClampedArray(photo.length)
  for (let i = 0; i < width * height; i++) {
    const [u, v] = [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height]
    let [s, t] = [u, v]
    let source = i
    for (let step = 0; step < STEPS; step++) {
      const z = frame.depth[source] || sky
      const [x, y, ahead] = [((s - cx) / fx) * z - position[0], ((t - cy) / fy) * z - position[1], z - position[2]]
      const seen = [0, 1, 2].map((axis) => turned[0][axis] * x + turned[1][axis] * y + turned[2][axis] * ahead)
      if (!(seen[2] > 0)) break
      s += u - (cx + (fx * seen[0]) / seen[2])
      t += v - (cy + (fy * seen[1]) / seen[2])
      source = clamped(Math.floor(t * height), 0, height - 1) * width + clamped(Math.floor(s * width), 0, width - 1)
    }
    for (let c = 0; c < 4; c++) picture[4 * i + c] = photo[4 * source + c]
  }
  return picture
}

/** The length of a node's unit in the pointmap's. */
export function unitLength(unit, depth) {
  return unit === "scene depth" ? depth : 1
}

/** The kinds of lamp by what moves them: "sun" by its angles, "surface" by the place that it hangs before, "air" by offsets. */
export function lampKind({ light_kind, placement }) {
  if (light_kind === "directional") return "sun"
  return placement === "surface" ? "surface" : "air"
}

/** Where a Scene Light of these values stands on the picture, [x, y] in shares. A sun's picture is a map of all directions. */
export function placeOfLamp(values, depth) {
  const kind = lampKind(values)
  if (kind === "surface") return [values.x, values.y]
  if (kind === "sun") return [0.5 + values.azimuth_degrees / 360, 0.5 - values.elevation_degrees / 180]
  const span = (2 * SPAN * depth) / unitLength(values.unit, depth)
  return [clamped(0.5 + values.offset_right / span, 0, 1), clamped(0.5 - values.offset_up / span, 0, 1)]
}

/** What a lamp dragged to a place gets: the values that change. Inverse of `placeOfLamp`. */
export function lampAt(values, [x, y], depth) {
  const rounded = (value, digits) => Number(value.toFixed(digits))
  const kind = lampKind(values)
  const [right, up] = [clamped(x, 0, 1) - 0.5, 0.5 - clamped(y, 0, 1)]
  if (kind === "surface") return { x: rounded(right + 0.5, 3), y: rounded(0.5 - up, 3) }
  if (kind === "sun") return { azimuth_degrees: rounded(right * 360, 0), elevation_degrees: rounded(up * 180, 0) }
  const span = (2 * SPAN * depth) / unitLength(values.unit, depth)
  return { offset_right: rounded(right * span, 3), offset_up: rounded(up * span, 3) }
}

/** The lamp's nearness as a slider: { name, value, min, max }, or null for a sun, which has none. */
export function nearnessOfLamp(values, depth) {
  const kind = lampKind(values)
  if (kind === "sun") return null
  const unit = depth / unitLength(values.unit, depth)
  if (kind === "surface") return { name: "light_distance", value: values.light_distance, min: 0.02 * unit, max: 1.5 * unit }
  return { name: "offset_forward", value: values.offset_forward, min: -unit, max: 2 * unit }
}

/** Position of a lamp in camera axes and the pointmap's unit, or a sun's direction. World axes count as the camera's here. */
export function positionOfLamp(values, frame, { width, height }, depth) {
  const unit = unitLength(values.unit, depth)
  if (lampKind(values) === "air") {
    return [values.offset_right * unit, -values.offset_up * unit, values.offset_forward * unit]
  }
  if (lampKind(values) === "sun") {
    const [a, e] = [(values.azimuth_degrees * Math.PI) / 180, (values.elevation_degrees * Math.PI) / 180]
    return [Math.cos(e) * Math.sin(a), -Math.sin(e), Math.cos(e) * Math.cos(a)]
  }
  const [fx, fy, cx, cy] = frame.camera
  const column = clamped(Math.floor(values.x * width), 0, width - 1)
  const row = clamped(Math.floor(values.y * height), 0, height - 1)
  const z = frame.depth[row * width + column] || depth
  const target = [((values.x - cx) / fx) * z, ((values.y - cy) / fy) * z, z]
  const toward = Math.max(0.02, 1 - (values.light_distance * unit) / Math.hypot(...target))
  return target.map((value) => value * toward)
}

/** RGBA bytes of the photo in the light of lamps: { position, sun, colour (0 to 1), intensity, reach, falloff }; no shadows. */
export function litPicture(photo, frame, { width, height }, lamps, ambient) {
  const [fx, fy, cx, cy] = frame.camera
  const picture = new Uint8ClampedArray(photo.length).fill(255)
  for (let i = 0; i < width * height; i++) {
    const light = [ambient, ambient, ambient]
    const z = frame.depth[i]
    const normal = z > 0 ? normalFromOctahedral(frame.normalsU[i], frame.normalsV[i]) : null
    if (normal) {
      const x = ((((i % width) + 0.5) / width - cx) / fx) * z
      const y = (((Math.floor(i / width) + 0.5) / height - cy) / fy) * z
      for (const lamp of lamps) {
        const [a, b, c] = lamp.position
        const to = lamp.sun ? [a, b, c] : [a - x, b - y, c - z]
        const far = Math.hypot(...to) || 1e-9
        const facing = Math.max(0, (normal[0] * to[0] + normal[1] * to[1] + normal[2] * to[2]) / far)
        const strength = lamp.intensity * facing * (lamp.sun ? 1 : (Math.max(far / lamp.reach, 0.05) ** -lamp.falloff))
        for (let k = 0; k < 3; k++) light[k] += strength * lamp.colour[k] ** 2.2
      }
    }
    // light adds up in linear values
    for (let k = 0; k < 3; k++) picture[4 * i + k] = photo[4 * i + k] * light[k] ** (1 / 2.2)
  }
  return picture
}

/** A color as the nodes take it, #rgb or #rrggbb, as three numbers from 0 to 1; white for names. */
export function colourFromHex(text) {
  const digits = /^#([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(text ?? "")?.[1]
  if (!digits) return [1, 1, 1]
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g)
  return pairs.map((pair) => parseInt(pair, 16) / 255)
}

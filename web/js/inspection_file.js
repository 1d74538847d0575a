// Reads the file that sam3d_geometry/files/inspection.py writes; nothing here touches the page.

export const MAGIC = "S3DINSPC"
export const VERSION = 1
const HEAD_BYTES = 16
const FIRST_READ = 1 << 16
const OCTAHEDRON_STEPS = 2047
const NO_NORMAL = -2048
const GONE = "The file of this run is no longer there (ComfyUI empties its temp folder when it starts). Run the graph again."

/** Reads parts of a file; servers and proxies that ignore ranges give it whole, and it is then kept. */
export function partReader(fetchFile, file, signal) {
  let whole = null
  return async (start, end) => {
    if (whole) return whole.slice(start, end)
    const answer = await fetchFile(file, { Range: `bytes=${start}-${end - 1}` }, signal)
    if (!answer.ok) throw new Error(answer.status === 404 ? GONE : `The server answered ${answer.status}.`)
    const bytes = await answer.arrayBuffer()
    if (answer.status === 206) return bytes
    whole = bytes
    return whole.slice(start, end)
  }
}

/**
 * An opened inspection. `readBytes(start, end)` gives those bytes of the file as an ArrayBuffer (fewer at its end), so
 * that of a long clip only the frames looked at are fetched.
 */
export async function openInspection(readBytes) {
  let start = await readBytes(0, FIRST_READ)
  const view = new DataView(start)
  const magic = start.byteLength >= HEAD_BYTES ? String.fromCharCode(...new Uint8Array(start, 0, 8)) : ""
  if (magic !== MAGIC || view.getUint32(8, true) !== VERSION) {
    throw new Error("This file is not an inspection that this version of the pack can read; run the graph again.")
  }
  const body = HEAD_BYTES + view.getUint32(12, true)
  if (body > start.byteLength) start = await readBytes(0, body)
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(start, HEAD_BYTES, body - HEAD_BYTES)))
  head.colours = bytesFromHex(head.colours)
  const read = ([offset, length]) => readBytes(body + offset, body + offset + length)
  return { head, frame: (index) => readFrame(head, head.frames[index], read) }
}

/** Depth (float32, 0 where there is no geometry), octahedral normals and the photo's JPEG bytes of one frame. */
async function readFrame(head, entry, read) {
  const { width, height } = head
  // the parts of a frame lie one after the other
  const [first] = entry.depth
  const end = entry.photo[0] + entry.photo[1]
  const bytes = await read([first, end - first])
  const part = ([offset, length]) => new Uint8Array(bytes, offset - first, length)
  const [depthBits, normalsU, normalsV] = await Promise.all([
    unpack(part(entry.depth), width, height, 4),
    unpack(part(entry.normals_u), width, height, 2),
    unpack(part(entry.normals_v), width, height, 2),
  ])
  return {
    camera: entry.camera,
    number: entry.frame + 1,
    depth: new Float32Array(depthBits.buffer),
    normalsU,
    normalsV,
    photo: part(entry.photo),
  }
}

/** Undoes `_packed`: inflated planes of bytes -> integers -> sums along columns and rows, which wrap. */
async function unpack(deflated, width, height, size) {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"))
  const planes = new Uint8Array(await new Response(stream).arrayBuffer())
  const count = width * height
  const values = size === 4 ? new Int32Array(count) : new Int16Array(count)
  for (let i = 0; i < count; i++) {
    let value = planes[i] | (planes[count + i] << 8)
    if (size === 4) value |= (planes[2 * count + i] << 16) | (planes[3 * count + i] << 24)
    values[i] = i % width ? values[i - 1] + value : value
  }
  for (let i = width; i < count; i++) values[i] += values[i - width]
  return values
}

/** The unit normal [x, y, z] in OpenCV camera axes of a pixel's octahedral coordinates, or null. */
export function normalFromOctahedral(u, v) {
  if (u === NO_NORMAL) return null
  let x = u / OCTAHEDRON_STEPS
  let y = v / OCTAHEDRON_STEPS
  const toward = 1 - Math.abs(x) - Math.abs(y)
  if (toward < 0) {
    ;[x, y] = [(1 - Math.abs(y)) * (x < 0 ? -1 : 1), (1 - Math.abs(x)) * (y < 0 ? -1 : 1)]
  }
  const size = Math.hypot(x, y, toward)
  return [x / size, y / size, -toward / size]
}

function bytesFromHex(text) {
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))
}

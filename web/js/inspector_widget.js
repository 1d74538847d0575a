// The Pointmap Inspector: a picture with geometry below the pointer. Fetches, keeps the state, and fills the elements.

import { openInspection, partReader } from "./inspection_file.js"
import * as geometry from "./inspection_geometry.js"
import { makeElements } from "./inspector_elements.js"
import { drawOverlay } from "./inspector_overlay.js"
import { drawRange, fillAbout, fillFrameText, fillReadout } from "./inspector_readout.js"

const FRAMES_KEPT = 6
const CLICK_SLACK = 6 // CSS pixels that a finger may slip in a tap
const MAX_STAGE = 520
const EMPTY = "Run the graph to see the pointmap here."
const OWN_KEYS = [" ", "Enter", "Escape", "Delete", "Backspace"]
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

const remembered = new Map() // file name -> view, frame and points of an inspector that was removed (a workflow tab left)

export class InspectorWidget {
  /** `fetchFile(file, headers, signal)` gives a Response; `onAspect(height)` hears how much higher the stage should be;
   *  `onPlaces([[x, y], ...])` hears where the points are, as shares of the picture. */
  constructor(fetchFile, onAspect, onPlaces = () => {}) {
    this.fetchFile = fetchFile
    this.onAspect = onAspect
    this.onPlaces = onPlaces
    this.parts = makeElements()
    this.element = this.parts.root
    this.points = []
    this.hover = null
    this.frames = new Map()
    this.listen()
    this.setView("depth")
    this.observer = new ResizeObserver(() => this.layOut())
    this.observer.observe(this.parts.stage)
    this.say("empty", EMPTY)
    this.update()
  }

  dispose() {
    if (this.file) remembered.set(this.file.filename, { view: this.view, index: this.index, points: this.points })
    this.aborter?.abort()
    this.observer.disconnect()
    cancelAnimationFrame(this.pending)
    for (const frame of this.frames.values()) frame.bitmap.close()
    this.frames.clear()
  }

  /** Shows the file of a run: { filename, subfolder, type }. */
  async show(file) {
    if (file.filename === this.file?.filename) return
    this.aborter?.abort()
    this.aborter = new AbortController()
    this.file = file
    if (!this.inspection) this.say("loading", "Loading\u2026")
    try {
      const inspection = await openInspection(partReader(this.fetchFile, file, this.aborter.signal))
      if (this.file === file) await this.start(inspection)
    } catch (error) {
      if (this.file === file && error.name !== "AbortError") this.fail(error)
    }
  }

  async start(inspection) {
    const before = this.inspection?.head
    const { head } = inspection
    const kept = remembered.get(this.file.filename) ?? this
    remembered.delete(this.file.filename)
    for (const frame of this.frames.values()) frame.bitmap.close()
    this.frames.clear()
    this.frame = this.fit = null
    this.inspection = inspection
    const sameSize = kept !== this || (before?.width === head.width && before?.height === head.height)
    this.points = sameSize ? kept.points : []
    this.hover = null
    this.fresh = true
    this.setView(kept.view)
    const { picture, frames, slider } = this.parts
    ;[picture.width, picture.height] = [head.width, head.height]
    frames.hidden = head.frames.length < 2
    slider.max = head.frames.length - 1
    await this.showFrame(Math.min(kept.index ?? 0, head.frames.length - 1))
  }

  /** CSS pixels by which the stage would have to grow to hold the picture without bars above and below or beside it. */
  missingHeight() {
    const { clientWidth, clientHeight } = this.parts.stage
    const { width, height } = this.inspection.head
    return Math.min(MAX_STAGE, (clientWidth * height) / width) - clientHeight
  }

  fail(error) {
    this.file = this.frame = this.fit = null
    this.say("failed", error.message)
    this.update()
  }

  say(state, text) {
    this.element.dataset.state = state
    this.parts.message.textContent = text
  }

  // Frames

  async showFrame(index) {
    this.index = index
    this.parts.slider.value = index
    fillFrameText(this.parts, index, this.inspection.head)
    const { inspection } = this
    const frame = this.frames.get(index) ?? (await this.load(inspection, index))
    if (inspection !== this.inspection || index !== this.index) return
    this.frame = frame
    this.say("ready", "")
    fillAbout(this.parts, frame, inspection.head)
    this.drawPicture()
    this.layOut()
  }

  async load(inspection, index) {
    const frame = await inspection.frame(index)
    frame.bitmap = await createImageBitmap(new Blob([frame.photo], { type: "image/jpeg" }))
    if (inspection !== this.inspection) {
      frame.bitmap.close()
      return frame
    }
    this.frames.set(index, frame)
    const [oldest] = [...this.frames.keys()].filter((key) => key !== this.index && this.frames.get(key) !== this.frame)
    if (this.frames.size > FRAMES_KEPT) {
      this.frames.get(oldest).bitmap.close()
      this.frames.delete(oldest)
    }
    return frame
  }

  // Events

  listen() {
    const { stage, slider, radios, clear } = this.parts
    stage.addEventListener("pointerdown", (event) => this.onPointerDown(event))
    stage.addEventListener("pointermove", (event) => this.onPointerMove(event))
    stage.addEventListener("pointerup", (event) => this.onPointerUp(event))
    stage.addEventListener("pointercancel", () => (this.pressed = null))
    stage.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.setHover(null))
    stage.addEventListener("keydown", (event) => this.onKey(event))
    slider.addEventListener("input", () => this.showFrame(Number(slider.value)).catch((error) => this.fail(error)))
    clear.addEventListener("click", () => this.setPoints([]))
    for (const [view, radio] of Object.entries(radios)) radio.addEventListener("change", () => this.setView(view))
    // they would otherwise also reach ComfyUI's shortcuts, of which Delete takes the node away
    this.element.addEventListener("keydown", (event) => {
      if (event.key in ARROWS || OWN_KEYS.includes(event.key)) {
        if (!event.ctrlKey && !event.metaKey) event.stopPropagation()
      }
    })
  }

  pixelAt(event) {
    if (!this.fit) return null
    const { stage } = this.parts
    const box = stage.getBoundingClientRect()
    // the canvas of the graph scales its widgets
    const x = ((event.clientX - box.left) * stage.offsetWidth) / box.width - stage.clientLeft
    const y = ((event.clientY - box.top) * stage.offsetHeight) / box.height - stage.clientTop
    return geometry.pixelAtPosition(x, y, this.fit)
  }

  onPointerDown(event) {
    if (event.button !== 0) return
    this.pressed = { x: event.clientX, y: event.clientY }
    this.setHover(this.pixelAt(event))
  }

  onPointerMove(event) {
    this.setHover(this.pixelAt(event))
  }

  onPointerUp(event) {
    const { pressed } = this
    this.pressed = null
    if (!pressed || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > CLICK_SLACK) return
    // the graph's canvas takes the focus of a click, and with it the keys
    this.parts.stage.focus({ preventScroll: true })
    const pixel = this.pixelAt(event)
    if (pixel) this.choose(pixel)
  }

  onKey(event) {
    if (!this.fit || event.ctrlKey || event.metaKey || event.altKey) return
    const { head } = this.inspection
    const centre = [head.width >> 1, head.height >> 1]
    if (event.key in ARROWS) {
      const step = event.shiftKey ? 10 : 1
      const [dx, dy] = ARROWS[event.key]
      this.setHover(this.hover ? geometry.movedPixel(this.hover, dx * step, dy * step, head) : centre)
      this.announce(this.describeHover())
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(this.hover ?? centre)
    } else if (["Escape", "Delete", "Backspace"].includes(event.key)) {
      this.hover = null
      this.setPoints([])
    } else {
      return
    }
    event.preventDefault()
  }

  // State

  setView(view) {
    this.view = view
    this.parts.radios[view].checked = true
    // it keeps its room, so that the picture stays where it is while views are compared
    this.parts.range.style.visibility = view === "depth" ? "" : "hidden"
    if (this.frame) this.drawPicture()
  }

  setHover(pixel) {
    if (String(pixel) === String(this.hover)) return
    this.hover = pixel
    this.update()
  }

  choose(pixel) {
    this.hover = pixel
    if (this.pointAt(pixel)) {
      this.setPoints(geometry.withPoint(this.points, pixel))
      // refused by browsers without permission: the node's inputs have the place in any case
      navigator.clipboard?.writeText(geometry.placeOfPixel(pixel, this.inspection.head).join(", ")).catch(() => {})
    } else this.update()
    this.announce(this.points.length === 2 ? `Distance ${this.distanceText()}` : this.describeHover())
  }

  setPoints(points) {
    this.points = points
    this.update()
    if (points.length) this.onPlaces(points.map((pixel) => geometry.placeOfPixel(pixel, this.inspection.head)))
  }

  announce(text) {
    this.parts.live.textContent = text
  }

  // What is shown

  get unit() {
    return this.inspection?.head.metric ? "m" : "units"
  }

  pointAt(pixel) {
    return pixel && this.frame ? geometry.pointAtPixel(this.frame, this.inspection.head, pixel) : null
  }

  /** The distance from A to B, or to the pointer as long as there is no B; "" where there is none. */
  distanceText() {
    const [a, b] = [this.pointAt(this.points[0]), this.pointAt(this.points[1] ?? this.hover)]
    return a && b ? `${geometry.formatLength(geometry.distance(a, b))} ${this.unit}` : ""
  }

  describeHover() {
    const point = this.pointAt(this.hover)
    const where = `pixel ${this.hover?.join(", ")}`
    return point ? `${where}: depth ${geometry.formatLength(point[2])} ${this.unit}` : `${where}: no geometry`
  }

  layOut() {
    if (!this.frame) return
    const { stage, picture, overlay } = this.parts
    const { head } = this.inspection
    drawRange(this.parts, head, this.unit, stage.clientWidth)
    if (this.fresh && stage.clientWidth > 0) {
      this.fresh = false
      this.onAspect(this.missingHeight())
    }
    this.box = { width: stage.clientWidth, height: stage.clientHeight }
    this.fit = geometry.fitted(this.box.width, this.box.height, head.width, head.height)
    const { left, top, width, height } = this.fit
    // a small pointmap shows its pixels as they are
    const rendering = this.fit.scale >= 3 ? "pixelated" : "auto"
    picture.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px;image-rendering:${rendering}`
    const zoom = stage.offsetWidth ? stage.getBoundingClientRect().width / stage.offsetWidth : 1
    this.ratio = Math.min(3, Math.max(1, (window.devicePixelRatio || 1) * zoom))
    overlay.width = Math.round(this.box.width * this.ratio)
    overlay.height = Math.round(this.box.height * this.ratio)
    this.update()
  }

  /** Draws the overlay and fills the readout with the next frame of the page; the picture stays as it is. */
  update() {
    cancelAnimationFrame(this.pending)
    this.pending = requestAnimationFrame(() => {
      const { hover, points, fit, box, frame, unit } = this
      fillReadout(this.parts, { frame, head: this.inspection?.head, hover, points, unit })
      if (!fit) return
      drawOverlay(this.parts.overlay, this.ratio, { fit, hover, points, distanceText: this.distanceText(), box })
    })
  }

  drawPicture() {
    const context = this.parts.picture.getContext("2d")
    const { head } = this.inspection
    if (this.view === "photo") {
      context.drawImage(this.frame.bitmap, 0, 0)
      return
    }
    const pixels = (this.view === "depth" ? geometry.depthPixels : geometry.normalPixels)(this.frame, head)
    context.putImageData(new ImageData(pixels, head.width, head.height), 0, 0)
  }
}

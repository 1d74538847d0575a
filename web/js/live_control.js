// A live control: the photo of a run with handles to drag over it. Fetches, draws and listens; what a handle does is the
// business of its `subject`:
//   handles()            [{ place: [x, y], colour, name, fixed }] in shares of the picture, in the order of the keys
//   move(index, place)   a handle was dragged
//   slider(index)        { name, value, min, max } or null;  slide(index, value)
//   picture(scene)       RGBA bytes of a quick look at the values as they are;  scene: { head, frame, photo }
//   reset()              back to what it was without the control;  describe(index)  in words
//   values()             all that the quick look depends on, as text: others change it too (typing, undo)

import { openInspection, partReader } from "./inspection_file.js"
import { fitted } from "./inspection_geometry.js"
import { element, loadStyle } from "./inspector_elements.js"
import { clamped } from "./live_scene.js"

const EMPTY = "Run the graph once to see the photo here."
const KEY_PAUSE = 500 // ms without a key after which the graph runs
const WATCH = 200 // ms between two looks at whether others changed the values
const STEP = 0.02 // of the picture for an arrow key, with Shift a fifth
const NEAR = 22 // CSS pixels within which a pointer takes a handle
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const FORWARD = { PageUp: 1, PageDown: -1, "+": 1, "-": -1 }

function makeElements(label) {
  loadStyle()
  const parts = {
    picture: element("canvas", "picture", { "aria-hidden": "true" }),
    overlay: element("div", "handles"),
    message: element("p", "message", { role: "status" }),
    slider: element("input", "slider", { type: "range", min: 0, max: 1000, step: 10 }),
    sliderName: element("span", "frame-text"),
    runs: element("input", "", { type: "checkbox" }),
    clear: element("button", "clear", { type: "button" }, ["Reset"]),
    live: element("p", "live", { "aria-live": "polite" }),
  }
  const stage = element("div", "stage", { tabindex: 0, role: "application", "aria-label": label }, [
    parts.picture,
    parts.overlay,
    parts.message,
  ])
  const forward = element("div", "frames", {}, [parts.sliderName, parts.slider])
  const run = element("label", "run", { title: "Off: drag as long as you like and run the graph yourself." }, [
    parts.runs,
    "run on release",
  ])
  const below = element("div", "top", {}, [run, parts.clear])
  const root = element("div", "live-control", { "data-state": "empty" }, [stage, forward, below, parts.live])
  return { ...parts, root, stage, forward }
}

export class LiveControl {
  /** `fetchFile(file, headers, signal)` gives a Response; `onRelease()` hears that a drag has ended; `memory` keeps `runs`. */
  constructor(subject, { label, resetTitle, fetchFile, onRelease, memory }) {
    Object.assign(this, { subject, fetchFile, onRelease, memory, chosen: 0, scene: null })
    this.parts = makeElements(label)
    this.element = this.parts.root
    this.parts.clear.title = resetTitle
    this.parts.runs.checked = memory.run_on_release !== false
    this.listen()
    this.observer = new ResizeObserver(() => this.layOut())
    this.observer.observe(this.parts.stage)
    this.watch = setInterval(() => this.look(), WATCH)
    this.say("empty", EMPTY)
    this.update()
  }

  dispose() {
    this.observer.disconnect()
    clearInterval(this.watch)
    clearTimeout(this.waiting)
    cancelAnimationFrame(this.pending)
  }

  say(state, text) {
    this.element.dataset.state = state
    this.parts.message.textContent = text
  }

  /** Shows the first frame of the file that a run left. */
  async show(file) {
    if (file.filename === this.file?.filename) return
    this.file = file
    try {
      const { head, frame: frameOf } = await openInspection(partReader(this.fetchFile, file))
      const frame = await frameOf(0)
      const bitmap = await createImageBitmap(new Blob([frame.photo], { type: "image/jpeg" }))
      if (this.file !== file) return
      const canvas = new OffscreenCanvas(head.width, head.height)
      const context = canvas.getContext("2d")
      context.drawImage(bitmap, 0, 0, head.width, head.height)
      bitmap.close()
      const photo = context.getImageData(0, 0, head.width, head.height).data
      this.scene = { head, frame, photo }
      ;[this.parts.picture.width, this.parts.picture.height] = [head.width, head.height]
      this.layOut()
    } catch (error) {
      if (this.file !== file) return
      this.file = this.scene = null
      this.say("failed", error.message)
    }
  }

  // Events

  listen() {
    const { stage, slider, runs, clear } = this.parts
    stage.addEventListener("pointerdown", (event) => this.onPointerDown(event))
    stage.addEventListener("pointermove", (event) => this.onPointerMove(event))
    stage.addEventListener("pointerup", (event) => this.onPointerEnd(event, true))
    stage.addEventListener("pointercancel", (event) => this.onPointerEnd(event, false))
    stage.addEventListener("keydown", (event) => this.onKey(event))
    slider.addEventListener("input", () => this.onSlide())
    slider.addEventListener("change", () => this.releasedSoon())
    runs.addEventListener("change", () => (this.memory.run_on_release = runs.checked))
    clear.addEventListener("click", () => this.reset())
    // they would otherwise also reach ComfyUI's shortcuts, of which Delete takes the node away
    this.element.addEventListener("keydown", (event) => {
      const own = event.key in ARROWS || event.key in FORWARD || [" ", "Enter", "Escape", "Delete", "Backspace"].includes(event.key)
      if (own && !event.ctrlKey && !event.metaKey) event.stopPropagation()
    })
  }

  /** A pointer's place as shares of the picture, and CSS pixels of the stage for one share. */
  placeAt(event) {
    const { stage } = this.parts
    const box = stage.getBoundingClientRect()
    const { left, top, width, height } = this.fit
    // the canvas of the graph scales its widgets
    const x = ((event.clientX - box.left) * stage.offsetWidth) / box.width
    const y = ((event.clientY - box.top) * stage.offsetHeight) / box.height
    return [(x - left) / width, (y - top) / height]
  }

  onPointerDown(event) {
    if (event.button !== 0 || !this.scene || this.held) return
    this.parts.stage.focus({ preventScroll: true })
    const place = this.placeAt(event)
    const handles = this.subject.handles()
    const apart = handles.map(({ place: [x, y], fixed }) =>
      fixed ? Infinity : Math.hypot((x - place[0]) * this.fit.width, (y - place[1]) * this.fit.height),
    )
    const nearest = apart.indexOf(Math.min(...apart))
    if (!(apart[nearest] < Infinity)) return
    this.chosen = nearest
    // a handle keeps its distance from the pointer; away from every handle it comes to the pointer
    const [x, y] = handles[nearest].place
    const taken = apart[nearest] <= NEAR
    this.held = { pointer: event.pointerId, offset: taken ? [x - place[0], y - place[1]] : [0, 0], moved: !taken }
    this.parts.stage.setPointerCapture(event.pointerId)
    event.preventDefault()
    if (!taken) this.moveTo(place)
    this.update()
  }

  onPointerMove(event) {
    if (this.held?.pointer !== event.pointerId) return
    const place = this.placeAt(event)
    this.held.moved = true
    this.moveTo([place[0] + this.held.offset[0], place[1] + this.held.offset[1]])
  }

  onPointerEnd(event, ended) {
    const { held } = this
    if (held?.pointer !== event.pointerId) return
    this.held = null
    if (held.moved && ended) this.released()
  }

  onKey(event) {
    if (!this.scene || event.ctrlKey || event.metaKey || event.altKey) return
    const handles = this.subject.handles()
    const handle = handles[this.chosen]
    const share = event.shiftKey ? STEP / 5 : STEP
    if (event.key in ARROWS && handle && !handle.fixed) {
      const [dx, dy] = ARROWS[event.key]
      this.moveTo([handle.place[0] + dx * share, handle.place[1] + dy * share])
    } else if (event.key in FORWARD) {
      const slider = this.subject.slider(this.chosen)
      if (!slider) return
      const step = FORWARD[event.key] * share * (slider.max - slider.min)
      this.subject.slide(this.chosen, clamped(slider.value + step, slider.min, slider.max))
    } else if (event.key === "Enter" || event.key === " ") {
      this.chosen = handles.length ? (this.chosen + 1) % handles.length : 0
      this.update()
      event.preventDefault()
      return this.announce()
    } else if (["Escape", "Delete", "Backspace"].includes(event.key)) {
      event.preventDefault()
      return this.reset()
    } else {
      return
    }
    event.preventDefault()
    this.update()
    this.announce()
    this.releasedSoon()
  }

  onSlide() {
    const slider = this.subject.slider(this.chosen)
    if (!slider) return
    const share = Number(this.parts.slider.value) / 1000
    this.subject.slide(this.chosen, slider.min + share * (slider.max - slider.min))
    this.update()
  }

  moveTo([x, y]) {
    this.subject.move(this.chosen, [clamped(x, 0, 1), clamped(y, 0, 1)])
    this.update()
  }

  reset() {
    this.subject.reset()
    this.update()
    this.released()
  }

  released() {
    clearTimeout(this.waiting)
    this.announce()
    this.onRelease(this.parts.runs.checked)
  }

  /** Keys come one at a time: the graph runs once, after the last. */
  releasedSoon() {
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => this.released(), KEY_PAUSE)
  }

  announce() {
    this.parts.live.textContent = this.subject.describe(this.chosen)
  }

  // What is shown

  layOut() {
    if (!this.scene) return
    const { stage, picture, overlay } = this.parts
    const { head } = this.scene
    this.fit = fitted(stage.clientWidth, stage.clientHeight, head.width, head.height)
    const { left, top, width, height } = this.fit
    const box = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`
    picture.style.cssText = overlay.style.cssText = box
    this.update()
  }

  /** Draws again where others changed a value: a widget was typed into, an undo, a wire. */
  look() {
    if (this.subject.values() !== this.drawn) this.update()
  }

  /** Draws the quick look and the handles with the next frame of the page. */
  update() {
    cancelAnimationFrame(this.pending)
    this.pending = requestAnimationFrame(() => this.draw())
  }

  draw() {
    const { picture, overlay, slider, sliderName, forward } = this.parts
    const handles = this.subject.handles()
    this.drawn = this.subject.values()
    if (this.chosen >= handles.length) this.chosen = 0
    const shown = this.subject.slider(this.chosen)
    forward.style.visibility = shown ? "" : "hidden"
    if (shown) {
      sliderName.textContent = shown.name
      slider.setAttribute("aria-label", shown.name)
      slider.value = Math.round((1000 * (shown.value - shown.min)) / (shown.max - shown.min))
    }
    overlay.replaceChildren(
      ...handles.map(({ place, colour, name, fixed }, index) => {
        const style = `left:${100 * place[0]}%;top:${100 * place[1]}%;background:${colour}`
        const state = index === this.chosen ? " sam3d-chosen" : ""
        return element("span", `handle${state}`, { style, title: fixed ? `${name}: moved by wires` : name })
      }),
    )
    if (!this.scene) return
    this.say("ready", handles.length ? "" : this.subject.describe(0))
    const { width, height } = this.scene.head
    const pixels = this.subject.picture(this.scene)
    picture.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0)
  }
}

"""The live controls of Camera Move and Relight Scene in ComfyUI's page: what is dragged is what the graph is run with."""

import json
import re

import pytest
from comfyui_page import open_page
from comfyui_server import PACK

VUE_FRONT_END = (1, 45)  # older ones show no widgets of extensions in Vue nodes
REACH = 0.3  # of the scene's depth, at the picture's edge
CAMERA, LIGHT = '[aria-label^="Photo with the camera"]', '[aria-label^="Photo with lamps"]'
LAY_OUT = """() => {
  const places = { SAM3DGeometry_CameraMove: [0, 0], SAM3DGeometry_RelightScene: [480, 0], SAM3DGeometry_SceneLight: [-420, 0] }
  app.graph._nodes.forEach((node, i) => {
    node.pos = places[node.type] ?? [-1400, 500 * i]
    if (node.type in places) node.setSize([400, node.computeSize()[1]])
  })
  app.canvas.ds.scale = 0.75
  app.canvas.ds.offset = [440, 60]
  app.graph.setDirtyCanvas(true, true)
}"""
SET = """([type, name, value]) => {
  const widget = app.graph._nodes.find((node) => node.type === type).widgets.find((w) => w.name === name)
  widget.value = value
  widget.callback?.(value)
}"""
WIDGET = """([type, name]) => app.graph._nodes.find((node) => node.type === type).widgets.find((w) => w.name === name).value"""


def graph():
    """A photo to Camera Move and, with one lamp, to Relight Scene, in API format."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {"class_type": "SAM3DGeometry_Load", "inputs": {"model_name": "built-in preview", "precision": "fp32", "keep_loaded": True, "compile": False}},
        "3": {
            "class_type": "SAM3DGeometry_PointmapInference",
            "inputs": {
                "model": ["2", 0], "image": ["1", 0], "resolution": 256, "batch_size": 4, "fov_x_degrees": 0.0,
                "validity": "mask", "refine_edges": "off",
            },
        },
        "4": {
            "class_type": "SAM3DGeometry_CameraMove",
            "inputs": {
                "pointmap": ["3", 0], "preset": "orbit", "frames": 2, "amplitude": 0.1, "ease": "linear", "fill_holes": True,
                "edge_margin": 4, "sharpen_edges": True,
            },
        },
        "5": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}},
        "6": {
            "class_type": "SAM3DGeometry_SceneLight",
            "inputs": {
                "light_kind": "point", "placement": "surface", "unit": "scene depth", "x": 0.4, "y": 0.35, "light_distance": 0.3,
                "offset_right": 0.0, "offset_up": 0.0, "offset_forward": 0.0, "azimuth_degrees": 135.0, "elevation_degrees": 35.0,
                "color": "#ffd9a0", "intensity": 1.5, "radius": 0.05, "sun_size_degrees": 0.5, "reach": 0.5, "falloff": 2.0,
                "cast_shadows": True,
            },
        },
        "7": {
            "class_type": "SAM3DGeometry_RelightScene",
            "inputs": {
                "pointmap": ["3", 0], "lights": ["6", 0], "ambient": 0.5, "even_out": 0.3, "specular": 0.3, "roughness": 0.5,
                "smoothing": 16, "shadow_strength": 1.0, "thickness_percent": 10.0, "shadow_bias_percent": 1.0,
                "shadow_resolution": 256, "shadow_samples": 1, "follow_surface": False,
            },
        },
        "8": {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}},
    }  # fmt: skip


def sent_by(page, host, action):
    """The inputs of all nodes in the prompt that an action in the page sends, after it has run: {type: inputs}."""
    with page.expect_response(
        lambda r: r.url.endswith("/prompt") and r.request.method == "POST", timeout=30_000
    ) as sent:
        action()
    result = host.result(sent.value.json()["prompt_id"])
    assert result["status"]["status_str"] == "success", result["status"]
    prompt = json.loads(sent.value.request.post_data)["prompt"]
    page.wait_for_timeout(300)
    return {node["class_type"]: node["inputs"] for node in prompt.values()}


@pytest.fixture(params=["canvas", "vue"])
def page(request, host):
    vue = request.param == "vue"
    with open_page(host, PACK, viewport=(1400, 1000), has_touch=True, Comfy_VueNodes_Enabled=vue) as page:
        version = page.evaluate("() => window.__COMFYUI_FRONTEND_VERSION__ ?? '0.0'")
        if vue and tuple(map(int, re.findall(r"\d+", version)[:2])) < VUE_FRONT_END:
            pytest.skip(f"front end {version} has no widgets of extensions in Vue nodes")
        page.evaluate("(graph) => app.loadApiJson(graph, 'live')", graph())
        page.wait_for_timeout(500)
        page.evaluate(LAY_OUT)
        page.wait_for_timeout(500)
        yield page
        page.screenshot(path=host.base / f"live_{request.param}.png")


def at(page, stage, share):
    """Where on the page a place of the picture in a live control is."""
    box = page.locator(stage).locator(".sam3d-picture").bounding_box()
    return box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"]


def drag(page, stage, start, end):
    page.mouse.move(*at(page, stage, start))
    page.mouse.down()
    for share in (0.3, 0.7, 1.0):
        page.mouse.move(*at(page, stage, [a + share * (b - a) for a, b in zip(start, end)]))
        page.wait_for_timeout(40)
    page.mouse.up()


def handle(page, stage):
    """Where the first handle stands, as shares of the picture."""
    left, top = page.locator(f"{stage} .sam3d-handle").first.evaluate("(e) => [e.style.left, e.style.top]")
    return float(left.rstrip("%")) / 100, float(top.rstrip("%")) / 100


def swipe(page, stage, start, end):
    """A finger drags, while a second one is lifted somewhere else."""
    device = page.context.new_cdp_session(page)

    def touch(kind, *places):
        points = [{"x": x, "y": y} for x, y in (at(page, stage, place) for place in places)]
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(40)

    touch("touchStart", start)
    touch("touchMove", [(a + b) / 2 for a, b in zip(start, end)])
    page.locator(stage).evaluate(
        "(e) => e.dispatchEvent(new PointerEvent('pointerup', { pointerId: 99, bubbles: true }))"
    )
    touch("touchMove", end)
    touch("touchEnd")


def tap(page, place):
    """A finger put down and lifted at a place of the page."""
    page.touchscreen.tap(*place)


def test_camera_and_lamp_are_dragged_over_the_photo(host, page):
    first = sent_by(page, host, lambda: page.evaluate("() => app.queuePrompt(0, 1)"))
    assert first["SAM3DGeometry_CameraMove"].get("camera_path", "") == ""
    for stage in (CAMERA, LIGHT):
        page.wait_for_selector(f'.sam3d-live-control[data-state="ready"] {stage}', timeout=30_000)
    page.evaluate(LAY_OUT)
    page.wait_for_timeout(500)

    # the mouse drags the camera, which the path then ends at, and which looks back at the middle
    sent = sent_by(page, host, lambda: drag(page, CAMERA, (0.5, 0.5), (0.8, 0.4)))
    _, end = json.loads(sent["SAM3DGeometry_CameraMove"]["camera_path"])
    x, y, z = end["position"]
    assert x / -y == pytest.approx(3, rel=0.1) and z == 0 and x > 0
    assert end["yaw_degrees"] < 0 < -end["pitch_degrees"]
    assert {name: value for name, value in sent["SAM3DGeometry_CameraMove"].items() if name != "camera_path"} == {
        name: value for name, value in first["SAM3DGeometry_CameraMove"].items() if name != "camera_path"
    }

    # a finger puts the lamp somewhere else
    sent = sent_by(page, host, lambda: tap(page, at(page, LIGHT, (0.7, 0.6))))
    lamp = sent["SAM3DGeometry_SceneLight"]
    assert (lamp["x"], lamp["y"]) == (pytest.approx(0.7, abs=0.01), pytest.approx(0.6, abs=0.01))

    # the keyboard moves it on, and Escape puts it back
    def keys():
        page.locator(LIGHT).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("PageUp")

    moved = sent_by(page, host, keys)["SAM3DGeometry_SceneLight"]
    assert moved["x"] == pytest.approx(lamp["x"] + 0.02, abs=2e-3) and moved["light_distance"] > lamp["light_distance"]
    back = sent_by(page, host, lambda: page.keyboard.press("Escape"))["SAM3DGeometry_SceneLight"]
    assert (back["x"], back["y"], back["light_distance"]) == (0.4, 0.35, 0.3)
    page.screenshot(path=host.base / "live_dragged.png")

    # undo takes back one release at a time, also after the nodes were made anew by the one before
    page.evaluate("() => app.extensionManager.command.execute('Comfy.Undo')")
    page.wait_for_timeout(800)
    assert page.evaluate(WIDGET, ["SAM3DGeometry_SceneLight", "x"]) == moved["x"]
    for _ in range(3):
        page.evaluate("() => app.extensionManager.command.execute('Comfy.Undo')")
        page.wait_for_timeout(600)
    assert page.evaluate(WIDGET, ["SAM3DGeometry_CameraMove", "camera_path"]) in ("", None)
    assert page.problems == []


def run_once(page, host):
    # hosts before 0.19 tell the page nothing of nodes that they need not run again
    page.evaluate(SET, ["SAM3DGeometry_RelightScene", "ambient", 0.6])
    page.evaluate(SET, ["SAM3DGeometry_CameraMove", "amplitude", 0.12])
    sent = sent_by(page, host, lambda: page.evaluate("() => app.queuePrompt(0, 1)"))
    for stage in (CAMERA, LIGHT):
        page.wait_for_selector(f'.sam3d-live-control[data-state="ready"] {stage}', timeout=30_000)
    page.evaluate(LAY_OUT)
    page.wait_for_timeout(500)
    return sent


def test_what_others_change_shows_and_two_fingers_are_one_drag(host, page):
    run_once(page, host)

    # typed in, wired away and put back by undo: the control shows what the widgets say
    page.evaluate(SET, ["SAM3DGeometry_SceneLight", "x", 0.8])
    path = json.dumps([{"position": [0, 0, 0]}, {"position": [9, 0, 0]}])
    page.evaluate(SET, ["SAM3DGeometry_CameraMove", "camera_path", path])
    page.wait_for_timeout(600)
    assert handle(page, LIGHT) == (pytest.approx(0.8), pytest.approx(0.35)) and handle(page, CAMERA)[0] == 1
    page.evaluate(SET, ["SAM3DGeometry_CameraMove", "camera_path", ""])
    page.wait_for_timeout(600)
    assert handle(page, CAMERA) == (0.5, 0.5)

    # a finger takes the lamp along; a second one that comes and goes changes nothing
    sent = sent_by(page, host, lambda: swipe(page, LIGHT, (0.8, 0.35), (0.3, 0.7)))
    lamp = sent["SAM3DGeometry_SceneLight"]
    assert (lamp["x"], lamp["y"]) == (pytest.approx(0.3, abs=0.02), pytest.approx(0.7, abs=0.02))

    # keys held down on the slider run the graph once
    prompts = []
    page.on("request", lambda r: r.method == "POST" and r.url.endswith("/prompt") and prompts.append(r))

    def slide():
        page.locator(LIGHT).locator("..").locator("input[type=range]").focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")

    moved = sent_by(page, host, slide)["SAM3DGeometry_SceneLight"]
    page.wait_for_timeout(700)
    assert len(prompts) == 1 and moved["light_distance"] > lamp["light_distance"]

    # without a lamp it says what is missing, over the photo
    page.evaluate("() => app.graph.remove(app.graph._nodes.find((n) => n.type === 'SAM3DGeometry_SceneLight'))")
    page.wait_for_timeout(600)
    assert "No Scene Light" in page.locator(f"{LIGHT} .sam3d-message").inner_text()
    page.screenshot(path=host.base / "live_no_lamp.png")
    assert page.problems == []

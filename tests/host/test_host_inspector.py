"""The Pointmap Inspector in ComfyUI's page: what it says below the pointer is what the pointmap holds.

In the classic canvas and in Vue nodes, in dark and light, by mouse, finger and keyboard.
"""

import re

import numpy
import pytest
import torch
from comfyui_page import open_page
from comfyui_server import PACK
from PIL import Image, ImageOps
from repository import PHOTOS

pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")

from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.files.inspection import encode_inspection
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.summary import summarise
from sam3d_geometry.models import PREVIEW, load_model

NODE = "SAM3DGeometry_PointmapInspector"
MODES = [("canvas", "dark"), ("canvas", "light"), ("vue", "light")]
# DOM widgets in Vue nodes do not work in older front ends, ComfyUI's own neither
VUE_FRONT_END = (1, 45)
READY_INSPECTOR = ".sam3d-inspector[data-state=ready]"
SET_VIEW = f"""() => {{
  const inspector = app.graph._nodes.find((node) => node.type === "{NODE}")
  app.graph._nodes.filter((node) => node !== inspector).forEach((node, i) => (node.pos = [-900, 400 * i]))
  inspector.pos = [0, 0]
  app.canvas.ds.scale = 1
  app.canvas.ds.offset = [420, 120]
  app.graph.setDirtyCanvas(true, true)
}}"""
READINGS = """() => Object.fromEntries([...document.querySelectorAll(".sam3d-inspector [data-value]")].map(
  (value) => [value.dataset.value, value.closest("[hidden]") ? "" : value.textContent.replaceAll("\\u2212", "-")]
))"""
EXECUTED = (
    f"""(file) => app.graph._nodes.find((node) => node.type === "{NODE}").onExecuted({{ sam3d_inspection: [file] }})"""
)


def graph():
    """Two frames to a pointmap to the inspector, in API format."""
    load = {str(i): {"class_type": "LoadImage", "inputs": {"image": f"inspected_{i}.png"}} for i in (1, 2)}
    return load | {
        "3": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}},
        "4": {"class_type": "SAM3DGeometry_Load", "inputs": {"model_name": PREVIEW, "precision": "fp32", "keep_loaded": True, "compile": False}},
        "5": {
            "class_type": "SAM3DGeometry_PointmapInference",
            "inputs": {
                "model": ["4", 0], "image": ["3", 0], "resolution": 512, "batch_size": 4, "fov_x_degrees": 0.0,
                "validity": "mask", "refine_edges": "auto",
            },
        },
        "6": {"class_type": NODE, "inputs": {"pointmap": ["5", 0], "colormap": "turbo", "x": 0.25, "y": 0.5, "x2": 0.75, "y2": 0.5}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def expected(host):
    """What the library makes of the frames that the host is given; lossless, so that both read the same pixels."""
    photo = Image.open(PHOTOS / "temple.jpg").convert("RGB")
    frames = [photo, ImageOps.mirror(photo)]
    for i, frame in enumerate(frames, 1):
        frame.save(host.base / "input" / f"inspected_{i}.png")
    pixels = numpy.stack([numpy.asarray(frame, dtype=numpy.float32) / 255 for frame in frames])
    return infer_pointmap(load_model(PREVIEW, precision="fp32"), torch.from_numpy(pixels))


@pytest.fixture(scope="module", params=MODES, ids="-".join)
def page(request, host, expected):
    nodes, palette = request.param
    settings = {"Comfy_VueNodes_Enabled": nodes == "vue", "Comfy_ColorPalette": palette}
    with open_page(host, PACK, viewport=(1400, 950), has_touch=True, **settings) as page:
        version = page.evaluate("() => window.__COMFYUI_FRONTEND_VERSION__ ?? '0.0'")
        if nodes == "vue" and tuple(map(int, re.findall(r"\d+", version)[:2])) < VUE_FRONT_END:
            pytest.skip(f"front end {version} has no widgets of extensions in Vue nodes")
        page.evaluate("(graph) => app.loadApiJson(graph, 'inspector')", graph())
        page.wait_for_timeout(500)
        page.evaluate(SET_VIEW)
        page.wait_for_timeout(500)
        page.palette, page.vue = palette, nodes == "vue"
        run(page, host)
        page.evaluate(SET_VIEW)
        page.wait_for_timeout(800)
        yield page
        # a screenshot to look at
        page.screenshot(path=host.base / f"inspector_{nodes}_{palette}.png")


def run(page, host):
    """Queues the graph from the page and waits for the inspector."""
    with page.expect_response(
        lambda r: r.url.endswith("/prompt") and r.request.method == "POST", timeout=60_000
    ) as sent:
        page.evaluate("() => app.queuePrompt(0, 1)")
    result = host.result(sent.value.json()["prompt_id"])
    assert result["status"]["status_str"] == "success", result["status"]
    page.wait_for_selector(READY_INSPECTOR, timeout=30_000)
    return result


@pytest.fixture(autouse=True)
def first_frame_without_points(page):
    page.problems.clear()
    slide(page, 0)
    page.locator(".sam3d-stage").focus()
    page.keyboard.press("Escape")
    page.mouse.move(5, 500)
    page.wait_for_timeout(100)
    yield
    assert page.problems == []


def slide(page, index):
    page.locator(".sam3d-slider").evaluate(
        "(slider, index) => { slider.value = index; slider.dispatchEvent(new Event('input')) }", index
    )
    page.wait_for_timeout(400)


def readings(page):
    page.wait_for_timeout(80)  # it is filled with the page's next frame
    return page.evaluate(READINGS)


def position(page, pixel, size):
    """Where on the page the centre of a pixel of the picture is."""
    box = page.locator(".sam3d-picture").bounding_box()
    (column, row), (height, width) = pixel, size
    return box["x"] + (column + 0.5) / width * box["width"], box["y"] + (row + 0.5) / height * box["height"]


def number(text):
    return float(text.split()[0])


def of_length(text):
    """A length as it is shown, of four digits."""
    return pytest.approx(number(text), rel=6e-4)


def says(shown, pointmap, frame, pixel, unit):
    """Asserts that the readings are those of a pixel of the pointmap."""
    column, row = pixel
    assert shown["pixel"] == f"pixel {column}, {row}"
    if not pointmap.mask[frame, row, column]:
        assert shown["depth"] == "no geometry" and shown["x"] == shown["nz"] == "\u2013"
        return
    point = pointmap.points[frame, row, column]
    normal = geometric_normals(pointmap.depth, pointmap.mask, pointmap.intrinsics)[frame, row, column]
    assert float(point[2]) == of_length(shown["depth"]) and shown["depth"].endswith(f" {unit}")
    slack = 1e-3 * float(point.norm())
    assert [number(shown[axis]) for axis in "xyz"] == pytest.approx(point.tolist(), abs=slack)
    assert [number(shown[axis]) for axis in ("nx", "ny", "nz")] == pytest.approx(normal.tolist(), abs=0.012)


def distance(pointmap, frame, a, b):
    return float((pointmap.points[frame, a[1], a[0]] - pointmap.points[frame, b[1], b[0]]).norm())


def pixels_with_geometry(pointmap, count=6):
    """Pixels that have geometry in all frames, away from depth edges."""
    rows, columns = torch.nonzero(pointmap.mask.all(0)[40:-10, 10:-10], as_tuple=True)
    picks = torch.linspace(0, len(rows) - 1, count).long()
    return [(int(columns[i]) + 10, int(rows[i]) + 40) for i in picks]


def test_hovering_reads_the_pointmap(page, expected):
    height, width = expected.size
    sky = torch.nonzero(~expected.mask[0])[len(expected.mask[0]) // 2].tolist()[::-1]
    for pixel in [*pixels_with_geometry(expected), tuple(sky), (8, height - 1), (width - 1, height - 9)]:
        page.mouse.move(*position(page, pixel, expected.size))
        says(readings(page), expected, 0, pixel, "units")
    page.mouse.move(5, 500)
    assert readings(page)["depth"] == "\u2013"


def test_hovering_neither_draws_the_picture_nor_fetches_anything(page, expected):
    page.evaluate(
        """() => {
          window.drawn = 0
          for (const name of ["putImageData", "drawImage"]) {
            const original = CanvasRenderingContext2D.prototype[name]
            CanvasRenderingContext2D.prototype[name] = function (...rest) {
              if (this.canvas.className.startsWith("sam3d-")) window.drawn++
              return original.apply(this, rest)
            }
          }
        }"""
    )
    fetched = []

    def note(request):
        return "/view" in request.url and fetched.append(request.url)

    page.on("request", note)
    for pixel in pixels_with_geometry(expected, 30):
        page.mouse.move(*position(page, pixel, expected.size))
    readings(page)
    assert page.evaluate("() => window.drawn") == 0 and fetched == []
    page.locator(".sam3d-views input[value=normals]").check(force=True)
    page.locator(".sam3d-views input[value=depth]").check(force=True)
    assert page.evaluate("() => window.drawn") == 2  # so the count above could have been another
    page.remove_listener("request", note)


def test_two_clicks_measure_and_a_third_starts_anew(page, expected):
    a, b, c = pixels_with_geometry(expected, 3)
    page.mouse.click(*position(page, a, expected.size))
    assert readings(page)["distance"] == ""
    page.mouse.click(*position(page, b, expected.size))
    shown = readings(page)
    assert distance(expected, 0, a, b) == of_length(shown["distance"]) and shown["distance"].endswith(" units")
    difference = (expected.points[0, b[1], b[0]] - expected.points[0, a[1], a[0]]).tolist()
    slack = 2e-3 * distance(expected, 0, a, b)
    assert [number(shown[name]) for name in ("dx", "dy", "dz")] == pytest.approx(difference, abs=slack)
    page.mouse.click(*position(page, c, expected.size))
    assert readings(page)["distance"] == ""
    page.mouse.click(*position(page, a, expected.size))
    assert distance(expected, 0, c, a) == of_length(readings(page)["distance"])
    page.locator(".sam3d-clear").click()
    assert readings(page)["distance"] == "" and not page.locator(".sam3d-clear").is_visible()


def test_dragging_over_the_picture_sets_no_point_and_leaves_the_node_where_it_is(page, expected):
    a, b = pixels_with_geometry(expected, 2)
    where = f"""() => [...app.graph._nodes.find((node) => node.type === "{NODE}").pos]"""
    before = page.evaluate(where)
    page.mouse.move(*position(page, a, expected.size))
    page.mouse.down()
    page.mouse.move(*position(page, b, expected.size), steps=5)
    page.mouse.up()
    says(readings(page), expected, 0, b, "units")
    assert not page.locator(".sam3d-clear").is_visible() and page.evaluate(where) == before


def test_a_finger_reads_and_measures(page, expected):
    a, b = pixels_with_geometry(expected, 2)
    page.touchscreen.tap(*position(page, a, expected.size))
    says(readings(page), expected, 0, a, "units")
    page.touchscreen.tap(*position(page, b, expected.size))
    assert distance(expected, 0, a, b) == of_length(readings(page)["distance"])


def test_the_keyboard_alone_reads_and_measures(page, expected):
    height, width = expected.size
    page.locator(".sam3d-views input[value=depth]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "sam3d-stage"
    assert page.evaluate("() => document.activeElement.matches(':focus-visible')")
    page.keyboard.press("ArrowRight")  # the crosshair appears in the middle
    for _ in range(2):  # out of the sky
        page.keyboard.press("Shift+ArrowDown")
    a = (width // 2, height // 2 + 20)
    says(readings(page), expected, 0, a, "units")
    page.keyboard.press("Enter")
    for key in ("Shift+ArrowDown", "Shift+ArrowDown", "ArrowDown", "Shift+ArrowLeft", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    b = (a[0] - 11, a[1] + 20)
    says(readings(page), expected, 0, b, "units")
    assert f"pixel {b[0]}, {b[1]}: depth" in page.locator(".sam3d-live").text_content()
    page.keyboard.press("Space")
    shown = readings(page)["distance"]
    assert distance(expected, 0, a, b) == of_length(shown)
    assert shown in page.locator(".sam3d-live").text_content()
    page.keyboard.press("Escape")
    assert readings(page)["distance"] == ""


def test_the_slider_goes_through_the_frames_and_measures_in_each(page, expected):
    a, b = pixels_with_geometry(expected, 2)
    for pixel in (a, b):
        page.mouse.click(*position(page, pixel, expected.size))
    assert distance(expected, 0, a, b) == of_length(readings(page)["distance"])
    page.locator(".sam3d-slider").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert page.locator(".sam3d-frame-text").text_content() == "frame 2 of 2"
    assert distance(expected, 1, a, b) == of_length(readings(page)["distance"])
    page.mouse.move(*position(page, a, expected.size))
    says(readings(page), expected, 1, a, "units")


def test_the_bar_is_labelled_with_the_range_that_pointmap_info_tells(page, expected):
    told = summarise(expected)
    ends = [page.locator(f".sam3d-tick.sam3d-{end}").text_content() for end in ("near", "far")]
    found = [float(re.search(r"[\d.]+", end)[0]) for end in ends]
    assert found == pytest.approx([float(told.near.min()), float(told.far.max())], rel=0.03)
    assert ends[0].startswith("near \u2264 ") and ends[1].startswith("far \u2265 ") and ends[1].endswith(" units")


def test_the_bar_belongs_to_the_depth(page):
    for view, is_there in (("photo", False), ("normals", False), ("depth", True)):
        page.locator(f".sam3d-views input[value={view}]").check(force=True)
        assert page.locator(".sam3d-range").is_visible() == is_there


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_delete_after_a_click_takes_the_points_away_and_not_the_node(page, expected, key):
    there = f"""() => app.graph._nodes.some((node) => node.type === "{NODE}")"""
    for pixel in pixels_with_geometry(expected, 2):
        page.mouse.click(*position(page, pixel, expected.size))
    assert readings(page)["distance"]
    page.keyboard.press(key)
    assert readings(page)["distance"] == "" and page.evaluate(there)


def test_the_widget_is_in_neither_the_prompt_nor_the_workflow(page):
    values, inputs = page.evaluate(
        f"""async () => [
          app.graph.serialize().nodes.find((node) => node.type === "{NODE}").widgets_values,
          Object.values((await app.graphToPrompt()).output).find((node) => node.class_type === "{NODE}").inputs,
        ]"""
    )
    # beside the colours there are the two places that clicks fill
    assert values[0] == "turbo" and len(values) == 5 and all(0 <= share <= 1 for share in values[1:])
    assert set(inputs) == {"pointmap", "colormap", "x", "y", "x2", "y2"}


def test_text_is_legible_on_the_node(page):
    """WCAG AA: a contrast of 4.5 between the numbers and what is behind them."""
    ratio = page.evaluate(
        """() => {
          const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
          const mixed = (...colours) => {
            for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1) }
            return [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)]
          }
          const luminance = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
          const behind = ["#fff", LiteGraph.NODE_DEFAULT_BGCOLOR]
          const readout = getComputedStyle(document.querySelector(".sam3d-readout")).backgroundColor
          return [".sam3d-name", "[data-value=depth]", ".sam3d-tick", ".sam3d-about"].map((selector) => {
            const element = document.querySelector(".sam3d-inspector " + selector)
            const under = element.closest(".sam3d-readout") ? [...behind, readout] : behind
            const [low, high] = [mixed(...under), mixed(...under, getComputedStyle(element).color)].map(luminance).sort((a, b) => a - b)
            return (high + 0.05) / (low + 0.05)
          })
        }"""
    )
    assert min(ratio) >= 4.5, ratio


def test_a_workflow_tab_left_and_come_back_to_is_as_it_was(page, expected):
    a, b = pixels_with_geometry(expected, 2)
    slide(page, 1)
    page.locator(".sam3d-views input[value=normals]").check(force=True)
    for pixel in (a, b):
        page.mouse.click(*position(page, pixel, expected.size))
    before = readings(page)["distance"]
    page.evaluate("() => app.extensionManager.command.execute('Workspace.PreviousOpenedWorkflow')")
    page.wait_for_function(f"""() => !app.graph._nodes.some((node) => node.type === "{NODE}")""")
    page.evaluate("() => app.extensionManager.command.execute('Workspace.NextOpenedWorkflow')")
    page.wait_for_function(f"""() => app.graph._nodes.some((node) => node.type === "{NODE}")""")
    page.evaluate(SET_VIEW)  # a widget out of sight is not drawn
    page.wait_for_selector(READY_INSPECTOR)
    page.wait_for_timeout(1000)
    assert page.locator(".sam3d-views input:checked").get_attribute("value") == "normals"
    assert page.locator(".sam3d-frame-text").text_content() == "frame 2 of 2"
    assert readings(page)["distance"] == before and before
    page.mouse.move(*position(page, a, expected.size))
    says(readings(page), expected, 1, a, "units")
    page.locator(".sam3d-views input[value=depth]").check(force=True)


def test_metres_and_sky_of_a_scene_that_is_known(page, host):
    """A wall 2 m away, tilted so that depth is 2 + x / 2, below a sky: distances on it are known on paper."""
    height, width = 60, 96
    camera = intrinsics_from_fov_x_degrees(70.0, height, width)
    rays = unproject(torch.ones(1, height, width), camera)
    depth = 2 / (1 - rays[..., 0] / 2)
    depth[:, :20] = 0
    image = torch.full((1, height, width, 3), 0.5)
    wall = Pointmap(
        unproject(depth, camera), depth > 0, camera, image, normals=None, metric=True, source_size=(height, width)
    )
    (host.base / "temp" / "known.bin").write_bytes(encode_inspection(wall, "viridis"))
    page.evaluate(EXECUTED, {"filename": "known.bin", "subfolder": "", "type": "temp"})
    page.wait_for_function("() => document.querySelector('.sam3d-about').textContent.includes('metres')")
    page.wait_for_timeout(500)
    assert not page.locator(".sam3d-frames").is_visible()

    page.mouse.click(*position(page, (40, 10), (height, width)))
    shown = readings(page)
    assert shown["depth"] == "no geometry" and not page.locator(".sam3d-clear").is_visible()
    a, b = (10, 30), (85, 50)
    for pixel in (a, b):
        page.mouse.click(*position(page, pixel, (height, width)))
        says(readings(page), wall, 0, pixel, "m")
    shown = readings(page)
    assert shown["distance"].endswith(" m") and distance(wall, 0, a, b) == of_length(shown["distance"])
    normal = [number(shown[name]) for name in ("nx", "ny", "nz")]
    assert normal == pytest.approx([0.5 / 1.25**0.5, 0, -1 / 1.25**0.5], abs=0.006)

    page.evaluate(EXECUTED, {"filename": "gone.bin", "subfolder": "", "type": "temp"})
    page.wait_for_selector(".sam3d-inspector[data-state=failed]")
    assert "Run the graph again" in page.locator(".sam3d-message").text_content()
    run(page, host)
    page.wait_for_timeout(500)
    assert "scale unknown" in page.locator(".sam3d-about").text_content()

"""The live controls' quick looks and the values that a drag sets, by the modules that the page loads."""

import json
import math

import pytest
from page_scripts import needs_node, run_in_page

torch = pytest.importorskip("torch")

from sam3d_geometry.effects.camera.camera_path import _looking_at, keys_from_json

ASKED = """
  const live = await import("./extensions/pack/js/live_scene.js")
  const [width, height] = [80, 60]
  const depth = new Float32Array(width * height).fill(2)
  for (let row = 0; row < height; row++) for (let column = 30; column < 50; column++) depth[row * width + column] = 1
  const photo = new Uint8ClampedArray(4 * width * height).fill(255)
  for (let i = 0; i < width * height; i++) photo[4 * i] = i % width
  const flat = new Int16Array(width * height)
  const frame = { camera: [1, 80 / 60, 0.5, 0.5], depth, normalsU: flat, normalsV: flat }
  const head = { width, height }
  const moved = live.movedPicture(photo, frame, head, [0.1, 0, 0])
  const row = 4 * 30 * width
  const lamp = { position: [0, 0, 0], sun: false, colour: [1, 1, 1], intensity: 1, reach: 2, falloff: 2 }
  const lit = live.litPicture(new Uint8ClampedArray(photo.length).fill(100), frame, head, [lamp], 0)
  const values = { light_kind: "point", placement: "surface", unit: "scene depth", x: 0.25, y: 0.75, light_distance: 0.5,
    offset_right: -0.5, offset_up: 0.25, offset_forward: 1, azimuth_degrees: 90, elevation_degrees: -45 }
  const kinds = [values, { ...values, placement: "camera" }, { ...values, placement: "world", unit: "metres" }, { ...values, light_kind: "directional" }]
  return {
    median: live.medianDepth(frame),
    paths: [[0.3, -0.2, 0], [-0.1, 0.1, 0.4]].map((position) => live.pathTo(position, 2)),
    ends: [live.pathTo([0.3, -0.2, 0.1], 2), "", "[1, 2]", "no json", '[{"yaw_degrees": 3}]', null].map(live.endOfPath),
    same: live.movedPicture(photo, frame, head, [0, 0, 0]).every((value, i) => value === photo[i]),
    wall: [5, 70].map((column) => moved[row + 4 * column] - column), card: moved[row + 4 * 36] - 36,
    lit: [[0, 0], [79, 0], [10, 30], [40, 30]].map(([x, y]) => lit[4 * (y * width + x)]),
    places: kinds.map((kind) => live.placeOfLamp(kind, 2)),
    back: kinds.map((kind) => live.lampAt(kind, live.placeOfLamp(kind, 2), 2)),
    beyond: kinds.map((kind) => live.lampAt(kind, [-3, 9], 2)),
    near: kinds.map((kind) => live.nearnessOfLamp(kind, 2)?.name ?? null),
    positions: kinds.map((kind) => live.positionOfLamp(kind, frame, head, 2)),
    colours: ["#ff8000", "#f80", "orange"].map(live.colourFromHex),
  }
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    return run_in_page(tmp_path_factory.mktemp("page"), ASKED)


@needs_node
def test_the_path_is_one_that_the_library_reads_and_looks_at_the_middle(answer):
    for text, position in zip(answer["paths"], ([0.3, -0.2, 0], [-0.1, 0.1, 0.4])):
        start, end = keys_from_json(text).world_from_camera
        assert torch.equal(start, torch.eye(4, dtype=torch.float64))
        assert torch.allclose(end, _looking_at(position, 2.0), atol=1e-4)
    assert answer["ends"] == [[0.3, -0.2, 0.1], None, None, None, None, None]


@needs_node
def test_the_quick_look_shifts_the_near_by_more(answer):
    assert answer["median"] == 2 and answer["same"]
    # a camera 0.1 to the right that looks at the middle of depth 2: the wall stays but for the turn, the card goes left
    assert all(abs(shift) <= 1 for shift in answer["wall"])
    assert answer["card"] == pytest.approx(80 * 0.1 * (1 / 1 - 1 / 2), abs=1)


@needs_node
def test_the_quick_look_is_lit_by_angle_and_distance(answer):
    """A wall at depth 2 lit from the camera gets (reach / distance) ** 2 times the cosine, in linear light."""
    corner, other, side, card = answer["lit"]
    for found, (u, v) in ((corner, (0.5, 0.5)), (other, (79.5, 0.5)), (side, (10.5, 30.5))):
        x, y = (u / 80 - 0.5) * 2, (v / 60 - 0.5) * 2 * 60 / 80
        distance = math.hypot(x, y, 2)
        light = (2 / distance) ** 2 * 2 / distance
        assert found == pytest.approx(100 * light ** (1 / 2.2), abs=1)
    assert card == pytest.approx(100 * 4 ** (1 / 2.2), abs=2)


@needs_node
def test_a_lamp_dragged_nowhere_stays_what_it_is(answer):
    surface, camera, world, sun = answer["back"]
    assert surface == {"x": 0.25, "y": 0.75}
    assert camera == {"offset_right": -0.5, "offset_up": 0.25} == world
    assert sun == {"azimuth_degrees": 90, "elevation_degrees": -45}
    assert answer["places"] == [[0.25, 0.75], [0.25, 0.375], [0.375, 0.4375], [0.75, 0.75]]
    surface, camera, world, sun = answer["beyond"]
    assert surface == {"x": 0, "y": 1} and sun == {"azimuth_degrees": -180, "elevation_degrees": -90}
    assert camera == {"offset_right": -1, "offset_up": -1} and world == {"offset_right": -2, "offset_up": -2}
    assert answer["near"] == ["light_distance", "offset_forward", "offset_forward", None]


@needs_node
def test_a_lamp_is_where_the_library_puts_it(answer):
    from closed_form import pointmap

    from sam3d_geometry.effects.light.lights import Light, place_lights

    depth = torch.full((1, 60, 80), 2.0)
    depth[:, :, 30:50] = 1.0
    given = dict(
        pixel=(0.25, 0.75), distance=0.5, offset=(-0.5, 0.25, 1.0), azimuth_degrees=90.0, elevation_degrees=-45.0
    )
    scene = pointmap(depth, fov=math.degrees(2 * math.atan(0.5)))
    lights = [Light(**given), Light(placement="camera", **given), Light(kind="directional", **given)]
    places = [light.position[0].tolist() for light in place_lights(lights, scene)]
    surface, camera, world, sun = answer["positions"]
    assert surface == pytest.approx(places[0], abs=0.05)  # that of the node is at the pixel's middle
    assert camera == pytest.approx(places[1], abs=1e-5) and sun == pytest.approx(places[2], abs=1e-5)
    assert world == [-0.5, -0.25, 1]


@needs_node
def test_colours(answer):
    assert answer["colours"] == [[1, 128 / 255, 0], [1, 136 / 255, 0], [1, 1, 1]]


SET = """
  const { setValues, nodeBefore, valuesOf } = await import("./extensions/pack/js/node_widgets.js")
  const heard = []
  const lamp = { comfyClass: "SAM3DGeometry_SceneLight", widgets: [{ name: "x", value: 0, callback: (v) => heard.push(v) }, { name: "y", value: 0 }],
    inputs: [{ name: "y", link: 3 }, { name: "x", link: null }] }
  setValues(lamp, { x: 0.5, y: 0.7, gone: 1 })
  const reroute = { type: "Reroute", getInputNode: () => lamp }
  const node = { inputs: [{ name: "pointmap" }, { name: "lights" }], getInputNode: (slot) => (slot === 1 ? reroute : null) }
  return [valuesOf(lamp), heard, nodeBefore(node, "lights") === lamp, nodeBefore(node, "pointmap"), nodeBefore(node, "gone")]
"""


@needs_node
def test_only_a_nodes_own_widgets_are_set(tmp_path):
    values, heard, through_reroute, bare, absent = run_in_page(tmp_path, SET)
    assert values == {"x": 0.5, "y": 0} and heard == [0.5]
    assert through_reroute and bare is None and absent is None
    assert json.dumps(values)

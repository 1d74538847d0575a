"""The modules that the Pointmap Inspector loads in the page, run by Node on a file that the library wrote."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy
import pytest
import torch
from closed_form import angles, box_before_wall, plane, pointmap
from page_scripts import serve
from repository import ROOT

from sam3d_geometry.files.inspection import encode_inspection
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.maps.depth import DepthRange, normalise_depth

NODE = shutil.which("node")
SCRIPT = Path(__file__).with_name("inspector.mjs")
HEIGHT, WIDTH = 48, 80
PIXELS = [[0, 47], [79, 47], [40, 24], [13, 30], [40, 2], [79, 20], [25, 14]]  # [40, 2] is in the sky
BOXES = [[400, 300], [300, 400], [80, 48], [1000.5, 333.25], [37, 20]]
HATCHES = {(58, 62, 70), (72, 77, 86)}

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


@pytest.fixture(scope="module")
def clip():
    box, _, _ = box_before_wall(HEIGHT, WIDTH, tilt_degrees=40.0)
    floor, _ = plane(HEIGHT, WIDTH, 70.0, 90.0, 1.6)
    depth = torch.cat([box, floor])
    depth[:, :6] = 0
    generator = torch.Generator().manual_seed(0)
    return pointmap(depth, image=torch.rand(2, HEIGHT, WIDTH, 3, generator=generator), source_size=(96, 160))


def test_nothing_is_loaded_from_another_host():
    files = [path for path in (ROOT / "web" / "js").iterdir() if path.suffix in (".js", ".css")]
    assert len(files) >= 7
    for path in files:
        assert not re.findall(r"(?:https?:)?//\w", path.read_text(encoding="utf-8")), path.name


def asked(folder: Path, content: bytes, **request) -> dict:
    """What the page's modules make of a file."""
    (folder / "inspection.bin").write_bytes(content)
    request = {"modules": serve(folder).as_uri(), "file": str(folder / "inspection.bin"), **request}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    done = subprocess.run(
        [NODE, str(SCRIPT), str(folder / "request.json")],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=[0, 1])
def answer(request, clip, tmp_path_factory):
    depths = [0.5, 1.0, 2.5, 4.0, 5.0, 40.0]
    content = encode_inspection(clip, "viridis")
    found = asked(
        tmp_path_factory.mktemp("node"), content, frame=request.param, pixels=PIXELS, depths=depths, boxes=BOXES
    )
    return found | {"frame": request.param, "depths": depths, "bytes": len(content)}


@needs_node
def test_points_are_the_librarys_within_float32(answer, clip):
    frame = answer["frame"]
    assert answer["number"] == frame + 1 and answer["photo"] == [0xFF, 0xD8, 0xFF]
    for (column, row), point in zip(PIXELS, answer["points"]):
        if not clip.mask[frame, row, column]:
            assert point is None
            continue
        expected = clip.points[frame, row, column]
        assert point[2] == float(expected[2])  # the depth bit for bit
        assert torch.allclose(torch.tensor(point), expected, rtol=1e-6, atol=1e-6 * float(expected.norm()))


@needs_node
def test_normals_are_the_librarys_within_a_sixteenth_of_a_degree(answer, clip):
    normals = geometric_normals(clip.depth, clip.mask, clip.intrinsics)[answer["frame"]]
    for (column, row), normal in zip(PIXELS, answer["normals"]):
        if normal is None:
            assert not clip.mask[answer["frame"], row, column]
        else:
            assert angles(torch.tensor(normal), normals[row, column]) < 0.06


@needs_node
def test_distances_are_straight(answer, clip):
    points = [clip.points[answer["frame"], row, column] for column, row in PIXELS]
    valid = [bool(clip.mask[answer["frame"], row, column]) for column, row in PIXELS]
    for i, found in enumerate(answer["distances"]):
        if valid[i] and valid[i + 1]:
            assert found == pytest.approx(float((points[i] - points[i + 1]).norm()), rel=1e-6)
        else:
            assert found is None


@needs_node
def test_pictures_are_coloured_as_the_library_colours_them(answer, clip):
    frame, head = slice(answer["frame"], answer["frame"] + 1), answer["head"]
    shown = DepthRange(torch.tensor([head["near"]]), torch.tensor([head["far"]]))
    expected = apply_colormap(normalise_depth(clip.depth[frame], shown), "viridis")[0]
    found = torch.tensor(answer["depthColours"]).view(HEIGHT, WIDTH, 4)
    valid = clip.mask[answer["frame"]]
    assert (found[..., :3][valid] - expected[valid] * 255).abs().max() < 2.5  # a table of 256 colours
    assert (found[..., 3] == 255).all() and {tuple(c) for c in found[~valid][:, :3].tolist()} == HATCHES

    normals = geometric_normals(clip.depth[frame], clip.mask[frame], clip.intrinsics[frame])
    expected = encode_normals(normals, "opengl")[0]
    found = torch.tensor(answer["normalColours"]).view(HEIGHT, WIDTH, 4)
    assert (found[..., :3][valid] - expected[valid] * 255).abs().max() < 1.1
    assert {tuple(c) for c in found[~valid][:, :3].tolist()} == HATCHES


@needs_node
def test_pixels_beyond_the_range_are_told_of(tmp_path):
    depth = 2 + torch.rand(1, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    found = asked(tmp_path, encode_inspection(pointmap(depth)))["range"]
    assert found["nearerBeyond"] and found["fartherBeyond"] and 2 < found["near"] < found["far"] < 3


@needs_node
def test_the_bar_runs_over_the_range_of_the_colours_and_says_what_lies_beyond(answer, clip):
    head, depths = answer["head"], torch.tensor(answer["depths"])
    ends = {"near": head["near"], "far": head["far"]}
    valid = clip.depth[clip.mask]
    beyond = {"nearerBeyond": float(valid.min()) < ends["near"], "fartherBeyond": float(valid.max()) > ends["far"]}
    assert answer["range"] == ends | beyond
    shown = DepthRange(torch.tensor([head["near"]]), torch.tensor([head["far"]]))
    assert torch.allclose(torch.tensor(answer["nearness"]), normalise_depth(depths[None, None], shown)[0, 0], atol=1e-5)
    for depth, (position, back) in zip(answer["depths"], answer["bar"]):
        assert back == pytest.approx(min(max(depth, ends["near"]), ends["far"]), rel=1e-6)
        assert 0 <= position <= 1
    positions = [tick["position"] for tick in answer["ticks"]]
    assert positions and all(0.2 <= p <= 0.8 for p in positions) and (numpy.diff(positions) >= 0.1).all()


@needs_node
def test_lengths_show_four_digits(answer):
    assert answer["formatted"] == ["0.5000", "1.000", "2.500", "4.000", "5.000", "40.00"]


@needs_node
def test_pointer_and_pixel_map_to_each_other_in_any_box(answer):
    for (width, height), box in zip(BOXES, answer["boxes"]):
        fit = box["fit"]
        assert fit["width"] / fit["height"] == pytest.approx(WIDTH / HEIGHT)
        assert fit["width"] == pytest.approx(width) or fit["height"] == pytest.approx(height)
        assert fit["left"] == pytest.approx((width - fit["width"]) / 2)
        assert box["back"] == PIXELS
        assert box["corners"] == [[None, None], [[0, 0], [WIDTH - 1, HEIGHT - 1]]]


@needs_node
def test_a_third_point_starts_anew_and_the_crosshair_stays_in_the_picture(answer):
    a, b, c, d = PIXELS[:4]
    assert answer["measured"][:5] == [[], [a], [a, b], [c], [c, d]]
    assert answer["moved"] == [[0, min(row + 1, HEIGHT - 1)] for _, row in PIXELS]
    assert answer["photoPixels"] == [[2 * column + 1, 2 * row + 1] for column, row in PIXELS]


@needs_node
def test_the_camera_is_the_pointmaps(answer, clip):
    assert answer["fieldOfView"] == pytest.approx(float(fov_degrees_from_intrinsics(clip.intrinsics)[0][0]), rel=1e-6)


@needs_node
def test_only_the_frame_looked_at_is_read(clip, tmp_path):
    grown = Pointmap.cat([clip] * 40)
    content = encode_inspection(grown)
    found = asked(tmp_path, content, frame=78)
    assert found["number"] == 79
    assert sum(end - start for start, end in found["read"]) < 66_000 + len(content) / 40 < len(content) / 2


@needs_node
@pytest.mark.parametrize("content", [b"", b"S3DINSPC", b"\x89PNG" + b"0" * 99, b"S3DINSPC\x02\0\0\0\0\0\0\0"])
def test_another_file_is_refused_in_one_sentence(tmp_path, content):
    assert "run the graph again" in asked(tmp_path, content)["error"]

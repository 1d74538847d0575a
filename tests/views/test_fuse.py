"""Fused views: the surface is where it was, better with more views, honest about what was not seen, and a GLB holds it."""

import io
from dataclasses import replace

import pytest
import torch
from round_views import RADIUS, ball_view, ball_views

from sam3d_geometry.files import writers_of
from sam3d_geometry.views.fuse import FusionSettings, fuse_views

COARSE = FusionSettings(resolution=32, triangles=0, longest_tile=128)


@pytest.fixture(scope="module")
def fused():
    return fuse_views(ball_views(4), COARSE)


def noisy(view, seed):
    generator = torch.Generator().manual_seed(seed)
    coarse = 0.01 * torch.randn(1, 1, 4, 4, generator=generator)
    error = torch.nn.functional.interpolate(coarse, view.photo.shape[:2], mode="bicubic", align_corners=True)[0]
    return replace(view, pointmap=replace(view.pointmap, points=view.pointmap.points * error.exp()[..., None]))


def test_the_surface_of_a_ball_is_where_it_was(fused):
    away = fused.mesh.vertices.norm(dim=1) - RADIUS
    assert away.abs().median() < 0.05 * fused.voxel
    assert len(fused.confidence) == len(fused.seen_by) == len(fused.mesh.vertices)
    assert fused.mesh.metric
    assert fused.mesh.intrinsics is None


def test_scales_of_the_views_are_undone(fused):
    scaled = [
        replace(v, pointmap=replace(v.pointmap, points=v.pointmap.points * s), log_scale=-torch.tensor(s).log().item())
        for v, s in zip(ball_views(4), (0.5, 1.0, 2.0, 1.3))
    ]
    other = fuse_views(scaled, COARSE)
    assert len(other.mesh.faces) == pytest.approx(len(fused.mesh.faces), rel=0.02)


def test_noise_averages_out_with_more_views():
    errors = []
    for count in (3, 8):
        views = [noisy(view, i) for i, view in enumerate(ball_views(count))]
        made = fuse_views(views, replace(COARSE, paint="none"))
        side = made.mesh.vertices[:, 1].abs() < 0.5
        errors.append(float((made.mesh.vertices.norm(dim=1) - RADIUS)[side].abs().mean()))
    assert errors[1] < 0.8 * errors[0]


def test_each_view_is_said_to_agree_or_not(fused):
    assert [fit.name for fit in fused.fits] == [f"{angle} degrees" for angle in (0, 90, 180, 270)]
    assert all(fit.covered > 0.9 and fit.residual < 0.01 for fit in fused.fits)
    shifted = replace(ball_view(15), log_scale=0.06)
    wrong = fuse_views([ball_view(0), shifted, ball_view(30)], COARSE)
    assert wrong.fits[1].residual > 2 * wrong.fits[0].residual and not wrong.left_out
    assert "15 degrees" in wrong.report()
    assert wrong.report().count("\n") == 4


def test_a_view_that_clashes_with_the_rest_is_named_and_ruins_nothing():
    pose = ball_view(40).world_from_camera.clone()
    pose[:3, 3] += 0.9 * pose[:3, 0]
    views = [ball_view(0), ball_view(20), replace(ball_view(40), world_from_camera=pose), ball_view(60), ball_view(80)]
    made = fuse_views(views, COARSE)
    assert list(made.left_out) == ["40 degrees"] and len(made.fits) == 4
    assert "40 degrees is left out of the surface: " in made.report()
    assert (made.mesh.vertices.norm(dim=1) - RADIUS).abs().median() < 0.05 * made.voxel


def test_coverage_counts_views(fused):
    shares = list(fused.coverage.values())
    assert shares == sorted(shares, reverse=True)
    assert 0.5 < shares[0] <= 1


def test_fewer_triangles_keep_the_shape_and_the_counts():
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    made = fuse_views(ball_views(4), replace(COARSE, triangles=1500, paint="vertex colors"))
    assert len(made.mesh.faces) <= 1600
    assert (made.mesh.vertices.norm(dim=1) - RADIUS).abs().median() < 0.01
    assert len(made.seen_by) == len(made.mesh.vertices)


def test_a_glb_holds_the_fused_mesh_with_its_photos(fused):
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    file = io.BytesIO()
    writers_of(fused.mesh, "glb", "gltf", "ball")[".glb"](file)
    file.seek(0)
    read = trimesh.load(file, file_type="glb", force="mesh")
    assert len(read.faces) == len(fused.mesh.faces)
    assert read.visual.material.baseColorTexture.size == (fused.mesh.texture.shape[1], fused.mesh.texture.shape[0])


def test_progress_runs_to_its_end():
    told = []
    fuse_views(ball_views(2), COARSE, on_progress=lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_resolution_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match="resolution came as 4"):
        FusionSettings(resolution=4)

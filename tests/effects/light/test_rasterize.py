"""The rasteriser: exact depth and weights of planes, the nearest triangle in front, clipping, no cracks."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.light import rasterize as module
from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.camera import unproject

SIZE = (60, 80)
K = closed_form.intrinsics(*SIZE)[0]
QUAD = torch.tensor([[0, 1, 2], [0, 2, 3]])


def quad(depths, reach=4.0):
    """A quadrilateral larger than the view whose corners have the given depths."""
    corners = torch.tensor([[-reach, -reach], [reach, -reach], [reach, reach], [-reach, reach]])
    return torch.cat([corners, torch.tensor(depths)[:, None]], 1)


def test_a_tilted_plane_has_its_exact_depth_in_every_pixel_and_no_crack():
    vertices = quad([2.0, 3.0, 3.0, 2.0])
    raster = rasterize(vertices, QUAD, K, *SIZE)
    assert (raster.face >= 0).all()
    points = unproject(raster.depth[None], K[None])[0]
    assert torch.allclose(points[..., 2], 2.5 + points[..., 0] / 8, atol=1e-4)
    assert torch.allclose(raster.interpolate(vertices, QUAD), points, atol=1e-4)
    assert torch.allclose(raster.weights.sum(-1), torch.ones(SIZE), atol=1e-5)


def test_the_nearest_triangle_is_seen_however_the_pairs_are_cut_into_chunks(monkeypatch):
    vertices = torch.cat([quad([4.0] * 4), quad([2.0, 6.0, 6.0, 2.0])])
    faces = torch.cat([QUAD, QUAD + 4])
    whole = rasterize(vertices, faces, K, *SIZE)
    monkeypatch.setattr(module, "PAIRS", 777)
    cut = rasterize(vertices, faces, K, *SIZE)
    assert torch.equal(whole.depth, cut.depth) and torch.equal(whole.face, cut.face)
    crossing = rasterize(vertices[4:], QUAD, K, *SIZE).depth < 4
    assert torch.equal(whole.face >= 2, crossing) and crossing.any() and not crossing.all()


def test_what_lies_behind_the_camera_is_cut_off_at_the_near_plane():
    # a floor 1 below that runs from far behind the camera to far ahead
    floor = torch.tensor([[-50.0, 1, -50], [50, 1, -50], [50, 1, 50], [-50, 1, 50]])
    raster = rasterize(floor, QUAD, K, *SIZE, near=0.1)
    y = closed_form.rays(*SIZE)[0, ..., 1].float()
    expected = (1 / y.clamp_min(1e-6) < 49) & (y > 0)
    assert torch.equal(raster.face >= 0, expected)
    assert torch.allclose(raster.depth[expected], (1 / y)[expected], rtol=1e-3)
    assert torch.allclose(raster.interpolate(floor, QUAD)[expected][:, 2], raster.depth[expected], rtol=1e-3)


def test_a_triangle_covers_the_pixels_whose_centres_it_covers():
    # corners at pixel positions (10, 10), (40, 10), (10, 40), at depth 1
    corners = torch.tensor([[10.0, 10], [40, 10], [10, 40]]) / torch.tensor([80.0, 60])
    xy = (corners - K[:2, 2]) / torch.stack([K[0, 0], K[1, 1]])
    raster = rasterize(torch.cat([xy, torch.ones(3, 1)], 1), torch.tensor([[0, 1, 2]]), K, *SIZE)
    assert abs(int((raster.face >= 0).sum()) - 450) <= 15


@pytest.mark.parametrize("faces", [torch.zeros(0, 3, dtype=torch.long), torch.tensor([[0, 0, 1]])])
def test_nothing_to_draw_draws_nothing(faces):
    raster = rasterize(quad([2.0] * 4), faces, K, 1, 1)
    assert raster.depth.tolist() == [[0.0]] and raster.face.tolist() == [[-1]]


def test_a_mesh_behind_the_camera_is_not_seen():
    assert not rasterize(quad([-2.0] * 4), QUAD, K, *SIZE).depth.any()

"""Field of view, focal length and intrinsics are three names of one thing; project undoes unproject."""

import math

import pytest
import torch

from sam3d_geometry.geometry import camera


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (37, 53), (120, 480)], ids=str)
def test_projecting_unprojected_pixels_gives_their_centres(size):
    k = camera.intrinsics_from_fov_x_degrees([35.0, 110.0], *size)
    depth = torch.rand(2, *size) + 0.5
    u, v = camera.project(camera.unproject(depth, k), k).unbind(-1)
    assert torch.allclose(u, ((torch.arange(size[1]) + 0.5) / size[1]).expand_as(u), atol=1e-5)
    assert torch.allclose(v, ((torch.arange(size[0]) + 0.5) / size[0])[:, None].expand_as(v), atol=1e-5)


@pytest.mark.parametrize("fov", [20.0, 60.0, 108.0])
@pytest.mark.parametrize("size", [(480, 640), (640, 480), (100, 400)], ids=str)
def test_every_way_to_write_a_focal_length_gives_one_camera(fov, size):
    height, width = size
    k = camera.intrinsics_from_fov_x_degrees(fov, height, width)
    fov_x, fov_y = camera.fov_degrees_from_intrinsics(k)
    assert fov_x.item() == pytest.approx(fov, rel=1e-5)
    # square pixels: the two half angles have tangents in the ratio of the sides
    ratio = math.tan(math.radians(fov_x.item() / 2)) / math.tan(math.radians(fov_y.item() / 2))
    assert ratio == pytest.approx(width / height, rel=1e-5)
    diagonal = camera.diagonal_focal_from_fov_x_degrees(fov, width / height)
    assert torch.allclose(camera.intrinsics_from_diagonal_focal(diagonal, width / height), k, rtol=1e-5)
    pixels = float(k[0, 0, 0]) * width
    assert camera.fov_x_degrees_from_focal_pixels(pixels, width) == pytest.approx(fov, rel=1e-5)
    assert camera.fov_x_degrees_from_focal_mm(pixels / width * 36, 36) == pytest.approx(fov, rel=1e-5)


def test_known_lenses():
    assert camera.fov_x_degrees_from_focal_mm(50) == pytest.approx(39.6, abs=0.01)
    assert camera.fov_x_degrees_from_focal_mm(18) == pytest.approx(90.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: camera.fov_x_degrees_from_focal_mm(0),
        lambda: camera.fov_x_degrees_from_focal_mm(math.nan),
        lambda: camera.fov_x_degrees_from_focal_pixels(-1, 10),
        lambda: camera.intrinsics_from_fov_x_degrees(180, 4, 4),
        lambda: camera.diagonal_focal_from_fov_x_degrees(0, 1.5),
    ],
)
def test_impossible_cameras_are_refused(call):
    with pytest.raises(ValueError, match="must"):
        call()


@pytest.mark.parametrize(("corner", "stride"), [((0, 0), 1), ((3, 5), 1), ((0, 0), 4), ((3, 5), 3), ((1, 2), 2)])
def test_kept_pixels_look_where_they_looked_in_the_whole_picture(corner, stride):
    size, kept = (40, 60), (7, 9)
    whole = camera.intrinsics_from_fov_x_degrees(70.0, *size).double()
    whole[:, 0, 2], whole[:, 1, 2] = 0.45, 0.6
    part = camera.intrinsics_of_part(whole, size, kept, corner=corner, stride=stride)
    rows, columns = (
        slice(start + stride // 2, start + stride // 2 + count * stride, stride) for start, count in zip(corner, kept)
    )
    seen = camera.unproject(torch.ones(1, *size, dtype=torch.float64), whole)[:, rows, columns]
    assert torch.allclose(camera.unproject(torch.ones(1, *kept, dtype=torch.float64), part), seen, atol=1e-12)

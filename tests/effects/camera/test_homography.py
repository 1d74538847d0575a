"""Where a new camera sees pixels and planes: against points moved in space."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.homography import PlaneAt, pixel_homography
from sam3d_geometry.geometry.camera import project, unproject

SIZE = (24, 32)
NEW_INTRINSICS = torch.tensor([[1.1, 0, 0.47], [0, 1.4, 0.52], [0, 0, 1]], dtype=torch.float64)


def pose(x, y, z, turn=0.0):
    made = torch.eye(4, dtype=torch.float64)
    cosine, sine = torch.cos(torch.tensor(turn)), torch.sin(torch.tensor(turn))
    made[:3, :3] = torch.tensor([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    made[:3, 3] = torch.tensor([x, y, z])
    return made


POSES = [pose(0.3, 0.1, 0.2), pose(-0.4, 0.0, -0.3, 0.2), pose(0.0, -0.2, 0.5, -0.1)]


def tilted_plane():
    """Depth (1, H, W) in float64 and the camera of a plane that fills the picture."""
    depth = closed_form.plane(*SIZE, 35.0, 60.0, 2.0)[0].double()
    return depth, closed_form.pointmap(depth.float()).intrinsics.double()


def grid():
    return torch.arange(SIZE[1], dtype=torch.float64), torch.arange(SIZE[0], dtype=torch.float64)[:, None]


@pytest.mark.parametrize("to", POSES, ids=["aside", "turned", "near"])
def test_pixels_are_seen_where_their_points_are(to):
    depth, intrinsics = tilted_plane()
    points = unproject(depth, intrinsics) @ to[:3, :3].T + to[:3, 3]
    expected = project(points, NEW_INTRINSICS[None])[0] * torch.tensor([SIZE[1], SIZE[0]]) - 0.5
    homography = pixel_homography(intrinsics[0], NEW_INTRINSICS, to, *SIZE)
    hx, hy, hz = homography.project(*grid(), 1 / depth[0])
    assert torch.allclose(torch.stack([hx / hz, hy / hz], -1), expected, atol=1e-9)
    assert torch.allclose(hz, points[0, ..., 2] / depth[0])


@pytest.mark.parametrize("to", POSES, ids=["aside", "turned", "near"])
def test_a_plane_is_met_where_it_was_projected_from(to):
    depth, intrinsics = tilted_plane()
    w = 1 / depth[0]
    slope_x, slope_y = w.diff(dim=1)[:-1, :], w.diff(dim=0)[:, :-1]
    column, row = grid()
    homography = pixel_homography(intrinsics[0], NEW_INTRINSICS, to, *SIZE)
    h = homography.project(column[:-1], row[:-1], w[:-1, :-1])
    # the point 0.3 pixels to the right of each centre and 0.2 above it
    aside = w[:-1, :-1] + 0.3 * slope_x - 0.2 * slope_y
    hx, hy, hz = homography.project(column[:-1] + 0.3, row[:-1] - 0.2, aside)
    dx, dy, new_w = PlaneAt(w[:-1, :-1], slope_x, slope_y, *h).meet(hx / hz, hy / hz, homography)
    assert torch.allclose(dx, torch.full_like(dx, 0.3)) and torch.allclose(dy, torch.full_like(dy, -0.2))
    assert torch.allclose(new_w, aside / hz)


def test_backs_of_planes_and_what_is_behind_the_camera_are_not_met():
    one = torch.ones(1, dtype=torch.float64)
    k = torch.tensor([[1.0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], dtype=torch.float64)
    for to, slope in ((pose(0, 0, -2.0), 0.0), (pose(-3.0, 0, 0), 1.0)):
        homography = pixel_homography(k, k, to, 3, 3)
        hx, hy, hz = homography.project(one, one, one)
        plane = PlaneAt(one, slope * one, 0 * one, hx, hy, hz)
        assert plane.meet(hx / hz, hy / hz, homography)[2] == -1
        still = pixel_homography(k, k, pose(0, 0, 0), 3, 3)
        ahead = PlaneAt(one, slope * one, 0 * one, *still.project(one, one, one))
        assert ahead.meet(one, one, still)[2] == 1

"""Normals are exact on planes, true beside depth edges, unit length, facing the camera, and finite for any input."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.normals import geometric_normals, normals_from_pointmap, sharp_normals, smooth_normals

SIZES = [(48, 64), (240, 320), (301, 97)]


def normals_of(depth, fov=closed_form.FOV):
    depth = depth.float()
    return geometric_normals(depth, depth > 0, closed_form.intrinsics(*depth.shape[1:], fov))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("tilt", [0, 30, 60, 80, 85])
@pytest.mark.parametrize("azimuth", [0, 90, 200])
def test_a_plane_at_any_tilt_is_exact(size, tilt, azimuth):
    depth, normal = closed_form.plane(*size, tilt, azimuth)
    # at the horizon's end a pixel may have a single neighbour, many times as far: no surface to tell from that
    alone = torch.nn.functional.max_pool2d((depth == 0).float(), 7, 1, 3) > 0
    error = closed_form.angles(normals_of(depth), normal)[~alone]
    assert error.mean() < 0.05 and error.max() < 0.1


@pytest.mark.parametrize("size", [(240, 320), (480, 640)], ids=str)
def test_a_sphere_is_within_half_a_degree(size):
    depth, normals = closed_form.sphere(*size)
    rim = torch.nn.functional.max_pool2d((depth == 0).float(), 7, 1, 3) > 0
    error = closed_form.angles(normals_of(depth), normals)
    assert error[~rim].mean() < 0.5
    assert error[depth > 0].max() < 15  # the last pixel before the silhouette, seen edge on


def test_a_box_room_is_exact_up_to_its_creases():
    depth, normals, axis = closed_form.box_room(240, 320)
    crease = torch.nn.functional.max_pool2d(axis[:, None].float(), 3, 1, 1) != -torch.nn.functional.max_pool2d(
        -axis[:, None].float(), 3, 1, 1
    )
    error = closed_form.angles(normals_of(depth), normals)
    assert error[~crease[:, 0]].max() < 0.5


@pytest.mark.parametrize("tilt", [0, 30, 60])
def test_no_streak_beside_a_depth_edge(tilt):
    depth, normals, _ = closed_form.box_before_wall(240, 320, tilt_degrees=tilt)
    assert closed_form.angles(normals_of(depth), normals).max() < 1


@pytest.mark.parametrize("tilt", [0, 30, 60])
def test_no_streak_beside_a_depth_edge_at_the_photos_size(tilt):
    depth, normals, box = closed_form.box_before_wall(240, 320, tilt_degrees=tilt)
    found, mask = normals_from_pointmap(closed_form.pointmap(depth, source_size=(731, 977)))
    either = closed_form.angles(found, normals[0, 0, 0]).minimum(closed_form.angles(found, normals[box][0]))
    assert mask.all() and either.max() < 1


@pytest.mark.parametrize("radius", [1, 3, 8])
def test_smoothing_lowers_noise_and_keeps_edges(radius):
    torch.manual_seed(0)
    depth, normals, _ = closed_form.box_before_wall(120, 160, tilt_degrees=20)
    noisy = depth * (1 + 2e-3 * torch.randn_like(depth))
    intrinsics = closed_form.intrinsics(120, 160)
    sharp = sharp_normals(noisy.float(), noisy > 0, intrinsics)
    rough = closed_form.angles(sharp, normals).mean()
    smoothed = smooth_normals(sharp, noisy.float(), noisy > 0, radius)
    assert closed_form.angles(smoothed, normals).mean() < rough / (1 + 0.5 * radius**0.5)
    fitted, _ = normals_from_pointmap(closed_form.pointmap(noisy), smoothing=radius)
    assert closed_form.angles(fitted, normals).mean() < rough / 20
    clean, _ = normals_from_pointmap(closed_form.pointmap(depth), smoothing=radius)
    assert closed_form.angles(clean, normals).max() < 1


def test_smoothing_leaves_a_plane_and_a_crease_alone():
    depth, normals, _ = closed_form.box_room(120, 160)
    smoothed = smooth_normals(normals.float(), depth.float(), depth > 0, 8)
    assert closed_form.angles(smoothed, normals).max() < 0.1


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 7)], ids=str)
def test_tiny_images_have_unit_normals_that_face_the_camera(size):
    depth = torch.rand(3, *size) + 1
    normals = normals_of(depth)
    assert torch.allclose(normals.norm(dim=-1), torch.ones(3, *size), atol=1e-5)
    assert ((normals * closed_form.rays(*size).float()).sum(-1) < 0).all()


def test_every_normal_is_a_unit_vector_facing_the_camera_or_zero_where_invalid():
    torch.manual_seed(2)
    depth = torch.rand(2, 90, 120) ** 4 * 100 + 0.01
    depth[torch.rand_like(depth) < 0.3] = 0
    depth[:, 40:44] = 1e5
    normals = normals_of(depth)
    valid = depth > 0
    assert torch.isfinite(normals).all() and not normals[~valid].any()
    assert torch.allclose(normals[valid].norm(dim=-1), torch.tensor(1.0), atol=1e-4)
    rays = closed_form.rays(90, 120).float().expand(2, -1, -1, -1)
    assert ((normals * rays).sum(-1)[valid] <= 0).all()


def test_all_invalid_frames_give_zero():
    assert not normals_of(torch.zeros(2, 8, 9)).any()


def test_a_frame_does_not_depend_on_its_batch():
    depth = torch.rand(5, 33, 44) + 1
    assert torch.allclose(normals_of(depth)[3:4], normals_of(depth[3:4]), atol=1e-6)


def test_strips_do_not_show():
    # large enough to be worked on in several strips
    depth, normal = closed_form.plane(700, 900, 50, 130)
    assert closed_form.angles(normals_of(depth), normal)[depth > 0].max() < 0.1


def test_the_networks_normals_are_taken_unless_told_otherwise():
    depth, normal = closed_form.plane(20, 30, 30, 0)
    network = torch.zeros(1, 20, 30, 3)
    network[..., 2] = -1
    pointmap = closed_form.pointmap(depth, normals=network)
    assert torch.equal(normals_from_pointmap(pointmap)[0], network)
    assert closed_form.angles(normals_from_pointmap(pointmap, "geometry")[0], normal).max() < 0.1
    with pytest.raises(ValueError, match="gives no normals"):
        normals_from_pointmap(closed_form.pointmap(depth), "network")
    with pytest.raises(ValueError, match="choose one of"):
        normals_from_pointmap(pointmap, "gone")


@pytest.mark.parametrize("far", [1e15, 1e20, 1e38])
def test_a_point_far_out_changes_the_normals_only_beside_it(far):
    depth, _, _ = closed_form.box_room(240, 320)
    clean = normals_of(depth)
    depth[0, 100, 100] = far
    found = normals_of(depth)
    assert found.isfinite().all()
    beside = torch.zeros(240, 320, dtype=torch.bool)
    beside[98:103, 98:103] = True
    assert closed_form.angles(found, clean)[0][~beside].max() < 0.1

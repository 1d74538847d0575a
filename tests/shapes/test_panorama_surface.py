"""Meshes of panoramas are closed around the camera where the scene is, face it, and carry the photo."""

import pytest
import torch
from round_scene import scene

from sam3d_geometry.geometry.panorama import Panorama, panorama_rays
from sam3d_geometry.shapes.mesh import face_normals
from sam3d_geometry.shapes.panorama_surface import panorama_point_cloud, panorama_surface


def ball(size=(24, 48)):
    """A sphere around the camera."""
    rays = panorama_rays(size)
    ones = torch.ones(size)
    return Panorama(2 * ones, ones > 0, rays / 2 + 0.5, -rays, metric=True, source_size=size)


def test_a_ball_around_the_camera_is_watertight_and_seen_from_inside():
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    mesh = panorama_surface(ball(), paint="vertex colors")
    found = trimesh.Trimesh(mesh.vertices.numpy(), mesh.faces.numpy(), process=False)
    assert found.is_watertight and found.euler_number == 2
    assert len(mesh.vertices) == 24 * 48 + 2 and len(mesh.faces) == 2 * 23 * 48 + 2 * 48
    middles = mesh.vertices[mesh.faces.long()].mean(1)
    assert ((face_normals(mesh.vertices, mesh.faces) * middles).sum(-1) < 0).all()
    assert abs(-found.volume / (4 / 3 * torch.pi * 8) - 1) < 0.03


def test_a_texture_goes_once_around():
    mesh = panorama_surface(ball())
    assert len(mesh.vertices) == 24 * 49 + 2
    assert mesh.uvs is not None
    spread = mesh.uvs[mesh.faces.long()][..., 0]
    inner = (mesh.faces < 24 * 49).all(1)
    assert (spread.amax(1) - spread.amin(1))[inner].max() < 1.01 / 48
    # the first column and its copy are one place
    assert torch.equal(mesh.vertices[0], mesh.vertices[48])


def test_the_room_is_cut_at_its_edges_and_whole_at_the_seam():
    panorama = scene((96, 192))
    mesh = panorama_surface(panorama, paint="none")
    corners = mesh.vertices[mesh.faces.long()]
    distance = corners.norm(dim=-1)
    assert (distance.amax(1) / distance.amin(1)).quantile(0.999) < 1.3
    azimuth = torch.atan2(corners[..., 0], corners[..., 2])
    across = (azimuth.amax(1) > 3) & (azimuth.amin(1) < -3)
    assert across.sum() > 150
    assert panorama_surface(panorama, paint="none", smallest_island=300).faces.shape < mesh.faces.shape


def test_points_are_those_of_the_pixels():
    panorama = scene((48, 96))
    cloud = panorama_point_cloud(panorama, 2)
    assert torch.equal(cloud.points, panorama.points[::2, ::2][panorama.mask[::2, ::2]])
    assert cloud.intrinsics is None and cloud.metric
    with pytest.raises(ValueError, match="at least 1"):
        panorama_point_cloud(panorama, 0)


def test_nothing_to_mesh_is_said():
    panorama = ball()
    empty = Panorama(
        torch.zeros(24, 48),
        torch.zeros(24, 48) > 0,
        panorama.image,
        panorama.normals,
        metric=False,
        source_size=(24, 48),
    )
    with pytest.raises(ValueError, match="mesh is empty"):
        panorama_surface(empty)
    with pytest.raises(ValueError, match="'gold' is not known"):
        panorama_surface(panorama, paint="gold")

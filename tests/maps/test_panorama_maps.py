"""Maps of a panorama at other sizes: true to the scene, no seam, no distances between surfaces."""

import torch
from round_scene import distance_of, scene

from sam3d_geometry.geometry.panorama import panorama_rays
from sam3d_geometry.maps.panorama_maps import panorama_depth_picture, panorama_range, resize_panorama


def test_a_larger_one_is_the_scene_at_that_size():
    panorama = scene((128, 256))
    larger = resize_panorama(panorama, (300, 600))
    truth = distance_of(panorama_rays((300, 600))).float()
    valid = larger.mask & truth.isfinite()
    off = (larger.distance / truth - 1).abs()
    assert off[valid].median() < 1e-3 and (off[valid] < 0.02).double().mean() > 0.97
    behind = slice(60, 240)
    assert off[behind, :2][valid[behind, :2]].median() < 1e-3 and off[behind, -2:][valid[behind, -2:]].median() < 1e-3
    assert (larger.normals.norm(dim=-1)[larger.mask] - 1).abs().max() < 1e-5
    assert resize_panorama(panorama, panorama.size) is panorama


def test_near_is_white_and_the_sky_black():
    panorama = scene()
    shown = panorama_range(panorama)
    near, far = shown.limits
    assert near < panorama.distance[panorama.mask].median() < far
    picture = panorama_depth_picture(panorama, shown)[0]
    assert picture.shape == panorama.size and bool((picture[~panorama.mask] == 0).all())
    inside = panorama.mask & (panorama.distance > near) & (panorama.distance < far)
    order = panorama.distance[inside].argsort()
    assert (picture[inside][order].diff() <= 1e-6).all()
    inverted = panorama_depth_picture(panorama, shown, invert=True)[0]
    assert torch.allclose(inverted, 1 - picture, atol=1e-6)

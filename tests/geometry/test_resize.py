"""Resized geometry stays on its surfaces: exact on planes, nothing between two of them, nothing from invalid pixels."""

import closed_form
import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.geometry.camera import project
from sam3d_geometry.geometry.resize import (
    GeometryResize,
    picture_size,
    pointmap_at_image,
    resize_depth,
    resize_image,
    resize_mask,
    size_for_long_edge,
)

SMALL, LARGE = (90, 120), (360, 480)


@pytest.mark.parametrize("tilt", [0, 45, 75, 85])
def test_a_plane_resized_is_the_plane_at_that_size(tilt):
    small, _ = closed_form.plane(*SMALL, tilt, 0)
    large, _ = closed_form.plane(*LARGE, tilt, 0)
    depth, mask = resize_depth(small.float(), small > 0, LARGE)
    # beside the horizon a pixel has neighbours on one side only, and is held
    beside_invalid = torch.nn.functional.max_pool2d(((large == 0) | ~mask).float(), 17, 1, 8) > 0
    inside = ~beside_invalid
    error = ((depth - large).abs() / large)[inside]
    assert inside.any() and error.max() < 1e-4


def test_no_depth_lies_between_a_box_and_its_wall():
    small, _, _ = closed_form.box_before_wall(*SMALL)
    depth, mask = resize_depth(small.float(), small > 0, (353, 491))
    assert mask.all() and set(depth.unique().mul(1e4).round().div(1e4).tolist()) == {3.0, 5.0}


def test_invalid_pixels_never_mix_in():
    depth = torch.full((1, 8, 8), 2.0)
    mask = torch.ones(1, 8, 8, dtype=torch.bool)
    mask[:, :, 4:] = False
    depth[~mask] = 0
    large, large_mask = resize_depth(depth, mask, (64, 64))
    assert torch.allclose(large[large_mask], torch.tensor(2.0)) and not large[~large_mask].any()
    assert large_mask.float().mean() == pytest.approx(0.5, abs=0.02)


def test_maps_of_many_channels_follow_the_depth():
    small, normals, box = closed_form.box_before_wall(*SMALL, tilt_degrees=40)
    _large, _large_normals, _large_box = closed_form.box_before_wall(*LARGE, tilt_degrees=40)
    resize = GeometryResize(small.float(), small > 0, LARGE)
    resized = torch.nn.functional.normalize(resize(normals.float()), dim=-1)
    either = closed_form.angles(resized, normals[0, 0, 0]).minimum(closed_form.angles(resized, normals[box][0]))
    assert either.max() < 0.1


@pytest.mark.parametrize("rest", [(), (3,), (3, 3)], ids=str)
def test_the_size_of_pictures_is_their_height_and_width(rest):
    assert picture_size(torch.zeros(2, 5, 7, *rest)) == (5, 7)


def test_same_size_is_left_alone():
    depth = torch.rand(1, 5, 6) + 1
    assert resize_depth(depth, depth > 0, (5, 6))[0] is depth


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1)], ids=str)
def test_single_pixels_grow_and_shrink(size):
    depth, mask = resize_depth(torch.full((2, 1, 1), 3.0), torch.ones(2, 1, 1, dtype=torch.bool), size)
    assert torch.allclose(depth, torch.tensor(3.0)) and mask.all()
    assert resize_image(torch.rand(1, 9, 9, 3), size).shape == (1, *size, 3)


@pytest.mark.parametrize("size", [(9, 16), (20, 11), (5, 40)], ids=str)
def test_a_picture_shrunk_by_rows_first_is_the_one_shrunk_at_once(size):
    image = torch.rand(2, 40, 33, 3, generator=torch.Generator().manual_seed(0))
    at_once = F.interpolate(image.movedim(-1, 1), size, mode="bilinear", align_corners=False, antialias=True)
    assert torch.allclose(resize_image(image, size), at_once.movedim(1, -1), atol=5e-7)


def test_a_mask_is_true_where_half_is_covered():
    mask = torch.zeros(1, 4, 4)
    mask[:, :, :2] = 0.6
    assert resize_mask(mask, (4, 4)).float().mean() == 0.5
    assert resize_mask(mask > 0, (2, 2)).tolist() == [[[True, False], [True, False]]]


@pytest.mark.parametrize(
    ("source", "edge", "size"),
    [
        ((1080, 1920), 512, (288, 512)),
        ((300, 200), 512, (300, 200)),
        ((1, 4000), 512, (1, 512)),
        ((4320, 7680), 1024, (576, 1024)),
    ],
)
def test_long_edge_sets_the_size_and_nothing_is_enlarged(source, edge, size):
    assert size_for_long_edge(source, edge) == size


def test_a_pointmap_at_its_photo_has_every_point_on_the_ray_of_its_pixel():
    small, _ = closed_form.plane(*SMALL, 40, 20)
    large, _ = closed_form.plane(*LARGE, 40, 20)
    photo = torch.rand(1, *LARGE, 3)
    pointmap = pointmap_at_image(closed_form.pointmap(small), photo)
    assert pointmap.size == pointmap.source_size == LARGE and torch.equal(pointmap.image, photo)
    assert ((pointmap.depth - large).abs() / large).max() < 1e-4
    uv = project(pointmap.points, pointmap.intrinsics)[0]
    assert uv[0, 0].tolist() == pytest.approx([0.5 / LARGE[1], 0.5 / LARGE[0]], abs=1e-5)


def test_one_image_serves_all_frames_and_another_number_is_refused():
    frames = closed_form.pointmap(torch.ones(3, 8, 8))
    assert pointmap_at_image(frames, torch.rand(1, 16, 16, 4)).image.shape == (3, 16, 16, 3)
    with pytest.raises(ValueError, match="has 2 frames and the pointmap 3"):
        pointmap_at_image(frames, torch.rand(2, 16, 16, 3))

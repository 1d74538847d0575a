"""Depth of any kind becomes the very points that it was made from."""

import io

import closed_form
import numpy
import pytest
import torch
from PIL import Image
from repository import ROOT

from sam3d_geometry.estimate.depth_to_pointmap import (
    ALONG_RAY,
    MEASURES,
    NEAR_WHITE,
    depth_from_channels,
    distance_from_depth,
    pointmap_from_depth,
)
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees
from sam3d_geometry.maps.colormap import COLORMAPS, apply_colormap
from sam3d_geometry.maps.depth import CURVES, DepthRange, normalise_depth

SIZE = (45, 80)
PHOTOS = sorted((ROOT / "docs" / "photos").glob("*.jpg"))
K = closed_form.intrinsics(*SIZE)


def room():
    depth, _, _ = closed_form.box_room(*SIZE)
    return depth.float()


def test_distance_along_the_view_axis_is_the_pointmap_it_came_from():
    made = closed_form.pointmap(closed_form.sphere(*SIZE)[0], metric=True)
    back = pointmap_from_depth(made.depth, made.intrinsics, metric=True)
    assert torch.equal(back.points, made.points) and torch.equal(back.mask, made.mask) and back.metric
    assert not bool(back.mask.all()) and back.source_size == SIZE


def test_distance_along_the_ray_ends_on_the_same_points():
    made = closed_form.pointmap(room())
    back = pointmap_from_depth(made.points.norm(dim=-1), K, ALONG_RAY)
    assert torch.allclose(back.points, made.points, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("measure", MEASURES[2:])
def test_a_picture_with_its_range_and_curve_gives_the_depth_it_was_made_of(curve, measure):
    depth = room()
    near, far = float(depth.min()), float(depth.max())
    picture = normalise_depth(depth, DepthRange(torch.tensor([near]), torch.tensor([far])), curve)
    picture = picture if measure == NEAR_WHITE else 1 - picture
    back, mask = distance_from_depth(picture, K, measure, near, far, curve)
    assert bool(mask.all()) and torch.allclose(back, depth, rtol=1e-4)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_no_number_is_no_geometry(measure):
    depth = room() / 10 + 2
    depth[0, 0, :3] = torch.tensor([float("inf"), float("nan"), float("-inf")])
    made = pointmap_from_depth(depth, K, measure, 1.0, 5.0)
    assert not bool(made.mask[0, 0, :3].any()) and bool(made.mask[0, 1:].all())
    assert bool(torch.isfinite(made.points).all() and torch.isfinite(made.image).all())
    assert not bool(made.points[0, 0, :3].any())


@pytest.mark.parametrize("valid", [0, 1])
def test_masks_of_nothing_and_of_one_pixel(valid):
    depth = torch.zeros(1, 3, 4)
    depth.view(-1)[:valid] = 2.5
    made = pointmap_from_depth(depth, K)
    assert int(made.mask.sum()) == valid and bool(torch.isfinite(made.image).all())
    assert float(made.depth.sum()) == 2.5 * valid


def test_photo_and_mask_of_any_size_serve_every_frame():
    depth = torch.cat([room(), room() * 2])
    mask = torch.zeros(1, 9, 16)
    mask[:, :, 8:] = 1
    made = pointmap_from_depth(depth, K, image=torch.rand(1, 90, 160, 3), mask=mask)
    assert made.source_size == (90, 160) and made.size == SIZE and made.image.shape == (2, *SIZE, 3)
    assert not bool(made.mask[:, :, :38].any()) and bool(made.mask[:, :, 42:].all())
    assert not bool(made.points[~made.mask].any())


def test_a_shifted_principal_point_shifts_the_rays():
    shifted = K.clone()
    shifted[:, 0, 2] += 0.1
    difference = pointmap_from_depth(room(), K).points - pointmap_from_depth(room(), shifted).points
    assert torch.allclose(difference[..., 0], room() * 0.1 / K[0, 0, 0], atol=1e-5)
    assert not bool(difference[..., 1:].any())


@pytest.mark.parametrize(
    ("depth", "options", "sentence"),
    [
        (torch.linspace(0, 1, 256).reshape(1, 16, 16), {}, "set measure to near white or near black"),
        (
            (torch.linspace(20, 200, 256).round() / 255).reshape(1, 16, 16),
            {},
            "set measure to near white or near black",
        ),
        (torch.linspace(-1, 1, 256).reshape(1, 16, 16), {}, "goes down to -1"),
        (torch.ones(1, 4, 4), {"measure": "disparity"}, "Input measure came as 'disparity'"),
        (torch.ones(1, 4, 4), {"measure": NEAR_WHITE, "near": 3.0, "far": 2.0}, "near 3, far 2"),
        (torch.ones(3, 4, 4), {"image": torch.zeros(2, 4, 4, 3)}, "The image has 2 frames and the depth 3"),
        (torch.ones(3, 4, 4), {"mask": torch.zeros(2, 4, 4)}, "The mask has 2 frames and the depth 3"),
        (torch.ones(4, 4), {}, r"The depth came with shape \(4, 4\); \(frames, height, width\)"),
        (torch.ones(0, 4, 4), {}, r"The depth came with shape \(0, 4, 4\)"),
        (torch.ones(1, 4, 0), {}, r"The depth came with shape \(1, 4, 0\)"),
        (torch.ones(1, 4, 4, 1), {}, r"The depth came with shape \(1, 4, 4, 1\)"),
    ],
    ids=range(11),
)
def test_what_does_not_go_is_refused_in_a_sentence(depth, options, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        pointmap_from_depth(depth, K, **options)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("depth", [torch.full((1, 4, 4), 0.2), torch.linspace(0.1, 0.93, 256).reshape(1, 16, 16)])
def test_close_ups_in_metres_are_not_taken_for_pictures(depth):
    assert torch.equal(pointmap_from_depth(depth, K).depth, depth)


@pytest.mark.parametrize(
    ("photo", "accepted"), [((64, 128), True), ((33, 64), True), ((50, 200), False), ((128, 64), False)], ids=str
)
def test_a_photo_of_another_shape_is_refused(photo, accepted):
    depth, k = torch.ones(1, 32, 64), intrinsics_from_fov_x_degrees(60.0, 32, 64)
    if accepted:
        assert pointmap_from_depth(depth, k, image=torch.rand(1, *photo, 3)).source_size == photo
    else:
        with pytest.raises(ValueError, match="another aspect ratio"):
            pointmap_from_depth(depth, k, image=torch.rand(1, *photo, 3))


def gray_picture():
    depth = room()
    near, far = depth.amin((1, 2)), depth.amax((1, 2))
    return normalise_depth(depth, DepthRange(near, far))[..., None].expand(-1, -1, -1, 3)


def as_jpeg(picture, quality):
    file = io.BytesIO()
    Image.fromarray((picture[0] * 255).round().byte().numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(numpy.array(Image.open(file).convert("RGB")))[None].float() / 255


@pytest.mark.parametrize("name", [name for name in COLORMAPS if name != "grayscale"])
def test_depth_with_a_colormap_on_it_is_refused(name):
    pytest.importorskip("cmap", reason="cmap is not installed")
    colors = apply_colormap(gray_picture()[..., 0], name)
    for picture in (colors, as_jpeg(colors, 75), torch.cat([colors, torch.ones(1, *SIZE, 1)], -1)):
        with pytest.raises(ValueError, match="take away a Colormap") as caught:
            depth_from_channels(picture)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_a_photo_is_refused(path):
    photo = numpy.array(Image.open(path).convert("RGB"))
    with pytest.raises(ValueError, match="in place of the photo"):
        depth_from_channels(torch.from_numpy(photo)[None] / 255)


def test_gray_depth_is_taken_whatever_it_went_through():
    pytest.importorskip("cmap", reason="cmap is not installed")
    gray = gray_picture()
    caption = gray.clone()
    caption[:, :2, :10] = torch.tensor([1.0, 0.0, 0.0])
    distances = gray * 50 + 0.5
    alpha = torch.cat([gray, torch.rand(1, *SIZE, 1)], -1)
    holes = gray.clone()
    holes[:, 0] = torch.nan
    for made in (gray, caption, distances, alpha, gray[..., :1], holes, apply_colormap(gray[..., 0], "grayscale")):
        assert torch.equal(depth_from_channels(made).nan_to_num(9), made[..., 0].nan_to_num(9))
    for quality in (20, 50, 95):
        depth_from_channels(as_jpeg(gray, quality))
    noisy = (distances * (1 + 0.01 * torch.randn(1, *SIZE, 3, generator=torch.Generator().manual_seed(0)))).float()
    depth_from_channels(noisy)

"""A crop and a new size change which pixels there are, never where a point lies or which ray it is on."""

import pytest
import torch
from closed_form import FOV, box_before_wall, plane, pointmap

from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics, project, unproject
from sam3d_geometry.geometry.crop import (
    Window,
    bounding_window,
    crop_clip,
    crop_pointmap,
    mask_pointmap,
    resize_pointmap,
    window_between,
    window_of_mask,
)
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.resize import pointmap_at_image
from sam3d_geometry.maps.depth import true_depth

SIZE, PHOTO = (60, 80), (240, 320)


def tilted(size=SIZE, source=PHOTO, tilt=50.0):
    depth, normal = plane(*size, tilt)
    picture = torch.rand(1, *size, 3, generator=torch.Generator().manual_seed(1))
    normals = torch.where((depth > 0)[..., None], normal, 0).float()
    return pointmap(depth, image=picture, source_size=source, normals=normals, metric=True)


def pixel_centres(height, width):
    v, u = torch.meshgrid((torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width, indexing="ij")
    return torch.stack([u, v], -1)


@pytest.mark.parametrize(
    "window", [(40, 20, 120, 100), (0, 0, 320, 240), (317, 239, 3, 1), (10, 0, 0, 0), (33, 17, 55, 41)]
)
def test_points_of_a_crop_project_to_its_own_pixels(window):
    part, shown = crop_pointmap(tilted(), Window(*window))
    uv = project(part.points, part.intrinsics)[part.mask]
    assert torch.allclose(uv, pixel_centres(*part.size).expand(1, -1, -1, -1)[part.mask], atol=2e-5)
    assert part.source_size == (shown.height, shown.width)


def test_a_crop_resamples_nothing_and_covers_what_was_asked():
    whole = tilted()
    part, shown = crop_pointmap(whole, Window(42, 22, 101, 90))
    # a point of the pointmap is four pixels of the photo
    assert shown == Window(40, 20, 104, 92)
    rows, columns = slice(5, 28), slice(10, 36)
    assert torch.equal(part.points, whole.points[:, rows, columns])
    assert torch.equal(part.normals, whole.normals[:, rows, columns])
    assert torch.equal(part.image, whole.image[:, rows, columns]) and torch.equal(
        part.mask, whole.mask[:, rows, columns]
    )
    assert part.metric


def test_the_principal_point_moves_and_the_focal_length_keeps_its_pixels():
    part, shown = crop_pointmap(tilted(), Window(160, 120, 160, 120))
    k, full = part.intrinsics[0], tilted().intrinsics[0]
    assert k[0, 0] * shown.width == pytest.approx(float(full[0, 0]) * PHOTO[1], rel=1e-6)
    assert (float(k[0, 2]), float(k[1, 2])) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert float(fov_degrees_from_intrinsics(part.intrinsics)[0]) < FOV


def test_a_crop_of_a_crop_is_one_crop():
    first, _ = crop_pointmap(tilted(), Window(40, 40, 200, 160))
    twice, _ = crop_pointmap(first, Window(20, 8, 60, 40))
    once, _ = crop_pointmap(tilted(), Window(60, 48, 60, 40))
    assert torch.equal(twice.points, once.points) and torch.allclose(twice.intrinsics, once.intrinsics, atol=1e-5)
    assert twice.source_size == once.source_size


def test_normals_of_a_crop_are_those_of_the_whole():
    whole = tilted(SIZE, SIZE, 30.0)
    part, _ = crop_pointmap(whole, Window(31, 11, 40, 30))
    found = geometric_normals(part.depth, part.mask, part.intrinsics)
    assert torch.allclose(found, part.normals, atol=1e-4)


@pytest.mark.parametrize("window", [(320, 0, 10, 10), (0, 240, 10, 10), (-1, 0, 10, 10), (0, 0, -5, 10)])
def test_a_window_outside_of_the_photo_is_refused(window):
    with pytest.raises(ValueError, match="320 x 240") as caught:
        crop_pointmap(tilted(), Window(*window))
    assert "\n" not in str(caught.value)


def test_the_window_of_a_mask_holds_all_frames_and_its_margin_stays_in_the_picture():
    mask = torch.zeros(2, 40, 60)
    mask[0, 10:12, 20], mask[1, 30, 5:50] = 1, 1
    assert window_of_mask(mask, (40, 60)) == Window(5, 10, 45, 21)
    assert window_of_mask(mask, (40, 60), margin_percent=20) == Window(0, 1, 59, 39)
    assert window_of_mask(mask, (40, 60), margin_percent=100) == Window(0, 0, 60, 40)
    assert window_of_mask(mask, (80, 120)) == Window(10, 20, 90, 42)
    assert window_of_mask(mask, (40, 60), multiple=8) == Window(4, 8, 48, 24)
    # of the second frame's 45 pixels in a row 4 % may fall outside at each side, of the first frame's two none
    assert window_of_mask(mask, (40, 60), clip_percent=4) == Window(6, 10, 43, 21)
    with pytest.raises(ValueError, match="empty"):
        window_of_mask(mask * 0, (40, 60))


def test_the_window_of_a_mask_of_the_pictures_own_size_is_its_box_to_the_pixel():
    for size in (1, 2, 22, 23, 49):
        for start in range(size):
            region = torch.zeros(2, size, size, dtype=torch.bool)
            region[1, start:, : start + 1] = True
            box = Window(0, start, start + 1, size - start)
            assert bounding_window(region) == window_of_mask(region, (size, size)) == box
            assert region[1, box.rows, box.columns].all()
    assert bounding_window(torch.zeros(3, 4, dtype=torch.bool)) is None


def test_a_window_at_another_size_covers_the_same_pixels():
    assert window_between(Window(5, 10, 3, 1), (40, 60), (20, 30)) == Window(2, 5, 2, 1)
    assert window_between(Window(5, 10, 3, 1), (40, 60), (80, 120)) == Window(10, 20, 6, 2)


@pytest.mark.parametrize("size", [(30, 40), (61, 83), (240, 320), (7, 200)])
@pytest.mark.parametrize("tilt", [0.0, 40.0])
def test_resizing_a_plane_is_exact(size, tilt):
    resized = resize_pointmap(tilted(tilt=tilt), size)
    _, normal = plane(*size, tilt)
    # on paper, for the rays of the new pixels, which are not square at some of the sizes
    ray = unproject(torch.ones(1, *size, dtype=torch.float64), resized.intrinsics.double())
    truth = 2.0 * normal[2] / (ray @ normal)
    assert resized.size == size and resized.source_size == PHOTO and resized.metric
    assert resized.mask.all()
    assert (resized.depth / truth - 1).abs().max() < 1e-5
    assert torch.allclose(resized.normals, normal.float().expand_as(resized.normals), atol=1e-5)
    uv = project(resized.points, resized.intrinsics)
    assert torch.allclose(uv, pixel_centres(*size).expand_as(uv), atol=1e-5)


def test_resizing_leaves_no_value_between_two_surfaces():
    depth, _, _ = box_before_wall(48, 64)
    resized = resize_pointmap(pointmap(depth), (120, 160))
    near, far = (resized.depth - 3).abs() < 1e-4, (resized.depth - 5).abs() < 1e-4
    assert (near | far).all() and near.any() and far.any()


def test_resizing_takes_the_photos_own_pixels_when_it_is_given():
    photo = torch.rand(1, *PHOTO, 3)
    resized = resize_pointmap(tilted(), PHOTO, photo)
    assert torch.equal(resized.image, photo)
    assert torch.equal(true_depth(resized)[0], resized.depth)
    with pytest.raises(ValueError, match="at least 1"):
        resize_pointmap(tilted(), (0, 10))


@pytest.mark.parametrize("valid", [0, 1])
def test_nothing_and_a_single_pixel_stay_finite(valid):
    whole = tilted()
    mask = torch.zeros_like(whole.mask)
    mask[0, 30, 40] = bool(valid)
    one = pointmap(whole.depth, mask=mask, source_size=PHOTO)
    for result in (
        crop_pointmap(one, Window(160, 120, 1, 1))[0],
        resize_pointmap(one, (11, 9)),
        resize_pointmap(one, PHOTO),
    ):
        assert torch.isfinite(result.points).all() and torch.isfinite(result.intrinsics).all()
        assert not result.points[~result.mask].any()
    assert crop_pointmap(one, Window(160, 120, 1, 1))[0].size == (1, 1)


def test_a_multiple_holds_for_pointmap_photo_and_selection_alike():
    start = tilted()
    selection = torch.zeros(1, 240, 320)
    selection[:, 61:130, 83:187] = 1
    photo = torch.rand(1, 240, 320, 3)
    for given in ({"selection": selection}, {}):
        part = crop_clip(start, Window(83, 61, 104, 69), multiple=16, image=photo, margin_percent=0, **given)
        left, top, width, height = part.window
        assert width % 16 == height % 16 == 0
        assert left <= 83 and top <= 61 and left + width >= 187 and top + height >= 130
        assert part.pointmap.source_size == (height, width) == tuple(part.image.shape[1:3])
        assert tuple(part.selection.shape[1:]) == (height, width)
        assert torch.equal(part.image, photo[:, top : top + height, left : left + width])
        # points are where the whole pointmap has them
        whole = pointmap_at_image(start, photo).points[:, top : top + height, left : left + width]
        inner = part.pointmap.mask & (whole[..., 2] > 0)
        found = part.pointmap.points
        assert torch.allclose(found[inner], whole[inner], rtol=2e-2)


def test_masking_keeps_no_value_where_there_is_no_geometry():
    start = tilted()
    keep = torch.zeros(1, *start.size)
    keep[:, 5:, 10:20] = 1
    for invert in (False, True):
        part = mask_pointmap(start, keep, invert)
        inside = mask_pointmap(start, 1 - keep, not invert).mask
        assert torch.equal(part.mask, inside)
        assert not part.points[~part.mask].any()
        assert part.normals is None or not part.normals[~part.mask].any()
    both = mask_pointmap(start, keep).mask | mask_pointmap(start, keep, True).mask
    assert torch.equal(both, start.mask)
    with pytest.raises(ValueError, match="Input mask has 7 frames"):
        mask_pointmap(start, torch.ones(7, 4, 4))

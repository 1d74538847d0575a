"""The numbers of a pointmap are those it was made with, at any size it is held at."""

import math

import pytest
import torch
from closed_form import plane, pointmap

from sam3d_geometry.geometry.camera import intrinsics_from_focal, unproject
from sam3d_geometry.geometry.crop import Window, crop_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.summary import describe, summarise

SIZE, PHOTO = (60, 80), (480, 640)
BODY_POINTS = [[0.072504, -1.611223, -0.134076], [-0.350053, -0.607625, 0.002857], [-0.180621, -1.725066, -0.238477]]
BODY_PIXELS = [[194.4948, 310.0871], [77.6121, 620.0337], [104.5951, 272.3777]]


def wall(distance=2.0, fov=60.0, metric=True):
    return pointmap(plane(*SIZE, 30.0, distance=distance, fov=fov)[0], fov=fov, source_size=PHOTO, metric=metric)


def test_field_of_view_and_focal_length_of_a_known_lens():
    summary = summarise(wall(fov=60.0))
    focal = 320 / math.tan(math.radians(30))
    assert float(summary.fov_x) == pytest.approx(60.0, abs=1e-4)
    assert float(summary.fov_y) == pytest.approx(2 * math.degrees(math.atan(240 / focal)), abs=1e-4)
    assert float(summary.focal) == pytest.approx(focal, rel=1e-6)
    assert float(summary.focal_mm(36.0)) == pytest.approx(36 * focal / 640, rel=1e-6)


def test_the_vertical_field_of_view_gives_the_focal_length_that_sam_3d_body_works_with():
    # Three key points of a real output (facebookresearch/MHR, sam3d_body_outputs/img_subj00, Apache-2.0) in camera axes and
    # where they are in its photo of 1920 x 890 pixels: u = f X / Z + W / 2, v = f Y / Z + H / 2.
    camera = torch.tensor([-2.527839, 1.1784937, 8.265865], dtype=torch.float64)
    points = torch.tensor(BODY_POINTS, dtype=torch.float64) + camera
    pixels = torch.tensor(BODY_PIXELS, dtype=torch.float64)
    width, height = 1920, 890
    on_plane = points[:, :2] / points[:, 2:]
    offset = pixels - torch.tensor([width / 2, height / 2])
    focal = float((on_plane * offset).sum() / on_plane.square().sum())
    k = intrinsics_from_focal(torch.tensor([focal / width]), torch.tensor([focal / height]))
    held = Pointmap(
        unproject(torch.ones(1, 89, 192), k), torch.ones(1, 89, 192, dtype=torch.bool), k, torch.zeros(1, 89, 192, 3), normals=None,
        metric=True, source_size=(height, width),
    )  # fmt: skip
    fov = float(summarise(held).fov_y)
    assert 0.5 * height / math.tan(math.radians(fov) / 2) == pytest.approx(focal, rel=1e-5)
    assert torch.allclose(on_plane * focal, offset, atol=0.05)


def test_a_crop_keeps_the_focal_length_in_pixels():
    part, _ = crop_pointmap(wall(), Window(320, 0, 320, 480))
    assert float(summarise(part).focal) == pytest.approx(float(summarise(wall()).focal), rel=1e-6)


def test_near_far_and_the_share_of_valid_pixels():
    depth = torch.full((1, *SIZE), 5.0)
    depth[:, :30] = 0
    depth[:, 40, 10], depth[:, 41, 10] = 1.0, 50.0
    exact = summarise(pointmap(depth), clip_percent=0.0)
    assert (float(exact.near), float(exact.far), float(exact.valid)) == (1.0, 50.0, 0.5)
    clipped = summarise(pointmap(depth))
    assert (float(clipped.near), float(clipped.far)) == (5.0, 5.0)


def test_the_text_says_the_numbers_of_the_frame_and_the_range_of_the_batch():
    clip = Pointmap.cat([wall(2.0, 60.0), wall(4.0, 50.0), wall(3.0, 70.0)])
    text = describe(summarise(clip), 1, 24.0)
    assert "field of view 50.0 x" in text and "3 frames" in text and "unit: metres" in text
    assert "field of view x 50.0 to 70.0 degrees" in text and "24 mm sensor" in text
    single = describe(summarise(wall(metric=False)))
    assert "unknown scale" in single and "1 frame" in single and "over all" not in single


def test_without_geometry_the_text_says_so_and_numbers_are_zero():
    empty = pointmap(torch.zeros(2, *SIZE))
    summary = summarise(empty)
    assert summary.near.tolist() == summary.far.tolist() == summary.valid.tolist() == [0.0, 0.0]
    text = describe(summary)
    assert "no geometry" in text and "nan" not in text and "0.0 % of the pixels" in text


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="Frame 3"):
        describe(summarise(wall()), 3)
    with pytest.raises(ValueError, match="sensor"):
        describe(summarise(wall()), 0, 0.0)

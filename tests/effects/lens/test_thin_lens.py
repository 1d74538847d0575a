"""The disc of a point out of focus, against the lens equation solved for the rays through the lens's rim."""

import pytest
import torch
from closed_form import plane, pointmap

from sam3d_geometry.effects.lens.thin_lens import (
    BLUR_BY,
    Blur,
    blur_at_infinity,
    circle_of_confusion,
    focal_mm_from_intrinsics,
    infinity_blur,
)
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees


def disc_on_sensor_mm(depth_m, focus_m, focal_mm, f_number):
    """Where rays from the rim of the lens to the point's image cross the sensor: by similar triangles, in mm."""
    sensor = 1 / (1 / focal_mm - 1 / (focus_m * 1000))
    image = 1 / (1 / focal_mm - 1 / (depth_m * 1000))
    return focal_mm / f_number * (sensor - image) / image


@pytest.mark.parametrize("focal_mm", [24.0, 50.0, 135.0])
@pytest.mark.parametrize("depth", [0.6, 1.9, 2.0, 7.0, 1e5])
def test_the_disc_is_where_the_rays_from_the_lens_rim_cross_the_sensor(focal_mm, depth):
    focus = torch.tensor([2.0], dtype=torch.float64)
    blur = infinity_blur(focus, focal_mm, 1.8, 36.0)
    disc = circle_of_confusion(
        torch.full((1, 1, 1), depth).double(), torch.ones(1, 1, 1, dtype=torch.bool), focus, blur
    )
    assert float(disc) * 36 == pytest.approx(disc_on_sensor_mm(depth, 2.0, focal_mm, 1.8), rel=1e-6, abs=1e-9)


def test_no_geometry_is_infinitely_far():
    depth, mask = torch.zeros(1, 2, 2), torch.zeros(1, 2, 2, dtype=torch.bool)
    disc = circle_of_confusion(depth, mask, torch.tensor([3.0]), torch.tensor([0.02]))
    assert torch.equal(disc, torch.full((1, 2, 2), 0.02))


def test_the_lens_of_a_picture_sees_its_field_of_view():
    focus = torch.tensor([1.5])
    focal = focal_mm_from_intrinsics(intrinsics_from_fov_x_degrees(40.0, 100, 150), focus, 36.0)
    to_sensor = 1 / (1 / focal - 1 / 1500)
    assert float(torch.rad2deg(2 * torch.atan(18 / to_sensor))) == pytest.approx(40.0, abs=1e-3)
    metric = pointmap(plane(30, 40, 0.0)[0], fov=40.0, metric=True)
    assert blur_at_infinity(metric, focus, 2.0) == pytest.approx(float(infinity_blur(focus, focal, 2.0)), rel=1e-5)
    assert blur_at_infinity(metric, focus, 2.0, focal_mm=85.0) > 2 * blur_at_infinity(metric, focus, 2.0)


def test_a_lens_needs_metres_and_a_focus_beyond_its_focal_length():
    with pytest.raises(ValueError, match="set blur_by to percent"):
        blur_at_infinity(pointmap(plane(30, 40, 0.0)[0]), torch.tensor([2.0]), 2.0)
    with pytest.raises(ValueError, match="focal_mm"):
        infinity_blur(torch.tensor([0.1]), 100.0, 2.0)
    with pytest.raises(ValueError, match="f_number"):
        infinity_blur(torch.tensor([2.0]), 50.0, 0.0)


def test_a_blur_is_a_percentage_or_what_a_lens_gives():
    metric, focus = pointmap(plane(30, 40, 0.0)[0], metric=True), torch.tensor([2.0])
    blurs = {by: Blur(by, percent=3.0, f_number=1.4).at_infinity(metric, focus) for by in BLUR_BY}
    assert blurs["percent"].tolist() == pytest.approx([0.03])
    assert torch.equal(blurs["f-number"], blur_at_infinity(metric, focus, 1.4))
    with pytest.raises(ValueError, match="blur_by came as 'gone'"):
        Blur("gone").at_infinity(metric, focus)

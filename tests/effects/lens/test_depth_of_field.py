"""Depth of field: truth from rays through a lens, and what must not change."""

import math
from dataclasses import replace

import pytest
import torch
from closed_form import plane, pointmap
from torch.nn import functional as F

from development.scenes.closed_form import box_before_wall
from development.scenes.renderer import render
from development.scenes.thin_lens import at_infinity, render_through_lens
from sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from sam3d_geometry.geometry.colour import srgb_from_linear


def given(focus, blur):
    return torch.tensor([focus]), torch.tensor([blur])


def noise(*size):
    return torch.rand(1, *size, 3, generator=torch.Generator().manual_seed(0))


def test_it_is_nearer_to_rays_through_a_lens_than_a_gaussian_by_depth():
    height, width, blur, focus = 48, 64, 0.1, 5.0
    scene = box_before_wall(distance=2, wall_distance=5)
    sharp = render(scene, scene.camera, height, width, samples=3, dtype=torch.float32)
    lens_radius = blur / at_infinity(scene.camera, focus, 1.0)
    truth = render_through_lens(scene, scene.camera, height, width, focus=focus, lens_radius=lens_radius, views=32)
    truth = srgb_from_linear(truth)
    seen = replace(sharp.pointmap(False), image=srgb_from_linear(sharp.image.square()))
    ours, disc = depth_of_field(seen, *given(focus, blur), largest=0.2)
    radius = (disc * 0.2 * width / 2 * 8).round() / 8
    gaussian = seen.image.clone()
    for r in radius.unique():
        if r > 0.5:
            reach = math.ceil(1.5 * float(r))
            bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / (float(r) / 2)).square())
            bell = (bell / bell.sum()).expand(3, 1, 1, -1)
            padded = F.pad(seen.image.movedim(-1, 1), (reach,) * 4, mode="replicate")
            spread = F.conv2d(F.conv2d(padded, bell, groups=3), bell.transpose(2, 3), groups=3)
            gaussian = torch.where((radius == r)[..., None], spread.movedim(1, -1), gaussian)
    error, plain = ((picture[0] - truth).square().mean() for picture in (ours, gaussian))
    assert 10 * math.log10(1 / float(error)) > 34
    assert error < plain / 2  # 3 dB


def test_what_is_in_focus_stays_bit_for_bit():
    wall = pointmap(plane(40, 60, 0.0)[0], image=noise(40, 60))
    picture, blur = depth_of_field(wall, *given(2.0, 0.05), highlights=5.0)
    assert torch.equal(picture, wall.image) and float(blur.max()) < 1e-5


def test_no_blur_and_no_geometry_return_the_picture():
    tilted = pointmap(plane(40, 60, 50.0)[0], image=noise(40, 60))
    assert torch.equal(depth_of_field(tilted, *given(2.0, 0.0))[0], tilted.image)
    nothing = pointmap(torch.zeros(1, 40, 60), image=noise(40, 60))
    picture, blur = depth_of_field(nothing, *given(1.0, 0.05))
    assert torch.equal(picture, nothing.image) and float(blur.max()) == 0


def test_sky_is_blurred_as_what_is_infinitely_far():
    depth = torch.full((1, 30, 40), 2.0)
    depth[:, :10] = 0
    _, blur = depth_of_field(pointmap(depth), *given(2.0, 0.04), largest=0.08)
    assert torch.allclose(blur[:, :10], torch.full((1, 10, 40), 0.5)) and float(blur[:, 10:].max()) == 0


def test_frames_are_treated_one_by_one_each_with_its_focus():
    both = pointmap(
        torch.cat([plane(24, 36, 30.0)[0], plane(24, 36, 60.0)[0]]), image=noise(24, 36).expand(2, -1, -1, -1)
    )
    focus, blur = torch.tensor([2.0, 1.5]), torch.tensor([0.05, 0.1])
    together, _ = depth_of_field(both, focus, blur)
    for i in range(2):
        alone, _ = depth_of_field(both[i], focus[i : i + 1], blur[i : i + 1])
        assert torch.allclose(together[i : i + 1], alone, atol=1e-6)


def test_highlights_make_bright_discs_and_leave_grey_alone():
    image = torch.full((1, 60, 60, 3), 0.4)
    image[:, 30, 30] = 1.0
    flat = pointmap(torch.full((1, 60, 60), 4.0), image=image)
    plain, boosted = (depth_of_field(flat, *given(2.0, 0.2), highlights=h, largest=0.2)[0] for h in (1.0, 30.0))
    assert float(boosted[0, 30, 33, 0]) > float(plain[0, 30, 33, 0]) + 0.05
    assert torch.allclose(boosted[0, :10], image[0, :10], atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3)])
def test_single_pixels(size):
    tiny = pointmap(torch.full((1, *size), 5.0), image=noise(*size))
    picture, _ = depth_of_field(tiny, *given(0.5, 0.1), largest=1.0)
    assert picture.shape == (1, *size, 3) and bool(picture.isfinite().all())


def test_a_largest_blur_of_nothing_is_refused():
    with pytest.raises(ValueError, match="largest"):
        depth_of_field(pointmap(plane(4, 6, 0.0)[0]), *given(1.0, 0.1), largest=0.0)

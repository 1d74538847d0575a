"""Line art: planes are blank, outlines and creases lie where they are, lines have the width asked for."""

import closed_form
import pytest
import torch

from sam3d_geometry.maps.line_art import edge_strength, line_art, lines_from_strength

SIZE = (72, 96)


def drawing(depth, scale=1, **options):
    size = (depth.shape[1] * scale, depth.shape[2] * scale)
    return line_art(closed_form.pointmap(depth, source_size=size), **options)


@pytest.mark.parametrize("tilt", [0, 30, 50])
def test_a_plane_has_no_line_up_to_the_border(tilt):
    depth, _ = closed_form.plane(*SIZE, tilt, 30.0, distance=5.0)
    assert bool((depth > 0).all())
    assert drawing(depth, 2).max() == 0


def test_a_ball_has_an_outline_and_nothing_inside():
    depth, _ = closed_form.sphere(*SIZE)
    lines = drawing(depth, 2)
    inside = torch.nn.functional.max_pool2d((depth == 0).float()[:, None], 15, 1, 7)[:, 0] == 0
    assert lines.max() == 1
    assert lines[inside.repeat_interleave(2, 1).repeat_interleave(2, 2)].max() == 0


@pytest.mark.parametrize("scale", [1, 4])
def test_a_box_before_a_wall_is_outlined_at_its_edge(scale):
    depth, _, _box = closed_form.box_before_wall(*SIZE)
    lines = drawing(depth, scale, width=3.0)[0]
    row = lines[SIZE[0] * scale * 7 // 16]
    found = (row * torch.arange(len(row))).view(2, -1).sum(1) / row.view(2, -1).sum(1)
    edges = torch.tensor([SIZE[1] // 4, SIZE[1] * 5 // 8]) * scale - 0.5
    assert (found - edges).abs().max() < 0.5 * scale


def test_the_creases_of_a_room_are_drawn_only_if_asked_for():
    depth, _, _ = closed_form.box_room(*SIZE)
    assert drawing(depth).mean() > 0.01
    assert drawing(depth, crease_degrees=180.0).max() == 0
    assert drawing(depth, crease_degrees=150.0).max() == 0


@pytest.mark.parametrize("width", [1.0, 2.0, 5.0])
def test_a_line_is_as_wide_as_asked(width):
    depth = torch.full((1, 40, 60), 4.0)
    depth[:, :, 30:] = 2.0
    lines = drawing(depth, 4, width=width)
    assert lines[0, 80].sum() == pytest.approx(width, abs=0.15)


def test_a_slanted_edge_has_no_steps_of_the_grid():
    rows, columns = torch.arange(72.0)[:, None], torch.arange(96.0)[None]
    # coverage of each pixel, as a network gives it
    near = ((columns - 40 - 0.3 * rows) + 0.5).clamp(0, 1)
    lines = drawing((1 / (0.2 + 0.3 * near))[None], 4, width=3.0)[0]
    at = torch.arange(384.0)
    middle = (lines * at).sum(1) / lines.sum(1).clamp_min(1e-6)
    inner = slice(40, 248)
    straight = 4 * 40 + 0.3 * torch.arange(288.0)
    error = (middle - straight)[inner]
    assert (error - error.mean()).abs().max() < 0.6 and error.mean().abs() < 2.5


def test_a_threshold_decides():
    depth, _, _ = closed_form.box_before_wall(*SIZE, near=4.0, far=4.4)
    assert drawing(depth, jump_percent=4.0, crease_degrees=180.0).max() == 1
    assert drawing(depth, jump_percent=40.0, crease_degrees=180.0).max() == 0


def test_the_border_of_the_mask_is_drawn_without_jumps_and_creases():
    depth = torch.full((1, 96, 96), 2.0)
    depth[:, :40] = 0  # sky
    assert drawing(depth, jump_percent=100.0, crease_degrees=180.0)[0, 36:44, 48].max() == 1
    assert drawing(torch.full_like(depth, 2.0), jump_percent=100.0, crease_degrees=180.0).max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (6, 1), (2, 2), (9, 14)])
@pytest.mark.parametrize("valid", [True, False])
def test_any_size_and_no_geometry_give_a_blank_page(size, valid):
    lines = drawing(torch.full((1, *size), 2.0 if valid else 0.0), 3)
    assert lines.shape == (1, size[0] * 3, size[1] * 3) and (lines == 0).all()


def test_a_batch_is_its_frames():
    depths = torch.cat([closed_form.box_room(*SIZE)[0], closed_form.sphere(*SIZE)[0]])
    assert torch.allclose(drawing(depths)[1:], drawing(depths[1:]), atol=1e-5)


@pytest.mark.parametrize("smoothing", [0, 1, 8, 64])
def test_any_smoothing_leaves_a_plane_blank_and_the_page_finite(smoothing):
    tilted, _ = closed_form.plane(*SIZE, 30, 30.0, distance=5.0)
    assert drawing(tilted, smoothing=smoothing).max() == 0
    room = drawing(closed_form.box_room(*SIZE)[0], smoothing=smoothing)
    assert torch.isfinite(room).all() and (smoothing > 2 or room.max() == 1)


@pytest.mark.parametrize(("radius", "sigma"), [(0, 0.5), (2, 1.2)])
def test_smoothing_is_the_radius_of_a_blur(radius, sigma):
    depth, _, _ = closed_form.box_room(*SIZE)
    strength = edge_strength(closed_form.pointmap(depth), sigma=sigma)
    assert torch.equal(drawing(depth, smoothing=radius), lines_from_strength(strength, SIZE))


def test_bad_values_are_refused():
    pointmap = closed_form.pointmap(torch.ones(1, 8, 8))
    with pytest.raises(ValueError, match="blur"):
        edge_strength(pointmap, sigma=0.0)
    with pytest.raises(ValueError, match="width"):
        lines_from_strength(torch.zeros(1, 8, 8), (8, 8), 0.0)

"""Smoothing is an exponential average that starts again at a cut, and a clip cut into runs is smoothed as one."""

import closed_form
import numpy
import pytest
import torch
from PIL import Image
from repository import PHOTOS

from sam3d_geometry.clips.cuts import CUT_THRESHOLD, frame_changes
from sam3d_geometry.clips.plain_average import smooth_images, smooth_pointmap
from sam3d_geometry.geometry.resize import resize_image


def photo(name):
    picture = numpy.asarray(Image.open(PHOTOS / f"{name}.jpg").convert("RGB")).astype(numpy.float32) / 255
    return torch.from_numpy(picture)[None]


def looks(images):
    return torch.cat([resize_image(image, (48, 48)) for image in images])


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.95])
def test_a_step_is_answered_by_the_closed_form(strength):
    # the pictures differ little enough not to be a cut
    images = torch.full((12, 5, 6, 3), 0.4)
    images[3:] = 0.6
    smoothed, _ = smooth_images(images, strength, cut_threshold=1.0)
    expected = [0.4] * 3 + [0.6 - 0.2 * strength ** (k + 1) for k in range(9)]
    assert torch.allclose(smoothed[:, 0, 0, 0], torch.tensor(expected), atol=1e-6)


def test_every_pair_of_photos_is_a_cut():
    names = ["astronaut", "cat", "coffee", "rocket", "temple"]
    for first in names:
        for second in names:
            if first != second:
                assert frame_changes(looks([photo(first), photo(second)]))[1] > CUT_THRESHOLD, (first, second)


@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "rocket", "temple"])
@pytest.mark.parametrize("motion", ["pan", "zoom", "darken"])
def test_fast_motion_over_one_photo_is_no_cut(name, motion):
    whole = photo(name)
    height, width = whole.shape[1:3]
    frames = []
    for i in range(8):
        step = i * width // 40  # 2.5 % of the width a frame is a fast pan
        part = whole[:, :, step : step + width * 3 // 4] if motion == "pan" else whole
        if motion == "zoom":
            part = whole[:, i * height // 40 : height - i * height // 40, step : width - step]
        frames.append(part * (1 - 0.02 * i) if motion == "darken" else part)
    assert frame_changes(looks(frames))[1:].max() < CUT_THRESHOLD


def test_smoothing_starts_again_at_a_cut():
    images = torch.cat([resize_image(photo(name), (40, 50)) for name in ("cat", "cat", "rocket", "rocket")])
    smoothed, _ = smooth_images(images, 0.9)
    assert torch.allclose(smoothed, images, atol=1e-6)


def test_cuts_are_found_in_the_guide():
    ramp = torch.linspace(0, 1, 64)[None, :, None, None]
    depth = (ramp * torch.tensor([0.8, 0.8, 0.9, 0.9]).view(4, 1, 1, 1)).expand(4, 64, 8, 3)
    guide = torch.cat([resize_image(photo(name), (40, 50)) for name in ("cat", "cat", "rocket", "rocket")])
    assert torch.equal(smooth_images(depth, 0.9, guide)[0], depth)
    assert smooth_images(depth, 0.9)[0][2].max() < 0.82
    with pytest.raises(ValueError, match="same number"):
        smooth_images(depth, 0.9, guide[:2])


@pytest.mark.parametrize("lengths", [(1,) * 6, (2, 3, 1), (5, 1)], ids=str)
def test_runs_that_carry_the_state_equal_one_run(lengths):
    torch.manual_seed(0)
    images = torch.rand(6, 7, 9, 3) * 0.1 + 0.4
    depth = torch.rand(6, 7, 9) + 1
    pointmap = closed_form.pointmap(depth, torch.rand(6, 7, 9) > 0.2, images)
    whole, _ = smooth_images(images, 0.6)
    whole_map, _ = smooth_pointmap(pointmap, 0.6)
    parts, maps, state, map_state, start = [], [], None, None, 0
    for length in lengths:
        part = slice(start, start + length)
        smoothed, state = smooth_images(images[part], 0.6, state=state)
        mapped, map_state = smooth_pointmap(pointmap[part], 0.6, map_state)
        parts.append(smoothed)
        maps.append(mapped.points)
        start += length
    assert torch.allclose(torch.cat(parts), whole, atol=1e-6)
    assert torch.allclose(torch.cat(maps), whole_map.points, rtol=1e-4, atol=1e-6)


def test_a_state_of_another_size_is_not_used():
    _, state = smooth_images(torch.zeros(1, 4, 4, 3), 0.9)
    images = torch.full((1, 5, 5, 3), 0.1)
    assert torch.equal(smooth_images(images, 0.9, state=state)[0], images)


def test_pointmaps_are_smoothed_in_log_depth_where_both_frames_have_geometry():
    depth = torch.stack([torch.full((4, 6), 1.0), torch.full((4, 6), 4.0)])
    mask = torch.ones(2, 4, 6, dtype=torch.bool)
    mask[0, 0] = mask[1, 3] = False
    smoothed, _ = smooth_pointmap(closed_form.pointmap(depth, mask), 0.5)
    assert torch.allclose(smoothed.depth[1, 1:3], torch.tensor(2.0))
    assert torch.allclose(smoothed.depth[1, 0], torch.tensor(4.0)) and not smoothed.depth[1, 3].any()
    assert torch.equal(smoothed.mask, mask)


def test_inputs_are_left_alone():
    pointmap = closed_form.pointmap(
        torch.rand(3, 5, 6) + 1, normals=torch.nn.functional.normalize(torch.rand(3, 5, 6, 3), dim=-1)
    )
    points, normals = pointmap.points.clone(), pointmap.normals.clone()
    smooth_pointmap(pointmap, 0.5)
    assert torch.equal(points, pointmap.points) and torch.equal(normals, pointmap.normals)


@pytest.mark.parametrize("strength", [-0.1, 0.96, float("nan")])
def test_strength_is_checked(strength):
    with pytest.raises(ValueError, match="between 0 and 0.95"):
        smooth_images(torch.zeros(1, 2, 2, 3), strength)

"""Two eyes: disparity against its formula, layouts, anaglyphs and units."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.stereo import EYE_LAYOUTS, PHOTO_EYES, Eyes, anaglyph, arrange, eye_distance, stereo

SIZE = (24, 64)


def wall(depth, metric=True):
    """A flat wall with a column that is white at the middle of the photo, on black."""
    image = torch.zeros(1, *SIZE, 3)
    image[:, :, 31:33] = 1
    return closed_form.pointmap(torch.full((1, *SIZE), depth), image=image, metric=metric)


def eyes(pointmap, **options):
    (pictures, _), *_ = stereo(pointmap, eyes=Eyes(layout="left then right", **options))
    return pictures


def centre(picture):
    """Column of the middle of what is white."""
    weight = picture[..., 0].sum(0)
    return float((weight * torch.arange(len(weight))).sum() / weight.sum())


@pytest.mark.parametrize("photo_eye", PHOTO_EYES)
@pytest.mark.parametrize(("depth", "screen_distance"), [(2.0, 4.0), (8.0, 4.0), (4.0, 4.0)])
def test_disparity_is_that_of_two_shifted_parallel_cameras(depth, screen_distance, photo_eye):
    pointmap = wall(depth)
    left, right = eyes(pointmap, screen_distance=screen_distance, eye_distance_mm=400.0, photo_eye=photo_eye)
    focal = float(pointmap.intrinsics[0, 0, 0]) * SIZE[1]
    expected = focal * 0.4 * (1 / depth - 1 / screen_distance)
    assert centre(left) - centre(right) == pytest.approx(expected, abs=0.06)  # what torch's bicubic kernel is off


def test_things_at_the_screen_distance_do_not_part_and_swapping_exchanges_the_eyes():
    pointmap = wall(3.0)
    left, right = eyes(pointmap)
    assert torch.allclose(left, right, atol=1e-4)
    left, right = eyes(wall(3.0), screen_distance=6.0)
    swapped = eyes(wall(3.0), screen_distance=6.0, swap=True)
    assert torch.equal(swapped[0], right) and torch.equal(swapped[1], left)


def test_eyes_without_distance_see_the_photo_itself():
    pointmap = wall(3.0)
    left, right = eyes(pointmap, eye_distance_mm=0.0)
    assert torch.equal(left, pointmap.image[0]) and torch.equal(right, pointmap.image[0])


@pytest.mark.parametrize(
    ("layout", "size"),
    zip(EYE_LAYOUTS, [(24, 128), (24, 64), (48, 64), (24, 64), (24, 64), (24, 64), (24, 64)]),
)
def test_layouts_have_their_size_and_the_mask_goes_with_them(layout, size):
    ((picture, holes),) = stereo(wall(3.0), eyes=Eyes(layout=layout, screen_distance=1.0, eye_distance_mm=300.0))
    frames = 2 if layout == "left then right" else 1
    assert picture.shape == (frames, *size, 3) and holes.shape == (frames, *size) and holes.max() == 1


def test_half_width_of_an_odd_size_keeps_every_column():
    left, right = torch.rand(3, 5, 3), torch.rand(3, 5, 3)
    both = arrange(left, right, "side by side half")[0]
    assert both.shape == (3, 6, 3)
    assert torch.allclose(both[:, 0], (left[:, 0] + left[:, 1]) / 2) and torch.equal(both[:, 2], left[:, 4])


def test_red_shows_the_left_eye_and_cyan_the_right():
    white, black = torch.ones(2, 2, 3), torch.zeros(2, 2, 3)
    for method in ("anaglyph dubois", "anaglyph half color"):
        left, right = anaglyph(white, black, method), anaglyph(black, white, method)
        assert left[..., 0].min() > 0.9 and left[..., 1:].max() < 0.1
        assert right[..., 0].max() < 0.1 and right[..., 1:].min() > 0.9
        assert (anaglyph(white * 0.5, white * 0.5, method) - 0.5).abs().max() < 0.03


def test_millimetres_count_for_metric_maps_and_a_share_of_depth_for_others():
    assert eye_distance(wall(3.0), 65.0) == pytest.approx(0.065)
    assert eye_distance(wall(3.0, metric=False), 65.0) == pytest.approx(0.1)
    assert eye_distance(wall(3.0, metric=False), 130.0) == pytest.approx(0.2)


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize("layout", EYE_LAYOUTS)
def test_odd_frames_stay_finite(size, valid, layout):
    pointmap = closed_form.pointmap(torch.full((2, *size), 2.0 * valid), image=torch.rand(2, *size, 3))
    made = list(stereo(pointmap, eyes=Eyes(layout=layout)))
    assert len(made) == 2
    assert all(bool(torch.isfinite(picture).all() and torch.isfinite(holes).all()) for picture, holes in made)


@pytest.mark.parametrize(
    "given", [{"layout": "gone"}, {"photo_eye": "gone"}, {"image": torch.rand(3, 4, 4, 3)}, {"screen_distance": 0.0}]
)
def test_bad_inputs_are_refused_in_one_sentence(given):
    with pytest.raises(ValueError, match="gone|frames|screen_distance came as 0") as caught:
        next(stereo(wall(3.0), given.pop("image", None), Eyes(**given)))
    assert "\n" not in str(caught.value)

"""One place is alike in any light and a little farther on; other places are not."""

import pytest
import torch
from moving_places import pan, place
from repository import ROOT
from torch.nn import functional as F

from sam3d_geometry.clips.cuts import thumbnails
from sam3d_geometry.clips.likeness import ONE_PLACE, coarse_looks, detail_likeness, likeness, patterns, same_place
from sam3d_geometry.files.photo import read_photo
from sam3d_geometry.geometry.resize import resize_image


def test_light_and_a_step_aside_do_not_matter():
    first, *_, last = pan(1, 13, 0.01)
    assert same_place(first, last) and same_place(first, 0.3 * last + 0.4) and likeness(first, last) > 0.8
    assert likeness(first, first) == pytest.approx(1, abs=1e-5) == detail_likeness(first, first)


def test_other_places_and_pictures_upside_down_are_none():
    looks = [thumbnails(place(seed)[:, :, :96])[0] for seed in range(12)]
    most = [likeness(a, b) for i, a in enumerate(looks) for b in looks[:i]]
    assert max(most) < ONE_PLACE
    assert likeness(looks[0], 1 - looks[0]) < ONE_PLACE


def photo_look(name, left=0.0, zoom=1.0):
    """Thumbnail of a photo of docs/photos, of which a window of eight tenths is shown."""
    image = resize_image(read_photo(ROOT / "docs" / "photos" / f"{name}.jpg").image, (144, 192))
    window = torch.tensor([[[0.8 / zoom, 0, left], [0, 0.8 / zoom, 0]]])
    grid = F.affine_grid(window, [1, 3, 144, 192], align_corners=False)
    shown = F.grid_sample(image.movedim(-1, 1), grid, align_corners=False).movedim(1, -1)
    return thumbnails(shown)[0]


@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "rocket", "temple"])
def test_photos_are_one_place_in_motion_light_and_noise_and_others_are_not(name):
    first = photo_look(name)
    for left, zoom in ((0.1, 1.0), (-0.05, 1.05)):
        noise = 0.01 * torch.randn(48, 48, 3, generator=torch.Generator().manual_seed(0))
        assert same_place(first, (0.5 * photo_look(name, left, zoom) + noise).clamp(0, 1))
    # the temple and the coffee are alike in where they are light and dark
    others = {"astronaut", "cat", "coffee", "rocket", "temple"} - {name}
    assert not any(same_place(first, photo_look(other, zoom=zoom)) for other in others for zoom in (1.0, 1.2))


def test_contrast_goes_with_the_light():
    looks = torch.rand(2, 48, 48, 3)
    assert coarse_looks(looks).shape == (2, 3, 12, 12)
    assert torch.allclose(patterns(0.5 * looks + 0.2).norm(dim=1), 0.5 * patterns(looks).norm(dim=1), rtol=1e-4)

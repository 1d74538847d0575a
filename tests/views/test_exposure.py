"""Exposure: photos of one surface come to one brightness, and the set keeps its own."""

import torch

from sam3d_geometry.views.exposure import gains_of


def test_gains_undo_different_exposures_of_one_surface():
    surface = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) * 0.3 + 0.05
    exposure = torch.tensor([1.0, 1.5, 0.8])
    light = surface * exposure[:, None, None]
    gains = gains_of(light, torch.ones(3, 500))
    level = gains * exposure[:, None]
    assert (level.amax(0) / level.amin(0)).max() < 1.05
    torch.testing.assert_close(gains.log().mean(0), torch.zeros(3), atol=1e-5, rtol=0)


def test_shadows_and_highlights_of_one_photo_do_not_count():
    surface = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) * 0.3 + 0.05
    light = torch.stack([surface, surface * 1.4])
    light[1, :150] *= 0.1
    gains = gains_of(light, torch.ones(2, 500))
    ratio = gains[0] / gains[1]
    assert (ratio / 1.4 - 1).abs().max() < 0.1


def test_photos_that_share_nothing_stay_as_they_are():
    seen = torch.tensor([[1.0] * 5 + [0.0] * 5, [0.0] * 5 + [1.0] * 5])
    assert torch.equal(gains_of(torch.rand(2, 10, 3), seen), torch.ones(2, 3))
    assert torch.equal(gains_of(torch.rand(1, 10, 3), seen[:1]), torch.ones(1, 3))

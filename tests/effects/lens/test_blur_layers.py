"""Light spread by layers: nothing lost, discs of the right size, no halo, soft edges over what is hidden."""

import math

import pytest
import torch
from torch.overrides import TorchFunctionMode

from sam3d_geometry.effects.lens import blur_layers as blur_layers_module
from sam3d_geometry.effects.lens import spread_layers
from sam3d_geometry.effects.lens.aperture import Aperture
from sam3d_geometry.effects.lens.blur_layers import blur_layers
from sam3d_geometry.effects.lens.spread_layers import Layer, scale_of_layer

DISC = Aperture()


def point_light(size, at, power=1000.0):
    light = torch.zeros(*size, 3)
    light[at] = power
    return light


@pytest.mark.parametrize("radius", [-31.5, -8.4, 0.7, 2.4, 5.3, 12.7, 22.2, 47.0])
def test_a_point_light_becomes_a_disc_of_its_radius_with_all_its_light(radius):
    size = (140, 170)
    spread = blur_layers(point_light(size, (70, 81)), torch.full(size, radius), DISC)[..., 0].double()
    assert float(spread.sum()) == pytest.approx(1000, rel=1e-4)
    y, x = torch.meshgrid(torch.arange(140.0) - 70, torch.arange(170.0) - 81, indexing="ij")
    # large discs are drawn at 1 / scale of the resolution, so their middle is known to half a pixel of that
    scale = scale_of_layer(Layer(1, radius), DISC)
    astray = (scale - 1) / 2 + 0.001
    assert abs(radius) >= 5 * scale or scale == 1
    assert max(abs(float((spread * x).sum())), abs(float((spread * y).sum()))) < 1000 * astray
    if abs(radius) > 2:
        inside = spread > 0.5 * 1000 / (math.pi * radius**2)
        assert math.sqrt(int(inside.sum()) / math.pi) == pytest.approx(abs(radius), abs=0.5)
        # in every direction, not only in area
        reach = (x.square() + y.square()).sqrt()
        assert abs(float(reach[inside].max()) - abs(radius)) < 1 + 0.02 * abs(radius)


def test_three_lights_at_three_depths_each_have_their_own_radius():
    radius = torch.full((160, 300), -9.4)
    radius[:, 100:200] = 14.3
    radius[:, 200:] = 4.6
    light = sum(point_light((160, 300), (80, x)) for x in (50, 150, 250))
    spread = blur_layers(light, radius, DISC)[..., 0].double()
    for x, expected in ((50, 9.4), (150, 14.3), (250, 4.6)):
        own = spread[:, x - 50 : x + 50]
        assert float(own.sum()) == pytest.approx(1000, rel=0.01)
        inside = own > 0.5 * 1000 / (math.pi * expected**2)
        assert math.sqrt(int(inside.sum()) / math.pi) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("ends", [(-12.0, 14.0), (0.0, 9.0), (-20.0, -1.0)], ids=str)
def test_a_slanted_surface_keeps_its_light_and_an_even_one_its_evenness(ends):
    radius = torch.linspace(*ends, 90)[:, None].expand(90, 60).contiguous()
    even = torch.full((90, 60, 3), 0.37)
    assert torch.allclose(blur_layers(even, radius, DISC), even, atol=1e-5)
    noise = torch.rand(90, 60, 3, generator=torch.Generator().manual_seed(0))
    assert float(blur_layers(noise, radius, DISC).double().mean() / noise.double().mean()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("radius", [3.0, 17.0, 45.0, -17.0])
def test_a_light_on_a_grey_wall_keeps_its_power(radius):
    wall = torch.full((200, 200, 3), 0.2)
    wall[100, 100] = 500.0
    spread = blur_layers(wall, torch.full((200, 200), radius), DISC)
    assert float((spread - 0.2)[..., 0].double().sum()) == pytest.approx(499.8, rel=0.01)


def test_a_sharp_subject_stays_and_gives_nothing_to_the_blur_behind_it():
    radius = torch.full((120, 160), 13.0)
    radius[30:90, 50:110] = 0.0
    light = torch.full((120, 160, 3), 0.1)
    light[30:90, 50:110] = torch.tensor([1.0, 0.0, 0.0])
    spread = blur_layers(light, radius, DISC)
    assert torch.allclose(spread, light, atol=1e-4)


def test_a_blurred_object_bleeds_over_a_sharp_background_to_half_at_its_edge():
    light = torch.zeros(120, 200, 3)
    light[:, :100] = 1.0
    radius = torch.zeros(120, 200)
    radius[:, :100] = -12.0
    row = blur_layers(light, radius, DISC)[60, :, 0]
    across = torch.arange(200) + 0.5 - 100
    # a half plane spread over a disc: its share to the left of x
    x = (across / 12).clamp(-1, 1)
    expected = torch.where(across < -12, 1.0, (torch.acos(x) - x * (1 - x.square()).sqrt()) / math.pi)
    assert torch.allclose(row, expected.float(), atol=0.01)


def test_hidden_background_is_carried_on_behind_a_blurred_object():
    light = torch.zeros(100, 160, 3)
    light[..., 1] = 0.6  # green behind
    light[20:80, 60:100] = torch.tensor([0.8, 0.0, 0.0])
    radius = torch.zeros(100, 160)
    radius[20:80, 60:100] = -10.0
    spread = blur_layers(light, radius, DISC)
    # every pixel mixes the two colours and nothing else
    assert torch.allclose(spread[..., 0] / 0.8 + spread[..., 1] / 0.6, torch.ones(100, 160), atol=0.02)
    assert float(spread[50, 61, 1]) > 0.2  # just inside the object the green is seen through its edge


def test_a_slope_before_the_focus_has_no_seams_over_a_bright_background():
    """Between the layers of one dark surface the bright background behind it must not come through."""
    light = torch.full((160, 120, 3), 1e-3)
    light[:20] = 1.0
    radius = torch.linspace(0, -15, 160)[:, None].expand(160, 120).contiguous()
    radius[:20] = 6.0
    spread = blur_layers(light, radius, DISC)[60:, :, 0]
    assert float(spread.max()) < 2e-3


@pytest.mark.parametrize("radius", [6.0, -6.0, 30.0])
def test_tiles_and_borders_leave_no_seam(radius):
    x = torch.linspace(0.2, 0.8, 300)
    ramp = x[None, :, None].expand(260, 300, 3).contiguous()
    spread = blur_layers(ramp, torch.full((260, 300), radius), DISC)
    inner = spread[:, 70:-70]
    assert torch.allclose(inner, ramp[:, 70:-70], atol=1e-4)
    assert float(spread.diff(dim=1).abs().max()) < 1.05 * float(x[1] - x[0])
    assert torch.allclose(spread, spread[:1].expand_as(spread), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (3, 200)])
@pytest.mark.parametrize("radius", [-50.0, -2.0, 0.0, 9.0, 200.0])
def test_the_smallest_pictures(size, radius):
    light = torch.rand(*size, 3, generator=torch.Generator().manual_seed(0))
    spread = blur_layers(light, torch.full(size, radius), DISC)
    assert spread.shape == light.shape and bool(spread.isfinite().all())
    assert float(spread.min()) >= float(light.min()) - 1e-4 and float(spread.max()) <= float(light.max()) + 1e-4


def test_random_radii_give_nothing_outside_the_range_of_the_picture():
    generator = torch.Generator().manual_seed(4)
    light = torch.rand(60, 70, 3, generator=generator)
    radius = torch.randn(60, 70, generator=generator) * 9
    for aperture in (DISC, Aperture("polygon", 5), Aperture(cats_eye=0.7)):
        spread = blur_layers(light, radius, aperture)
        assert bool(spread.isfinite().all()) and float(spread.min()) > -1e-3 and float(spread.max()) < 1.001


class Planes(TorchFunctionMode):
    """Notes how many planes of the picture each resizing of it takes at once."""

    def __init__(self):
        super().__init__()
        self.most, self.seen = 0, set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func.__name__ in ("interpolate", "avg_pool2d") and args[0].shape[0] == 1:
            self.seen.add(func.__name__)
            self.most = max(self.most, args[0].shape[1])
        return func(*args, **(kwargs or {}))


def test_a_cancel_is_heard_between_the_planes_of_the_whole_picture():
    """At 8K one of these steps over all planes is longer than the two seconds in which a cancel is to be heard."""
    radius = torch.full((64, 96), 3.0)
    radius[20:40, 30:60] = -3.0
    with Planes() as planes:
        blur_layers(torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(0)), radius, DISC)
    assert planes.seen == {"interpolate", "avg_pool2d"} and planes.most == 1


@pytest.mark.parametrize("aperture", [DISC, Aperture(cats_eye=0.6)], ids=["disc", "cat's eye"])
def test_tiles_taken_together_as_on_a_gpu_give_the_picture_of_tiles_one_by_one(monkeypatch, aperture):
    light = torch.rand(131, 257, 3, generator=torch.Generator().manual_seed(1))
    radius = torch.linspace(-40, 25, 257).expand(131, 257)
    one_by_one = blur_layers(light, radius, aperture)
    for module in (blur_layers_module, spread_layers):
        monkeypatch.setattr(module, "tiles_apart", lambda rows, columns: [(slice(None), rows, columns)])
    assert torch.allclose(blur_layers(light, radius, aperture), one_by_one, atol=1e-5)
    assert float((one_by_one - light).abs().mean()) > 0.05


class OnlyPairs(TorchFunctionMode):
    """Refuses transforms of real planes to and from half a spectrum, which take twice as long as two planes as one of complex numbers."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        assert "rfft" not in func.__name__, func.__name__
        return func(*args, **(kwargs or {}))


def test_planes_are_spread_in_pairs():
    radius = torch.linspace(-9, 9, 96).expand(64, 96)
    with OnlyPairs():
        blur_layers(torch.rand(64, 96, 3, generator=torch.Generator().manual_seed(0)), radius, DISC)

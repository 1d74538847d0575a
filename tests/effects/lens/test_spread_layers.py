"""Layers at a scale: blocks of one layer and pixels along its edges give together what each layer's own picture averages to."""

import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.effects.lens.aperture import Aperture
from sam3d_geometry.effects.lens.spread_layers import (
    MARGINS,
    TILE,
    Blocks,
    Layer,
    LayersAtScale,
    Picture,
    mirrored,
    reach_in_pixels,
    scale_of_layer,
)

DISC = Aperture()


def pictures(light, layer_map, scale):
    """The picture as it is, and at a scale."""
    full = picture = Picture.of(light, layer_map)
    while picture.scale < scale:
        picture = picture.halved()
    return full, picture


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("edges", ["even", "noisy"])
def test_a_layer_is_the_average_of_its_own_pixels(scale, edges):
    generator = torch.Generator().manual_seed(3)
    light = torch.rand(3, 152, 240, generator=generator)
    layer_map = (torch.arange(240) // 61)[None].expand(152, 240).clone() - 1
    if edges == "noisy":
        layer_map = torch.randint(-1, 3, (152, 240), generator=generator)
    full, picture = pictures(light, layer_map.short(), scale)
    layers = [Layer(index, 1e-3 + 9.0 * scale) for index in (-1, 1, 2)]
    held = LayersAtScale(picture, layers, full, Blocks.of(full.lowest, -1, 2), DISC)
    for layer in layers:
        inside = (layer_map == layer.index).float()[None]
        expected = F.avg_pool2d(torch.cat([light * inside, inside]), scale)
        near, spread = torch.zeros(held.size), torch.zeros(4, *held.size)
        for tiles in held.tiles(layer):
            for n, (row, column) in enumerate(zip(tiles.rows.tolist(), tiles.columns.tolist(), strict=True)):
                part = (
                    slice(row * tiles.step, (row + 1) * tiles.step),
                    slice(column * tiles.step, (column + 1) * tiles.step),
                )
                spread[:, part[0], part[1]] = tiles.light[:, n]
                near[part] = 0 if tiles.surrounded is None else tiles.surrounded[1, n]
            assert (tiles.surrounded is not None) == (layer.index < 0)
        height, width = expected.shape[1:]
        beside = F.max_pool2d((expected[3:] > 0).float(), 3, 1, 1)[0]
        assert torch.equal(near[:height, :width], beside if layer.index < 0 else torch.zeros_like(beside))
        # what is spread is spread by the kernel, over the mirror image too
        reach = reach_in_pixels(layer.radius / scale, DISC) - 1
        kernel = DISC.kernel(layer.radius / scale, reach, 2 * reach + 1)[None]
        around = torch.stack([mirrored(p, (reach, reach), (height + 2 * reach, width + 2 * reach)) for p in expected])
        assert torch.allclose(spread[:, :height, :width], F.conv2d(around[:, None], kernel)[:, 0], atol=2e-5)


def test_what_lies_in_front_surrounds_a_front_layer():
    layer_map = torch.full((64, 64), -3).short()
    full, picture = pictures(torch.ones(3, 64, 64), layer_map, 2)
    layer = Layer(-3, -13.0)
    held = LayersAtScale(picture, [layer], full, Blocks.of(full.lowest, -3, -3), DISC)
    for tiles in held.tiles(layer):
        assert tiles.surrounded is not None
        covered, near = tiles.surrounded
        assert torch.allclose(covered[near > 0], torch.ones(int(near.sum())), atol=1e-5)


def test_only_tiles_near_a_layer_are_spread():
    layer_map = torch.zeros(1000, 1000).short()
    layer_map[40:60, 40:60] = 5
    rows, columns = Blocks.of(layer_map, 0, 5).active_tiles(Layer(5, 3.0), TILE - 16, 8)
    assert (rows.tolist(), columns.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("radius", "scale"),
    [(0.1, 1), (3.0, 1), (10.0, 1), (14.0, 1), (15.0, 2), (28.0, 2), (40.0, 4), (-89.0, 4), (-92.0, 8), (500.0, 32)],
)
def test_a_scale_leaves_a_disc_that_fits_a_tile(radius, scale):
    layer = Layer(1, radius)
    assert scale_of_layer(layer, DISC) == scale
    assert reach_in_pixels(radius / scale, DISC) <= max(MARGINS)
    assert layer.is_spread == (abs(radius) >= 0.25)

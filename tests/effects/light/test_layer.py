"""Cards and meshes: their place, size and colour as the camera sees them."""

import closed_form
import pytest
import torch
from lit_scenes import ball, wall

from sam3d_geometry.effects.light import layer as layer_file
from sam3d_geometry.effects.light.composite import Compositing, composite
from sam3d_geometry.effects.light.layer import LayerPlacement, card_layer, mesh_layer, place_layer

SIZE = (120, 160)
PLAIN = Compositing(feather=0.0, shadow_strength=0.0)


def test_a_card_facing_the_camera_has_its_size_place_and_colour():
    surface = wall()
    card = torch.tensor([0.8, 0.4, 0.2, 1.0]).expand(1, 32, 64, 4)
    placed = place_layer(
        LayerPlacement(where="distance", pixel=(0.5, 0.5), distance=2.0, size=1.0, unit="metres"), surface
    )
    picture, covered, _ = composite(surface, card_layer(card, placed, surface), placed, PLAIN)
    fx = float(surface.intrinsics[0, 0, 0] * SIZE[1])
    assert covered.sum().item() == pytest.approx(2 * (fx / 2) ** 2, rel=0.02)
    assert torch.allclose(picture[0, 60, 80], torch.tensor([0.8, 0.4, 0.2]), atol=1e-3)
    assert torch.allclose(picture[0, 2, 2], torch.full((3,), 0.25), atol=1e-4)


def test_a_mesh_as_it_is_lies_where_its_own_coordinates_say():
    surface = wall()
    vertices, faces = ball(48)
    vertices = vertices * 0.5 + torch.tensor([0.0, 0.0, -3.0])  # glTF: 3 units before the camera
    placed = place_layer(LayerPlacement(where="as is"), surface)
    layer = mesh_layer(vertices, faces, placed, surface)
    assert layer.depth[0, 60, 80].item() == pytest.approx(2.5, abs=0.01)


@pytest.mark.parametrize("pixel", [(0.5, 0.5), (0.02, 0.9), (1.0, 0.4)])
@pytest.mark.parametrize("distance", [0.05, 1.0])
def test_a_mesh_is_the_same_drawn_in_its_own_window_or_in_the_whole_picture(monkeypatch, pixel, distance):
    # parts of it are outside the picture, and of the nearer one behind the camera
    generator = torch.Generator().manual_seed(0)
    vertices, faces = torch.randn(1, 60, 3, generator=generator), torch.randint(0, 60, (1, 90, 3), generator=generator)
    pointmap = wall()
    placed = place_layer(LayerPlacement(where="distance", pixel=pixel, distance=distance, size=0.5), pointmap)
    in_window = mesh_layer(vertices, faces, placed, pointmap)
    monkeypatch.setattr(
        layer_file, "_rows_and_columns", lambda points, intrinsics, size: (slice(0, size[0]), slice(0, size[1]))
    )
    whole = mesh_layer(vertices, faces, placed, pointmap)
    assert (whole.alpha > 0).any()
    for a, b in ((in_window.colour, whole.colour), (in_window.alpha, whole.alpha), (in_window.depth, whole.depth)):
        # the center of a pixel can lie on an edge to rounding
        assert ((a - b).abs() > 1e-4).float().mean() < 1e-3


@pytest.mark.parametrize("where", ["surface", "distance"])
def test_a_card_is_drawn_in_its_own_part_of_the_picture_as_in_all_of_it(monkeypatch, where):
    """A card of two by three pixels, whose enlarged border reaches far beyond it."""
    depth, _ = closed_form.plane(48, 64, 30.0, -90.0, 3.0)
    scene = closed_form.pointmap(depth)
    rgba = torch.rand(1, 2, 3, 4, generator=torch.Generator().manual_seed(2))
    placed = place_layer(LayerPlacement(where=where, pixel=(0.4, 0.6), size=0.5, yaw=35, roll=20), scene)
    part, asked = card_layer(rgba, placed, scene), []
    inner = layer_file._rows_and_columns
    monkeypatch.setattr(
        layer_file, "_rows_and_columns", lambda *given: asked.append(inner(*given)) or (slice(0, 48), slice(0, 64))
    )
    whole = card_layer(rgba, placed, scene)
    assert asked and asked[0] != (slice(0, 48), slice(0, 64)) and part.alpha.any()
    for name in ("colour", "alpha", "depth"):
        assert torch.equal(getattr(part, name), getattr(whole, name)), name

"""What is put into a scene: pictures and meshes keep to the same law, masks hide, and clips take one layer or many."""

import closed_form
import pytest
import torch
from lit_scenes import ball

from sam3d_geometry.effects.light.composite import Compositing
from sam3d_geometry.effects.light.layer import LayerPlacement
from sam3d_geometry.effects.light.layer_source import Insertion, Meshes, Picture
from sam3d_geometry.effects.light.surface import surface_at_image

SIZE = (60, 80)
PLAIN = Compositing(feather=0.0, shadow_strength=0.0)
ALL = slice(None)


def scene(frames=1):
    """A wall 4 away, its left half 1 away."""
    depth = torch.full((frames, *SIZE), 4.0)
    depth[..., :40] = 1.0
    return closed_form.pointmap(depth, image=torch.full((frames, *SIZE, 3), 0.25))


def inserted(source, pointmap, how=PLAIN, where="distance", **place):
    placement = LayerPlacement(
        where=where, pixel=(0.5, 0.5), **{"distance": 2.0, "size": 1.0, "unit": "pointmap unit", **place}
    )
    return Insertion(source, source.place(placement, pointmap), how)


def board(height=1.0, width=2.0):
    """A flat board in glTF axes that faces +z, two triangles."""
    x, y = width / 2, height / 2
    corners = torch.tensor([[-x, -y, 0.0], [x, -y, 0.0], [x, y, 0.0], [-x, y, 0.0]])
    return Meshes(corners[None], torch.tensor([[[0, 1, 2], [0, 2, 3]]]))


@pytest.mark.parametrize("yaw", [0.0, 40.0])
def test_a_card_and_a_board_of_its_size_cover_the_same_pixels_at_the_same_distance(yaw):
    pointmap = scene()
    # the largest side of a mesh is its size, the height of a card
    card = inserted(Picture(torch.ones(1, 32, 64, 3)), pointmap, size=1.0, yaw=yaw).onto(surface_at_image(pointmap))
    mesh = inserted(board(), pointmap, size=2.0, yaw=yaw).onto(surface_at_image(pointmap))
    differ = (card[1] > 0.5) != (mesh[1] > 0.5)
    assert (card[1] > 0.5).sum() > 300 and differ.float().mean() < 0.02
    inside = (card[1] > 0.99) & (mesh[1] > 0.99)
    assert torch.allclose(card[3][inside], mesh[3][inside], atol=1e-3)


def test_the_distance_is_that_of_the_layer_also_where_it_is_covered():
    pointmap = scene()
    _, covered, _, distance = inserted(Picture(torch.ones(1, 32, 64, 3)), pointmap).onto(surface_at_image(pointmap))
    assert not covered[0, 30, 20:39].any() and covered[0, 30, 45] == 1
    assert torch.allclose(distance[0, 30, 20:60], torch.tensor(2.0), atol=1e-4)
    assert not distance[0, :, :5].any() and not distance[0, :5].any()


def test_mask_and_alpha_hide_alike_and_an_inverted_mask_hides_the_rest():
    image, mask = torch.rand(1, 20, 30, 3), (torch.arange(30) < 10).float().expand(1, 20, 30)
    cpu = torch.device("cpu")
    shown = Picture(image, mask).rgba(ALL, cpu)
    assert torch.equal(shown, Picture(torch.cat([image, mask[..., None]], -1)).rgba(ALL, cpu))
    rest = Picture(image, mask, invert=True).rgba(ALL, cpu)
    assert torch.equal(shown[..., 3] + rest[..., 3], torch.ones(1, 20, 30))
    assert torch.equal(Picture(image, 1 - mask).rgba(ALL, cpu), rest)


@pytest.mark.parametrize("source", ["picture", "mesh"])
def test_chunks_of_a_clip_are_the_clip(source):
    pointmap = scene(3)
    if source == "picture":
        many = Picture(torch.rand(3, 8, 8, 3), torch.rand(1, 4, 4))
    else:
        vertices, faces = ball(12)
        many = Meshes(vertices * torch.tensor([1.0, 0.8, 0.6]).view(3, 1, 1), faces, torch.rand(3, *vertices.shape[1:]))
    layer = inserted(many, pointmap, Compositing(shadow_samples=2, shadow_resolution=40), where="surface", size=0.5)
    whole = layer.onto(surface_at_image(pointmap))
    for part in (slice(0, 2), slice(2, 3)):
        for a, b in zip(whole, layer.onto(surface_at_image(pointmap[part]), part)):
            assert torch.allclose(a[part], b, atol=1e-6)
    assert not torch.allclose(whole[0][0], whole[0][1])


def test_a_picture_has_no_place_of_its_own_and_a_mesh_has():
    pointmap = scene()
    with pytest.raises(ValueError, match="placement came as 'as is'") as caught:
        inserted(Picture(torch.ones(1, 4, 4, 3)), pointmap, where="as is")
    assert "\n" not in str(caught.value)
    vertices, faces = ball(24)
    mesh = Meshes(vertices * 0.5 + torch.tensor([0.3, 0.0, -2.0]), faces)
    *_, distance = inserted(mesh, pointmap, where="as is").onto(surface_at_image(pointmap))
    assert distance[distance > 0].min().item() == pytest.approx(1.5, abs=0.02)

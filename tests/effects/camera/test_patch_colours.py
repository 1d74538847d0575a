"""Colours at places on patches: the photo's own, continuous on a surface and unmixed at its edge."""

import closed_form
import torch

from sam3d_geometry.effects.camera.patch_colours import colours_at, put
from sam3d_geometry.effects.camera.patches import Patches

SIZE = (40, 56)


def red_box_before_blue_wall():
    depth, _, box = closed_form.box_before_wall(*SIZE, 2.0, 4.0)
    image = torch.where(box[0, ..., None], torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0]))
    return Patches.of_frame(closed_form.pointmap(depth, image=image[None])), box[0]


def test_at_the_centres_of_patches_the_colours_are_those_of_the_photo():
    image = torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(3))
    patches = Patches.of_frame(closed_form.pointmap(torch.full((1, *SIZE), 3.0), image=image))
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    number = torch.arange(SIZE[0] * SIZE[1])
    colours = colours_at(patches, x.flatten(), y.flatten(), number)
    assert torch.allclose(colours, image[0].reshape(-1, 3).T, atol=1e-4)


def test_a_ramp_continues_between_pixels():
    ramp = torch.linspace(0.2, 0.8, SIZE[1]).expand(SIZE)
    image = torch.stack([ramp, ramp, 1 - ramp], -1)[None]
    patches = Patches.of_frame(closed_form.pointmap(torch.full((1, *SIZE), 3.0), image=image))
    x = torch.linspace(3, SIZE[1] - 4, 200)
    y = torch.full_like(x, 11.3)
    patch = y.round().long() * SIZE[1] + x.round().long()
    colours = colours_at(patches, x, y, patch)
    expected = 0.2 + 0.6 * x / (SIZE[1] - 1)
    # torch's cubic kernel (A = -0.75) strays from a ramp by up to a twentieth of a pixel
    off = (colours - torch.stack([expected, expected, 1 - expected])).abs().max()
    assert off < 0.06 * 0.6 / (SIZE[1] - 1)


def test_half_a_pixel_beside_an_edge_the_colour_is_the_patchs_own_side():
    patches, box = red_box_before_blue_wall()
    edge = torch.nonzero(box[:, 1:] & ~box[:, :-1])
    row, wall = edge[:, 0], edge[:, 1]
    y, between = row.float(), wall + 0.5
    red = colours_at(patches, between, y, row * SIZE[1] + wall + 1)
    blue = colours_at(patches, between, y, row * SIZE[1] + wall)
    assert len(edge) > 5
    assert torch.equal(red, torch.tensor([1.0, 0, 0])[:, None].expand_as(red))
    assert torch.equal(blue, torch.tensor([0, 0, 1.0])[:, None].expand_as(blue))


def test_colours_are_put_where_they_belong():
    planes = torch.zeros(3, 6)
    put(planes, torch.tensor([4, 1]), torch.tensor([[1.0, 2], [3, 4], [5, 6]]))
    assert planes.T[4].tolist() == [1, 3, 5] and planes.T[1].tolist() == [2, 4, 6] and int((planes != 0).sum()) == 6

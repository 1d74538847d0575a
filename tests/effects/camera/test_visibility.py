"""Lines of sight of a new camera against the closed form of a box in front of a wall."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.homography import pixel_homography
from sam3d_geometry.effects.camera.patches import Patches
from sam3d_geometry.effects.camera.visibility import LinesOfSight, Sight, visible

SIZE = (48, 64)
NEAR, FAR = 2.0, 4.0


def lines_of(depth, x=0.0, z=0.0):
    """Lines of sight of a camera x to the right of the photo's and z in front of it."""
    patches = Patches.of_frame(closed_form.pointmap(depth))
    new_from_old = torch.eye(4, dtype=torch.float64)
    new_from_old[:3, 3] = -torch.tensor([x, 0, z])
    return LinesOfSight(patches, pixel_homography(patches.intrinsics, patches.intrinsics, new_from_old, *SIZE))


def box_seen(x):
    depth, _, box = closed_form.box_before_wall(*SIZE, NEAR, FAR)
    lines = lines_of(depth, x)
    focal = float(lines.patches.intrinsics[0, 0]) * SIZE[1]
    return lines, visible(lines), box[0], focal


@pytest.mark.parametrize("x", [-0.41, 0.3])
def test_every_pixel_that_meets_something_meets_it_where_the_disparity_says(x):
    lines, seen, _, focal = box_seen(x)
    hit = seen.new_w >= 0
    w = lines.patches.inverse_depth.view(-1)[seen.patch]
    assert torch.allclose(seen.new_w[hit], w[hit])
    column, found = torch.arange(SIZE[1]).repeat(SIZE[0]), seen.xy_of(seen.patch)[0]
    for where, sight in seen.settled:
        found[where] = sight.x
    assert torch.allclose(found[hit], (column + focal * x * w)[hit], atol=1e-3)


def test_patches_met_are_the_nearest_and_holes_meet_nothing():
    shift = 0.3
    _, seen, box, focal = box_seen(shift)
    column = torch.arange(SIZE[1]).expand(SIZE)

    def shown(w):
        """Columns of the photo that a surface of inverse depth w shows at each pixel, -1 beyond the photo."""
        at = (column + focal * shift * w).round().long()
        return torch.where(at < SIZE[1], at, -1)

    near, far = shown(1 / NEAR), shown(1 / FAR)
    in_front = (near >= 0) & box.gather(1, near.clamp_min(0))
    wall = (far >= 0) & ~box.gather(1, far.clamp_min(0))
    new_w = seen.new_w.view(SIZE)
    expected = torch.where(in_front, 1 / NEAR, torch.where(wall, 1 / FAR, -1.0))
    # where the box ends is known to a pixel on either side
    assert (new_w != expected).sum() <= 2 * box.any(1).sum()
    assert (new_w < 0).any() and torch.equal(new_w[0], expected[0])


def test_a_line_beside_its_patch_is_followed_to_the_patch_that_holds_it():
    depth = torch.full((1, *SIZE), FAR)
    lines = lines_of(depth, 0.0, 0.4)
    centre = (SIZE[0] // 2) * SIZE[1] + SIZE[1] // 2
    # half a pixel of the photo is less than two of the picture; one further is the next patch's
    px, py = torch.tensor([SIZE[1] / 2 + 0.6]), torch.tensor([SIZE[0] / 2 - 0.5])
    sight = lines.ask(torch.tensor([centre]), px, py)
    assert sight.patch.item() in (centre, centre + 1, centre - SIZE[1], centre - SIZE[1] + 1)
    assert sight.new_w.item() == pytest.approx(1 / (FAR - 0.4))
    # three pixels away neither the patch nor the one its plane leads to is left unanswered on one plane
    far = lines.ask(torch.tensor([centre]), px + 3, py)
    assert far.patch.item() != centre and far.new_w.item() == pytest.approx(1 / (FAR - 0.4))
    outside = lines.ask(torch.tensor([centre]), px + SIZE[1], py)
    assert outside.new_w.item() == -1


def test_asking_leaves_what_it_was_given_alone():
    lines = lines_of(torch.full((1, *SIZE), FAR), 0.0, 0.4)
    patch = torch.arange(20, 40)
    lines.ask(patch, torch.full((20,), 30.0), torch.full((20,), 20.0))
    assert torch.equal(patch, torch.arange(20, 40))


def test_sights_are_taken_and_replaced_line_by_line():
    sight = Sight(*(torch.arange(4.0) + i for i in range(4)), torch.arange(4))
    two = sight.take(torch.tensor([3, 1]))
    assert two.x.tolist() == [3, 1] and two.patch.tolist() == [3, 1]
    sight.replace(torch.tensor([0, 2]), two)
    assert sight.patch.tolist() == [3, 1, 1, 3] and sight.new_w.tolist() == [6, 4, 4, 6]


def test_neighbours_stay_inside_the_picture():
    lines = lines_of(torch.full((1, *SIZE), FAR))
    corner = torch.tensor([0])
    assert {int(at) for at in lines.neighbours(corner)} == {0, 1, SIZE[1], SIZE[1] + 1}

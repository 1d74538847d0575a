"""A photo from another camera against closed forms: planes, a box before a wall, sky, and truth renderings."""

import math

import closed_form
import pytest
import torch

from development.scenes.layouts import random_scene
from development.scenes.renderer import render
from sam3d_geometry.effects.camera.homography import pixel_homography
from sam3d_geometry.effects.camera.patches import Patches
from sam3d_geometry.effects.camera.reprojection import reproject

SIZE = (60, 80)


def pose(x=0.0, y=0.0, z=0.0, yaw_degrees=0.0):
    """new_from_old of a camera that went to x, y, z and turned to the right."""
    a = math.radians(yaw_degrees)
    world_from_new = torch.tensor(
        [[math.cos(a), 0, math.sin(a), x], [0, 1, 0, y], [-math.sin(a), 0, math.cos(a), z], [0, 0, 0, 1]],
        dtype=torch.float64,
    )
    return torch.linalg.inv(world_from_new)


def position_picture(height, width):
    """Colours that say where in the photo they come from: x and y as a share of its size, and 0.5."""
    x = (torch.arange(width) / width).expand(height, width)
    y = (torch.arange(height)[:, None] / height).expand(height, width)
    return torch.stack([x, y, torch.full_like(x, 0.5)], -1)


def patches_of(depth, image):
    return Patches.of_frame(closed_form.pointmap(depth, image=image[None]))


def red_box_before_blue_wall(near=2.0, far=4.0):
    depth, _, box = closed_form.box_before_wall(*SIZE, near, far)
    image = torch.where(box[0, ..., None], torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0]))
    return patches_of(depth, image), box[0]


def test_the_photos_own_camera_gives_the_photo_bit_for_bit():
    torch.manual_seed(0)
    depth = 1 + torch.rand(1, *SIZE) * 5
    image = torch.rand(*SIZE, 3)
    patches = patches_of(depth, image)
    view = reproject(patches, torch.eye(4), patches.intrinsics)
    assert torch.equal(view.image, image) and bool((view.seen == 1).all())


def test_a_camera_a_hair_away_gives_nearly_the_photo():
    torch.manual_seed(0)
    image = torch.rand(*SIZE, 3)
    patches = patches_of(1 + torch.rand(1, *SIZE), image)
    view = reproject(patches, pose(x=1e-7), patches.intrinsics)
    assert (view.image - image).abs().max() < 1e-3


@pytest.mark.parametrize(
    "to", [pose(0.3, 0.1, 0.2), pose(-0.2, -0.3, -0.4, 5.0), pose(z=0.8)], ids=["aside", "turned", "near"]
)
def test_a_tilted_plane_is_seen_where_its_homography_says_and_without_cracks(to):
    depth, _normal = closed_form.plane(*SIZE, 35.0, 60.0, 2.0)
    patches = patches_of(depth, position_picture(*SIZE))
    view = reproject(patches, to, patches.intrinsics)
    moved = pixel_homography(patches.intrinsics, patches.intrinsics, to, *SIZE)
    a, b = (torch.tensor(part, dtype=torch.float64) for part in moved)
    rows, columns = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in SIZE), indexing="ij")
    pixels = torch.stack([columns, rows, torch.ones_like(rows)], -1)
    # w is affine in the photo's pixels, fitted to three of them
    corners = [(0, 0), (0, SIZE[1] - 1), (SIZE[0] - 1, 0)]
    at = torch.stack([pixels[c] for c in corners])
    plane = torch.linalg.solve(at, torch.stack([1 / depth[0][c] for c in corners]))
    homography = a + b[:, None] * plane[None]
    back = pixels @ torch.linalg.inv(homography).T
    x, y = back[..., 0] / back[..., 2], back[..., 1] / back[..., 2]
    inside = (x > 2) & (x < SIZE[1] - 3) & (y > 2) & (y < SIZE[0] - 3) & (back[..., 2] > 0)
    assert inside.float().mean() > 0.3
    assert bool((view.seen[inside] == 1).all())
    # torch's bicubic kernel (a = -0.75) itself is off by up to 0.05 on a ramp
    assert ((view.image[..., 0] * SIZE[1]).double() - x)[inside].abs().max() < 0.06
    assert ((view.image[..., 1] * SIZE[0]).double() - y)[inside].abs().max() < 0.06


def test_nothing_is_stretched_between_a_box_and_its_wall():
    patches, _ = red_box_before_blue_wall()
    view = reproject(patches, pose(0.4, 0.1), patches.intrinsics, antialias=False)
    red, blue = view.image[..., 0], view.image[..., 2]
    pure = (red - red.round()).abs().maximum((red + blue - view.seen).abs())
    assert pure.max() < 1e-3 and red.max() > 0.99 and blue.max() > 0.99
    # in between the two depths nothing is seen either
    depths = view.inverse_depth[view.seen > 0].unique()
    assert bool((((depths - 0.5).abs() < 1e-3) | ((depths - 0.25).abs() < 1e-3)).all())


@pytest.mark.parametrize(
    "line", [[4, 4, 4, 4, 2], [2, 4, 4, 4, 4], [4, 4, 2, 3.5, 3.5]], ids=["last pixel", "first pixel", "thin part"]
)
def test_a_pixel_alone_before_a_jump_faces_the_camera(line):
    depth = torch.tensor([line], dtype=torch.float32).expand(1, 5, 5)
    for patches in (patches_of(depth, torch.zeros(5, 5, 3)), patches_of(depth.mT, torch.zeros(5, 5, 3))):
        assert patches.slope_x.abs().max() == 0 and patches.slope_y.abs().max() == 0


def test_holes_are_what_the_box_uncovers():
    near, far, right = 2.0, 4.0, 0.4
    patches, box = red_box_before_blue_wall(near, far)
    view = reproject(patches, pose(right), patches.intrinsics, antialias=False)
    focal = float(patches.intrinsics[0, 0]) * SIZE[1]
    columns = torch.arange(SIZE[1], dtype=torch.float64)
    box_columns = torch.nonzero(box.any(0))[:, 0]
    left, end = float(box_columns[0]) - 0.5, float(box_columns[-1]) + 0.5
    wall_at = columns + focal * right / far  # the photo's column in which the wall of each new column was
    hidden_then = (wall_at > left) & (wall_at < end)
    box_now = (columns > left - focal * right / near) & (columns < end - focal * right / near)
    hole = (hidden_then & ~box_now)[None] & box.any(1)[:, None]
    hole = hole | (wall_at > SIZE[1] - 0.5)[None]
    assert hole.sum() > 100
    assert (hole == (view.seen < 0.5)).all()


def test_the_near_covers_the_far():
    patches, box = red_box_before_blue_wall()
    view = reproject(patches, pose(0.4), patches.intrinsics, antialias=False)
    shift = round(float(patches.intrinsics[0, 0]) * SIZE[1] * 0.4 / 2.0)
    expected = torch.zeros_like(box)
    expected[:, :-shift] = box[:, shift:]
    assert ((view.image[..., 0] > 0.5) != expected).sum() <= box.any(1).sum()  # a column of rounding


def test_antialiased_rims_mix_the_two_sides():
    patches, _ = red_box_before_blue_wall()
    view = reproject(patches, pose(-0.41, 0.02), patches.intrinsics)
    partly = (view.image[..., 0] > 0.05) & (view.image[..., 2] > 0.05)
    assert partly.any() and partly.float().mean() < 0.05
    assert bool(((view.seen >= 0) & (view.seen <= 1)).all())


def test_sky_does_not_shift_and_turns_with_the_camera():
    image = position_picture(*SIZE)
    patches = patches_of(torch.zeros(1, *SIZE), image)
    shifted = reproject(patches, pose(0.5, 0.2, 0.3), patches.intrinsics)
    assert (shifted.image - image).abs().max() < 1e-3 and bool((shifted.seen == 1).all())
    turned = reproject(patches, pose(yaw_degrees=10.0), patches.intrinsics)
    focal = float(patches.intrinsics[0, 0]) * SIZE[1]
    middle = turned.image[SIZE[0] // 2, SIZE[1] // 2 - 1, 0] * SIZE[1]
    assert abs(float(middle) - (SIZE[1] / 2 - 1 + focal * math.tan(math.radians(10.0)))) < 0.7
    assert bool((turned.seen[:, -3:] == 0).all())


@pytest.mark.parametrize("zoom", [2.0, 2.9])
def test_a_magnified_picture_has_no_cracks(zoom):
    depth, _ = closed_form.plane(*SIZE, 40.0, 30.0, 2.0)
    patches = patches_of(depth, position_picture(*SIZE))
    larger = patches.intrinsics.clone()
    larger[0, 0] *= zoom
    larger[1, 1] *= zoom
    assert bool((reproject(patches, torch.eye(4), larger).seen == 1).all())


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (3, 2)])
@pytest.mark.parametrize("valid", [True, False])
def test_tiny_and_empty_frames_stay_whole_and_finite(size, valid):
    image = torch.rand(*size, 3)
    patches = patches_of(torch.full((1, *size), 2.0 if valid else 0.0), image)
    for to in (pose(0.01, 0.01, 0.01), pose(5.0), pose(z=3.0), pose(yaw_degrees=180.0)):
        view = reproject(patches, to, patches.intrinsics)
        assert view.image.shape == (*size, 3) and view.seen.shape == size
        assert bool(torch.isfinite(view.image).all() and torch.isfinite(view.inverse_depth).all())


def test_a_rendered_room_is_closer_to_truth_than_a_backward_warp():
    scene = random_scene(3, "room")
    to = scene.camera.moved(right=0.08, forward=0.03)
    truth = render(scene, [scene.camera, to], 90, 120, samples=2)
    patches = Patches.of_frame(truth.pointmap()[0])
    new_from_old = torch.linalg.inv(truth.world_from_camera[1]) @ truth.world_from_camera[0]
    view = reproject(patches, new_from_old, truth.intrinsics[1])
    # the plain way: the depth of the photo taken for that of the new picture, and looked up
    back = pixel_homography(truth.intrinsics[1], truth.intrinsics[0], torch.linalg.inv(new_from_old), 90, 120)
    a, b = (torch.tensor(part) for part in back)
    rows, columns = torch.meshgrid(torch.arange(90.0), torch.arange(120.0), indexing="ij")
    back = torch.stack([columns, rows, torch.ones_like(rows)], -1) @ a.T
    back = back + patches.inverse_depth[..., None] * b
    grid = back[..., :2] / back[..., 2:] * torch.tensor([2 / 120, 2 / 90]) + torch.tensor([1 / 120 - 1, 1 / 90 - 1])
    plain = torch.nn.functional.grid_sample(patches.planes, grid[None], align_corners=False)[0].movedim(0, -1)
    shown = view.seen == 1
    ours, theirs = (((picture - truth.image[1]) ** 2)[shown].mean() for picture in (view.image, plain))
    assert shown.float().mean() > 0.7
    assert -10 * torch.log10(ours) > -10 * torch.log10(theirs) + 3

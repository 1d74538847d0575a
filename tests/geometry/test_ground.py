"""One finder of the ground: right to 1 % where the ground is seen, however the camera is held, and a refusal where not."""

import pytest
import torch
from closed_form import box_room, plane, pointmap, rays

from sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from sam3d_geometry.geometry.ground import MINIMUM_GROUND, find_ground, heights
from sam3d_geometry.geometry.measure import metric_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.transform import scale_pointmap

SIZE = (60, 80)
PITCH, ROLL = -20.0, 4.0


def street(height=1.6, scale=1.0, table=None, floor=True, noise=0.0, size=SIZE):
    """A floor `height` below a camera that looks down by 20 degrees, before a wall 9 away; perhaps a table top 0.8 below it.

    `table` is half its width and depth; `noise` the standard deviation of depth, as a share of it.
    """
    ray = rays(*size)
    world = ray @ world_from_pitch_roll(PITCH, ROLL)[0].double().T
    wall = 9.0 / world[..., 2]
    ground = height / world[..., 1]
    depth = torch.where((world[..., 1] > 0) & (ground < wall), ground, wall) if floor else wall
    if table is not None:
        top = 0.8 / world[..., 1]
        aside = (world * top[..., None] - torch.tensor([0.0, 0.8, 2.8], dtype=torch.float64)).abs()
        depth = torch.where((aside[..., 0] < table[0]) & (aside[..., 2] < table[1]) & (top > 0), top, depth)
    return scale_pointmap(pointmap(noisy(depth, noise), source_size=(4 * size[0], 4 * size[1])), scale)


def noisy(depth, noise):
    random = torch.randn(depth.shape, generator=torch.Generator().manual_seed(0), dtype=depth.dtype)
    return depth * (1 + noise * random)


def room(noise=0.0, size=SIZE):
    """A room whose floor lies 1.5 below a level camera."""
    return pointmap(noisy(box_room(*size)[0], noise))


@pytest.mark.parametrize("table", [None, (0.8, 0.6), (1.5, 1.2)], ids=["empty", "table", "table that fills the photo"])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_the_ground_is_found_below_a_tilted_camera_and_under_a_table(scale, table):
    found = find_ground(street(scale=scale, table=table))
    assert found.camera_height.tolist() == pytest.approx([1.6 * scale], rel=0.01)


def test_the_floor_of_a_room_is_found_and_its_share_says_how_sure_that_is():
    seen = box_room(*SIZE)
    floor = (seen[2] == 1) & (rays(*SIZE)[..., 1] > 0)
    found = find_ground(room())
    assert float(found.camera_height) == pytest.approx(1.5, rel=0.01)
    assert float(found.share) == pytest.approx(float(floor.float().mean()), rel=0.05)


@pytest.mark.parametrize(
    ("scene", "angles", "truth"),
    [(room, (0.0, 0.0), 1.5), (street, (PITCH, ROLL), 1.6)],
    ids=["room", "tilted camera"],
)
@pytest.mark.parametrize("size", [SIZE, (240, 320)], ids=["small", "large"])
def test_noise_of_1_percent_changes_the_height_by_less_than_1_percent(scene, angles, truth, size):
    found = find_ground(scene(noise=0.01, size=size), world_from_pitch_roll(*angles))
    assert float(found.camera_height) == pytest.approx(truth, rel=0.01)


def test_noise_on_the_floor_under_a_table_does_not_matter_either():
    scene = street(table=(0.8, 0.6), noise=0.01)
    assert float(find_ground(scene, world_from_pitch_roll(PITCH, ROLL)).camera_height) == pytest.approx(1.6, rel=0.01)


def test_walls_without_a_floor_are_refused_in_one_sentence_that_says_what_to_do_instead():
    walls = street(floor=False)
    for shared in (True, False):
        with pytest.raises(ValueError, match="No ground is seen.*; turn the camera down.") as caught:
            find_ground(Pointmap.cat([walls, walls]), shared=shared, instead="turn the camera down")
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="No ground is seen:"):
        find_ground(pointmap(torch.zeros(1, *SIZE)))
    with pytest.raises(ValueError, match="No ground is seen in frame 1:"):
        find_ground(Pointmap.cat([street(), walls]), shared=False)
    assert float(find_ground(Pointmap.cat([street(), walls])).share[1]) < 0.5  # together they still have one


def test_a_sliver_of_floor_is_not_a_ground():
    """Less than the least share of the pixels: a few of any surface happen to face up."""
    scene = street()
    keep = torch.zeros_like(scene.mask)
    keep[:, -1, : round(MINIMUM_GROUND * scene.mask[0].numel()) - 1] = True
    wall = plane(*SIZE, 0.0, 90.0, 3.0)[0]
    mostly_wall = pointmap(torch.where(keep, scene.depth.double(), wall))
    with pytest.raises(ValueError, match="No ground is seen"):
        find_ground(mostly_wall, world_from_pitch_roll(PITCH, ROLL))


def test_frames_share_one_height_or_have_each_their_own():
    clip = Pointmap.cat([street(1.6), street(1.6, scale=3.0)])
    each = find_ground(clip, shared=False).camera_height
    assert each.tolist() == pytest.approx([1.6, 4.8], rel=0.01)
    assert len(set(find_ground(clip).camera_height.tolist())) == 1
    metric, scales = metric_pointmap(clip, each, 1.6)
    assert torch.allclose(scales, torch.tensor([1.0, 1 / 3]), rtol=0.01)
    assert float(metric.depth[0].mean()) == pytest.approx(float(metric.depth[1].mean()), rel=0.01)


def test_the_ground_lies_at_the_height_that_was_found():
    scene = street()
    world = level_world(scene)
    above = heights(scene, world) + float(find_ground(scene, world).camera_height)
    floor = scene.points @ world_from_pitch_roll(PITCH, ROLL)[0, 1] > 1.59
    assert float(above[floor].abs().max()) < 0.05 and float(above[~floor].min()) > -0.05

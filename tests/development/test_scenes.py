"""Laws of the procedural scenes that later tests measure geometry against."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from development.scenes import camera_path
from development.scenes.closed_form import box_before_wall, box_room, plane_normal, sphere_on_plane, tilted_plane
from development.scenes.layouts import KINDS, random_scene
from development.scenes.renderer import render
from development.scenes.scene import Body, Camera, Material, Scene, rotation_from_axis_angle
from sam3d_geometry.geometry.camera import project

SIZES = [(1, 1), (1, 17), (24, 31), (96, 128)]
CLOSED_FORM = {
    "plane": tilted_plane(2.0, 40.0, 70.0),
    "sphere": sphere_on_plane(),
    "box": box_before_wall(yaw_degrees=35),
    "room": box_room(),
}


def every_shape() -> Scene:
    """One body of every shape, turned, two of them with holes or taper, before a terrain."""
    turned = rotation_from_axis_angle([0.5, 0.8, 0.3])
    heights = np.random.default_rng(3).random((9, 9))
    bodies = (
        Body("plane", (0, 0, 9), (math.inf, math.inf, 1), rotation_from_axis_angle([0.1, 0.2, 0])),
        Body("box", (-1.5, -0.6, 5), (0.5, 0.3, 0.6), turned),
        Body("ellipsoid", (0, -0.7, 4), (0.6, 0.3, 0.4), turned, Material(holes=0.45, hole_frequency=6)),
        Body("cylinder", (1.4, -0.6, 5), (0.4, 0.5, 0.6), turned, taper=-0.6),
        Body("capsule", (0.2, 0.5, 3), (0.2, 0.2, 0.4), turned),
        Body("plane", (-1.2, 0.4, 3.5), (0.4, 0.3, 1), turned),
        Body("terrain", (0, 1.2, 5), (6, 6, 0.5), rotation_from_axis_angle([math.pi / 2, 0, 0]), heights=heights),
    )
    return Scene(bodies, Camera(fov_x_degrees=65))


SCENES = {**CLOSED_FORM, "every shape": every_shape()}


def rays(rendering):
    """x / z and y / z at pixel centres, from the intrinsics and the convention of design only."""
    _, height, width = rendering.depth.shape
    k = rendering.intrinsics[0].double()
    x = ((torch.arange(width).double() + 0.5) / width - k[0, 2]) / k[0, 0]
    y = ((torch.arange(height).double() + 0.5) / height - k[1, 2]) / k[1, 1]
    return torch.broadcast_tensors(x[None, :], y[:, None])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("tilt", "azimuth"), [(0, 0), (30, 90), (55, -20), (20, 200)])
def test_the_depth_of_a_tilted_plane_is_its_closed_form(size, tilt, azimuth):
    rendering = render(tilted_plane(2.0, tilt, azimuth), Camera(fov_x_degrees=50), *size, samples=0)
    x, y = rays(rendering)
    n = plane_normal(tilt, azimuth)
    expected = 2.0 * n[2] / (n[0] * x + n[1] * y + n[2])
    in_front = expected > 0
    assert torch.equal(rendering.mask[0], in_front)
    error = (rendering.depth[0].double() / expected - 1)[in_front].abs().max()
    assert error < 1e-6
    assert (rendering.normals[0][in_front] - torch.tensor(n).float()).abs().max() < 1e-6


def test_the_depth_of_a_sphere_and_a_floor_is_their_closed_form():
    rendering = render(sphere_on_plane(3.0, 0.6, 1.0), Camera(), 120, 160, samples=0)
    _x, y = rays(rendering)
    on_sphere, on_floor = rendering.object_ids[0] == 1, rendering.object_ids[0] == 0
    assert on_sphere.sum() > 500 and on_floor.sum() > 3000 and (rendering.object_ids == -1).sum() > 3000
    distance = (rendering.points[0].double() - torch.tensor([0, 0.4, 3.0])).norm(dim=-1)
    assert (distance[on_sphere] - 0.6).abs().max() < 1e-5
    assert (rendering.depth[0].double() - 1.0 / y)[on_floor].abs().max() < 1e-3
    assert (rendering.depth[0].double() * y / 1.0 - 1)[on_floor].abs().max() < 1e-6


def test_the_depth_inside_a_box_is_that_of_the_nearest_of_six_planes():
    rendering = render(box_room((2.0, 1.4, 3.0)), Camera(fov_x_degrees=100), 90, 120, samples=0)
    x, y = rays(rendering)
    expected = torch.minimum(torch.minimum(2.0 / x.abs(), 1.4 / y.abs()), torch.full_like(x, 3.0))
    assert bool(rendering.mask.all())
    assert (rendering.depth[0].double() / expected - 1).abs().max() < 1e-6


def test_a_box_stands_before_its_wall_with_nothing_in_between():
    rendering = render(box_before_wall(2.0, 4.0, (0.5, 0.5, 0.3)), Camera(), 96, 96, samples=0)
    ids, depth = rendering.object_ids[0], rendering.depth[0]
    assert set(ids.unique().tolist()) == {0, 1}
    assert (depth[ids == 0] - 4.0).abs().max() < 1e-5 and (depth[ids == 1] - 1.7).abs().max() < 1e-5


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_every_shape_is_met_and_points_project_to_pixel_centres(scene):
    rendering = render(scene, scene.camera, 60, 84)
    assert len(rendering.object_ids[rendering.mask].unique()) == len(scene.bodies)
    uv = project(rendering.points, rendering.intrinsics)
    u = (torch.arange(84) + 0.5) / 84
    v = (torch.arange(60) + 0.5) / 60
    expected = torch.stack(torch.meshgrid(u, v, indexing="xy"), -1)[None]
    assert (uv - expected)[rendering.mask].abs().max() < 1e-5
    assert torch.equal(rendering.points[..., 2], rendering.depth)


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_normals_are_unit_face_the_camera_and_agree_with_the_points(scene):
    rendering = render(scene, scene.camera, 100, 140, samples=0)
    mask, normals, points = rendering.mask[0], rendering.normals[0].double(), rendering.points[0].double()
    assert (normals[mask].norm(dim=-1) - 1).abs().max() < 1e-5
    assert ((normals * points).sum(-1)[mask] < 1e-6).all()
    across, down = points[1:-1, 2:] - points[1:-1, :-2], points[2:, 1:-1] - points[:-2, 1:-1]
    measured = torch.nn.functional.normalize(torch.linalg.cross(down, across), dim=-1)
    ids = rendering.object_ids[0]
    inside = (ids[1:-1, 2:] == ids[1:-1, :-2]) & (ids[2:, 1:-1] == ids[:-2, 1:-1]) & mask[1:-1, 1:-1]
    degrees = torch.rad2deg(torch.acos((measured * normals[1:-1, 1:-1]).sum(-1).clamp(-1, 1)))[inside]
    assert degrees.median() < 0.8 and torch.quantile(degrees, 0.8) < 5


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_a_point_seen_by_two_cameras_lies_on_the_same_surface(scene):
    second = scene.camera.moved(right=0.12, down=-0.05, forward=0.1, yaw_degrees=3, roll_degrees=5)
    height, width = 72, 100
    pair = render(scene, [scene.camera, second], height, width, samples=0)
    world = pair.points[0].double() @ pair.world_from_camera[0, :3, :3].T + pair.world_from_camera[0, :3, 3]
    seen = (world - pair.world_from_camera[1, :3, 3]) @ pair.world_from_camera[1, :3, :3]
    uv = project(seen[None], pair.intrinsics[1:])[0]
    column, row = (uv[..., 0] * width - 0.5).round().long(), (uv[..., 1] * height - 0.5).round().long()
    visible = pair.mask[0] & (seen[..., 2] > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    points, row, column = seen[visible], row[visible], column[visible]
    same = pair.object_ids[1][row, column] == pair.object_ids[0][visible]
    assert same.float().mean() > 0.8
    there, normals = pair.points[1][row, column].double(), pair.normals[1][row, column].double()
    off_plane = ((points - there) * normals).sum(-1).abs() / points[:, 2]
    assert off_plane[same].median() < 3e-4


def test_stereo_disparity_is_focal_length_times_baseline_over_depth():
    scene = box_before_wall(2.0, 4.0)
    cameras = camera_path.stereo_pair(scene.camera, baseline=0.1)
    right = render(scene, cameras, 64, 512, samples=0).object_ids[1][32]
    left = render(scene, cameras, 64, 512, samples=0).object_ids[0][32]
    moved = (left == 1).nonzero().min() - (right == 1).nonzero().min()
    expected = float(scene.camera.intrinsics(64, 512)[0, 0]) * 512 * 0.1 / 1.7
    assert abs(float(moved) - expected) <= 1


def test_a_moving_body_is_where_its_velocity_takes_it():
    ball = Body("ellipsoid", (-0.5, 0, 3), (0.2,) * 3, velocity=(1.0, 0, 0), spin=(0, 2.0, 0))
    frames = render(Scene((ball,)), [Camera()] * 3, 90, 120, times=[0.0, 0.5, 1.0], samples=0)
    for k, x in enumerate((-0.5, 0.0, 0.5)):
        distance = (frames.points[k][frames.mask[k]] - torch.tensor([x, 0, 3.0])).norm(dim=-1)
        assert len(distance) > 100 and (distance - 0.2).abs().max() < 1e-5


def test_a_level_orbit_keeps_its_centre_in_the_middle_of_the_picture():
    start = Camera.look_at((0, -1, 0), (0, 0.4, 3))
    for camera in camera_path.orbit(start, 5, (0, 0.4, 3)):
        centre = camera.world_from_camera[:3, :3].T @ (np.array([0, 0.4, 3]) - camera.world_from_camera[:3, 3])
        assert np.abs(centre[:2]).max() < 1e-9 and centre[2] == pytest.approx(math.hypot(3, 1.4))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_picture_and_another_seed_another(kind):
    first, second, other = (random_scene(seed, kind) for seed in (5, 5, 6))
    pictures = [render(scene, scene.camera, 24, 32, dtype=torch.float32) for scene in (first, second, other)]
    assert torch.equal(pictures[0].image, pictures[1].image) and torch.equal(pictures[0].depth, pictures[1].depth)
    assert not torch.equal(pictures[0].image, pictures[2].image)
    for picture in pictures:
        assert torch.isfinite(picture.image).all() and torch.isfinite(picture.points).all()
        assert picture.image.min() >= 0 and picture.image.max() <= 1 and picture.image.std() > 0.01


def test_supersampling_changes_the_picture_and_never_the_geometry():
    scene = sphere_on_plane()
    one, three = (render(scene, scene.camera, 40, 50, samples=n) for n in (1, 3))
    assert torch.equal(one.depth, three.depth) and torch.equal(one.normals, three.normals)
    assert not torch.equal(one.image, three.image)
    assert (one.image - three.image).abs().mean() < 0.05


def test_a_large_picture_is_rendered_in_blocks_without_a_seam():
    whole = render(tilted_plane(), Camera(), 300, 3840, samples=0, dtype=torch.float32)
    x, y = rays(whole)
    n = plane_normal(30, 90)
    expected = (2.0 * n[2] / (n[0] * x + n[1] * y + n[2])).float()
    assert ((whole.depth[0] / expected - 1).abs()[whole.mask[0]]).max() < 1e-4


def test_bad_input_is_named_in_one_sentence():
    with pytest.raises(ValueError, match="one of plane, box"):
        Body("torus")
    with pytest.raises(ValueError, match="fov_x_degrees came as 200"):
        Camera(fov_x_degrees=200)
    with pytest.raises(ValueError, match="2 cameras came with 1 times"):
        render(tilted_plane(), [Camera(), Camera()], 4, 4, times=[0.0])
    with pytest.raises(ValueError, match="one of room, street"):
        random_scene(0, "castle")

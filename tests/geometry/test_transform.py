"""Laws of the transforms: every point stays on its pixel's ray, inverses undo, normals stay those of the surface."""

import pytest
import torch
from closed_form import angles, plane, pointmap, rays, sphere

from sam3d_geometry.clips.plain_average import smooth_pointmap
from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics, intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.crop import Window, crop_pointmap
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.geometry.normals import geometric_normals, normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.resize import pointmap_at_image
from sam3d_geometry.geometry.transform import (
    QUARTER_TURNS,
    mirror_pointmap,
    scale_pointmap,
    shift_depth,
    turn_pointmap,
    with_fov_x,
    with_intrinsics,
)
from sam3d_geometry.maps.depth import depth_picture, depth_range, true_depth

SIZE, PHOTO = (48, 64), (96, 129)


def scene(frames=2):
    """Spheres before a tilted plane, off-centre camera, network normals, a hole."""
    depth, normals = sphere(*SIZE, 4.0, 1.2)
    back, normal = plane(*SIZE, 35.0, 60.0, 7.0)
    on_ball = depth > 0
    depth = torch.where(on_ball, depth, back)
    normals = torch.where(on_ball[..., None], normals, normal)
    mask = depth > 0
    mask[:, :5, :9] = False
    picture = torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(2))
    frame = pointmap(depth, mask, picture, source_size=PHOTO, normals=(normals * mask[..., None]).float(), metric=True)
    whole = Pointmap.cat([frame] * frames)
    return crop_pointmap(whole, Window(20, 10, 109, 86))[0]


CHANGES = {
    "scale": lambda p: scale_pointmap(p, 2.5),
    "mirror": mirror_pointmap,
    "turn 1": lambda p: turn_pointmap(p, 1),
    "turn 2": lambda p: turn_pointmap(p, 2),
    "turn 3": lambda p: turn_pointmap(p, 3),
    "shift": lambda p: shift_depth(p, -0.7),
    "fov": lambda p: with_fov_x(p, 35.0),
    "intrinsics": lambda p: with_intrinsics(p, p.intrinsics * torch.tensor([1.2, 1.3, 1.0])[:, None]),
}


def same(a, b, tolerance=0.0):
    tensors = ("points", "mask", "image", "normals")
    return all(torch.allclose(getattr(a, n).float(), getattr(b, n).float(), atol=tolerance) for n in tensors) and (
        torch.allclose(a.intrinsics, b.intrinsics, atol=1e-6) and a.source_size == b.source_size
    )


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
class TestEveryChange:
    def test_points_stay_on_their_rays(self, change):
        changed = change(scene())
        expected = unproject(changed.depth, changed.intrinsics)
        assert torch.allclose(changed.points, expected, atol=2e-5) and changed.mask.any()

    def test_normals_stay_unit_vectors_that_face_the_camera(self, change):
        changed = change(scene())
        inside = changed.mask
        assert torch.allclose(changed.normals.norm(dim=-1), inside.float(), atol=1e-5)
        assert ((changed.normals * changed.points).sum(-1)[inside] < 1e-4).all()

    def test_normals_are_those_of_the_changed_surface(self, change):
        before, changed = scene(1), change(scene(1))
        start = angles(geometric_normals(before.depth, before.mask, before.intrinsics), before.normals)[before.mask]
        found = geometric_normals(changed.depth, changed.mask, changed.intrinsics)
        off = angles(found, changed.normals)[changed.mask]
        # the ball's rim, where a pixel sees half a surface, is as uncertain before as after
        assert (
            off.median() < max(0.03, 3 * float(start.median()))
            and off.quantile(0.9) < 3 * float(start.quantile(0.9)) + 0.1
        )

    def test_frames_are_independent_and_the_input_is_left_alone(self, change):
        before, again = scene(2), scene(2)
        both = change(before)
        assert same(change(before[1]), both[1], 1e-6) and same(before, again)

    def test_an_empty_frame_and_a_single_pixel_stay_finite(self, change):
        for size in ((1, 1), (5, 4)):
            for filled in (False, True):
                mask = torch.full((1, *size), filled)
                normals = torch.zeros(1, *size, 3)
                normals[..., 2] = -1.0
                one = pointmap(torch.full((1, *size), 2.0), mask, normals=normals * mask[..., None])
                changed = change(one)
                assert torch.isfinite(changed.points).all() and torch.isfinite(changed.normals).all()
                assert changed.mask.any() == filled


def test_four_turns_are_none_and_three_are_one_back():
    start = scene()
    assert same(turn_pointmap(start, 4), start)
    around = start
    for _ in range(4):
        around = turn_pointmap(around, 1)
    assert same(around, start)
    assert same(turn_pointmap(turn_pointmap(start, 1), 3), start) and same(
        turn_pointmap(start, -1), turn_pointmap(start, 3)
    )


def test_mirroring_twice_is_nothing_and_a_half_turn_is_both_mirrors():
    start = scene()
    assert same(mirror_pointmap(mirror_pointmap(start)), start)
    upside_down = turn_pointmap(mirror_pointmap(turn_pointmap(start, 1)), 3)
    assert same(mirror_pointmap(upside_down), turn_pointmap(start, 2))


def test_a_clockwise_turn_brings_the_top_to_the_right():
    start = scene(1)
    turned = turn_pointmap(start, QUARTER_TURNS["90 degrees"])
    assert torch.equal(turned.image[0, :, -1], start.image[0, 0]) and turned.size == start.size[::-1]
    assert turned.source_size == start.source_size[::-1]
    fov_x, fov_y = fov_degrees_from_intrinsics(start.intrinsics)
    turned_x, turned_y = fov_degrees_from_intrinsics(turned.intrinsics)
    assert torch.equal(turned_x, fov_y) and torch.equal(turned_y, fov_x)
    # distances from the camera do not change
    assert torch.allclose(turned.points.norm(dim=-1).rot90(1, (1, 2)), start.points.norm(dim=-1))


def test_scale_by_frame_and_back():
    start = scene()
    scaled = scale_pointmap(start, torch.tensor([2.0, 0.25]))
    assert torch.equal(scaled.depth[0], start.depth[0] * 2) and torch.equal(scaled.depth[1], start.depth[1] / 4)
    assert same(scale_pointmap(scaled, torch.tensor([0.5, 4.0])), start)


def test_shift_and_shift_back():
    start = scene()
    assert same(shift_depth(shift_depth(start, 1.5), -1.5), start, 2e-5)


def test_points_shifted_behind_the_camera_go():
    start = scene()
    shifted = shift_depth(start, -4.0)
    assert torch.equal(shifted.mask, start.mask & (start.depth > 4)) and shifted.mask.any() and not shifted.mask.all()
    assert not shifted.points[~shifted.mask].any() and not shifted.normals[~shifted.mask].any()
    assert not shift_depth(start, -1e6).mask.any()


def test_a_shifted_sphere_is_what_a_ray_caster_says():
    depth, _ = sphere(*SIZE)
    shifted = shift_depth(pointmap(depth), 2.0)
    expected = (rays(*SIZE) * (depth + 2.0)[..., None]).float()
    assert torch.allclose(shifted.points[shifted.mask], expected[shifted.mask], atol=1e-5)


def test_a_field_of_view_keeps_depth_and_is_undone_by_the_old_one():
    start = scene()
    wide = with_fov_x(start, 90.0)
    assert torch.equal(wide.depth, start.depth)
    assert torch.allclose(fov_degrees_from_intrinsics(wide.intrinsics)[0], torch.tensor(90.0), atol=1e-4)
    old = float(fov_degrees_from_intrinsics(start.intrinsics)[0][0])
    assert same(with_fov_x(wide, old), start, 1e-5)
    centred = pointmap(plane(*SIZE, 20.0)[0])
    assert torch.allclose(with_fov_x(centred, 75.0).intrinsics, intrinsics_from_fov_x_degrees(75.0, *SIZE), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda p: scale_pointmap(p, 0.0), "greater than 0"),
        (lambda p: scale_pointmap(p, float("nan")), "greater than 0"),
        (lambda p: scale_pointmap(p, torch.ones(3)), "2 frames"),
        (lambda p: shift_depth(p, float("inf")), "finite"),
        (lambda p: with_fov_x(p, 180.0), "between 0 and 180"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(change, word):
    with pytest.raises(ValueError, match=word) as caught:
        change(scene())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_comes_out_goes_into_everything_else(change):
    changed = change(scene())
    depth, mask = true_depth(changed)
    picture, _ = depth_picture(changed, depth_range(changed))
    normals, _ = normals_from_pointmap(changed, smoothing=2)
    smoothed, _ = smooth_pointmap(changed, 0.5)
    assert depth.shape == mask.shape == picture.shape == normals.shape[:-1] == (2, *changed.source_size)
    assert len(Pointmap.cat([changed, smoothed])) == 4 and torch.isfinite(level_world(changed)).all()
    assert pointmap_at_image(changed).size == changed.source_size

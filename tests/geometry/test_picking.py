"""What is under a place of the picture: one answer for lengths, lights, focus and regions."""

import pytest
import torch
from closed_form import box_before_wall, intrinsics, plane, pointmap

from sam3d_geometry.effects.lens.focus import focus_at_point
from sam3d_geometry.effects.light.layer import LayerPlacement, place_layer
from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.geometry.measure import length_between
from sam3d_geometry.geometry.picking import PICK_RADIUS, pick
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.region import region_from_point

SIZE, PHOTO = (60, 80), (240, 320)
PLACE = (0.16, 0.25)


def wall(tilt=0.0):
    return pointmap(plane(*SIZE, tilt, 90.0, 3.0)[0], source_size=PHOTO)


def holed(rows):
    """A wall of which the first rows are sky."""
    depth = plane(*SIZE, 0.0, 90.0, 3.0)[0]
    depth[:, :rows] = 0
    return pointmap(depth, source_size=PHOTO)


@pytest.mark.parametrize("place", [(0.03, 0.84), (0.5, 0.5), (0.0, 0.0), (1.0, 1.0)])
def test_a_pick_lies_on_the_ray_through_its_place(place):
    k = intrinsics(*SIZE)[0]
    ((x, y, z),) = pick(wall(), place).points().tolist()
    assert z == pytest.approx(3.0, rel=1e-6)
    assert x == pytest.approx(3 * float((place[0] - 0.5) / k[0, 0]), abs=1e-5)
    assert y == pytest.approx(3 * float((place[1] - 0.5) / k[1, 1]), abs=1e-5)


@pytest.mark.parametrize("tilt", [0.0, 50.0])
def test_a_pick_on_a_slope_is_the_surface_there(tilt):
    scene = wall(tilt)
    picked = pick(scene, (0.4031, 0.3083))
    row, column = int(0.3083 * SIZE[0]), int(0.4031 * SIZE[1])
    assert picked.pixels.tolist() == [[row, column]]
    assert float(picked.depth) == pytest.approx(float(scene.depth[0, row, column]), rel=1e-6)


def test_neither_a_stray_pixel_nor_a_hole_under_a_pick_matters():
    for value in (40.0, 0.01, 0.0):
        depth = plane(*SIZE, 0.0, 90.0, 3.0)[0]
        depth[0, 15, 12] = value
        picked = pick(pointmap(depth), PLACE)
        assert bool(picked.seen) and float(picked.depth) == pytest.approx(3.0)
        row, column = picked.pixels[0].tolist()
        assert (row, column) != (15, 12) and max(abs(row - 15), abs(column - 12)) <= PICK_RADIUS


@pytest.mark.parametrize("place", [(-0.01, 0.5), (1.01, 0.5), (0.5, 48), (float("nan"), 0.5)])
def test_a_place_outside_of_the_picture_is_refused_in_one_sentence(place):
    with pytest.raises(ValueError, match="shares of the picture, from 0 to 1") as caught:
        pick(wall(), place)
    assert "\n" not in str(caught.value)


def test_the_sky_is_not_seen_and_a_larger_radius_finds_the_surface():
    clip = Pointmap.cat([wall(), holed(20)])
    picked = pick(clip, PLACE)
    assert picked.seen.tolist() == [True, False] and picked.depth.tolist() == [3.0, 0.0]
    assert picked.depth_or(7.0).tolist() == [3.0, 7.0]
    assert picked.points_or(torch.tensor([1.0, 2.0]))[:, 2].tolist() == [3.0, 2.0]
    with pytest.raises(ValueError, match=r"no geometry at x 0\.16, y 0\.25 in frame 1") as caught:
        picked.points()
    assert "\n" not in str(caught.value)
    assert pick(clip, PLACE, radius=6).points()[:, 2].tolist() == [3.0, 3.0]


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_the_smallest_pictures_can_be_picked_in(size):
    for place in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5)):
        picked = pick(pointmap(torch.full((2, *size), 4.0)), place)
        assert picked.points()[:, 2].tolist() == [4.0, 4.0]
        assert bool((picked.pixels < torch.tensor(size)).all())
        assert not bool(pick(pointmap(torch.zeros(2, *size)), place).seen.any())


PLACES = [(0.4, 0.4), (0.9, 0.9), (0.247, 0.4), (0.253, 0.4), (0.4, 0.245), (0.4, 0.04), (0.4, 0.09)]


def scene():
    """A box before a wall, under a strip of sky, in which a hole and a stray pixel stand."""
    depth, _, _ = box_before_wall(*SIZE)
    depth[:, :5] = 0
    depth[:, 24, 32] = 0
    depth[:, 54, 72] = 90.0
    return pointmap(depth, source_size=PHOTO)


@pytest.mark.parametrize("place", PLACES)
def test_lengths_lights_layers_focus_and_regions_agree_on_what_is_there(place):
    """On a surface, at its edge, on a hole, on a stray pixel and in the sky."""
    (light,) = place_lights([Light(pixel=place, distance=0.0)], scene())
    layer = place_layer(LayerPlacement(pixel=place), scene())
    picked = pick(scene(), place)
    region = region_from_point(scene(), *place)
    if bool(picked.seen):
        row, column = picked.pixels[0].tolist()
        assert torch.allclose(light.position, picked.points()) and torch.equal(layer.origin, picked.points())
        assert float(focus_at_point(scene(), *place)) == float(picked.depth)
        assert float(scene().depth[0, row, column]) == pytest.approx(float(picked.depth), rel=0.01)
        assert bool(region[0, row, column])
        known = pick(scene(), (0.6, 0.6))
        length = float((picked.points() - known.points()).norm())
        assert float(length_between(scene(), place, (0.6, 0.6))) == pytest.approx(length, rel=1e-6)
    else:
        assert not bool(region.any())
        with pytest.raises(ValueError, match="no geometry"):
            length_between(scene(), place, (0.6, 0.6))


def test_some_of_these_places_are_seen_and_one_is_not():
    assert [bool(pick(scene(), place).seen) for place in PLACES] == [True] * 5 + [False, True]

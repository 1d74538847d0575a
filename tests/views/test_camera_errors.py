"""Errors of cameras: none between worlds that differ by a similarity, and exactly what was turned, moved and zoomed."""

from dataclasses import dataclass, replace

import numpy
import pytest

from sam3d_geometry.geometry.turns import rotation_of
from sam3d_geometry.views.camera_errors import camera_errors, silently_wrong


@dataclass(frozen=True)
class Known:
    intrinsics: numpy.ndarray
    world_from_camera: numpy.ndarray


def cameras(count, seed=0, line=False):
    """Cameras in any pose, in one line if asked."""
    random = numpy.random.default_rng(seed)
    found = {}
    for k in range(count):
        pose = numpy.eye(4)
        pose[:3, :3] = rotation_of(random.normal(size=3))
        pose[:3, 3] = [k, 0.0, 0.0] if line else random.normal(size=3)
        found[f"{k}.jpg"] = Known(numpy.diag([1.2, 1.6, 1.0]), pose)
    return found


def elsewhere(given, scale=2.5):
    """The same cameras in a world turned, scaled and moved."""
    turn, shift = rotation_of(numpy.array([0.4, -1.1, 2.0])), numpy.array([5.0, -7.0, 3.0])
    moved = {}
    for name, camera in given.items():
        pose = numpy.eye(4)
        pose[:3, :3] = turn @ camera.world_from_camera[:3, :3]
        pose[:3, 3] = scale * turn @ camera.world_from_camera[:3, 3] + shift
        moved[name] = replace(camera, world_from_camera=pose)
    return moved


def one_group(given):
    return dict.fromkeys(given, 0)


def turned(camera, degrees):
    """The camera turned about its own view axis."""
    pose = camera.world_from_camera.copy()
    pose[:3, :3] = pose[:3, :3] @ rotation_of(numpy.array([0, 0, numpy.radians(degrees)]))
    return replace(camera, world_from_camera=pose)


@pytest.mark.parametrize(("count", "line"), [(2, False), (3, True), (6, False)], ids=["two", "in a line", "six"])
def test_another_world_is_no_error(count, line):
    known = cameras(count, line=line)
    errors = camera_errors(elsewhere(known), one_group(known), known)
    assert len(errors.pairs) == count * (count - 1) // 2
    for pair in errors.pairs:
        assert pair.turn_degrees < 1e-5 and pair.direction_degrees < 1e-5
    for error in errors.cameras.values():
        assert error.place < 1e-9 and abs(error.focal_share) < 1e-12
    assert errors.fits[0].scale == pytest.approx(1 / 2.5) and not errors.wrong


def test_a_turn_of_one_camera_is_told_of_it_alone():
    known = cameras(5)
    found = elsewhere(known)
    found["2.jpg"] = turned(found["2.jpg"], 12.0)
    errors = camera_errors(found, one_group(known), known)
    turns = {(p.first, p.second): p.turn_degrees for p in errors.pairs}
    assert turns["1.jpg", "2.jpg"] == pytest.approx(12.0) and turns["0.jpg", "1.jpg"] < 1e-5
    assert errors.cameras["2.jpg"].turn_degrees == pytest.approx(12.0) and errors.cameras["1.jpg"].turn_degrees < 1e-5
    assert errors.wrong == ["2.jpg"] == silently_wrong(errors, []) and silently_wrong(errors, ["2.jpg"]) == []


def test_two_cameras_have_the_direction_between_them_and_its_turn():
    known = cameras(2)
    found = elsewhere(known)
    found["0.jpg"] = turned(found["0.jpg"], 30.0)
    way = (
        known["0.jpg"].world_from_camera[:3, :3].T
        @ (known["1.jpg"].world_from_camera - known["0.jpg"].world_from_camera)[:3, 3]
    )
    across = numpy.linalg.norm(way[:2]) / numpy.linalg.norm(way)  # sine of its angle to the axis turned about
    moved = 2 * numpy.degrees(numpy.arcsin(across * numpy.sin(numpy.radians(15))))
    assert camera_errors(found, one_group(known), known).pairs[0].direction_degrees == pytest.approx(moved)


def test_places_are_in_the_known_unit_and_shares_of_the_path():
    square = {}
    for k, place in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)]):
        pose = numpy.eye(4)
        pose[:2, 3] = place
        square[f"{k}.jpg"] = Known(numpy.diag([1.0, 1.0, 1.0]), pose)
    errors = camera_errors(square, one_group(square), square)
    assert errors.path == pytest.approx(3.0) and errors.extent == pytest.approx(2**0.5)
    found = elsewhere(square, scale=10.0)
    for k, away in enumerate([1, -1, 1, -1]):  # off the plane in turns: no similarity follows
        pose = found[f"{k}.jpg"].world_from_camera.copy()
        pose[:3, 3] += 0.5 * away * pose[:3, 2]
        found[f"{k}.jpg"] = replace(found[f"{k}.jpg"], world_from_camera=pose)
    found["0.jpg"] = replace(found["0.jpg"], intrinsics=numpy.diag([1.1, 1.1, 1.0]))
    errors = camera_errors(found, one_group(square), square)
    assert [e.place for e in errors.cameras.values()] == pytest.approx([0.05] * 4, rel=5e-3)
    assert errors.cameras["0.jpg"].focal_share == pytest.approx(0.1)


def test_groups_are_not_compared_and_missing_cameras_are_left_out():
    known = cameras(6)
    found = elsewhere(known)
    groups = {f"{k}.jpg": k // 3 for k in range(6)}
    found |= {f"{k}.jpg": c for k, c in enumerate(elsewhere(elsewhere(known)).values()) if k >= 3}
    del found["5.jpg"]
    errors = camera_errors(found, groups, known)
    assert [(p.first, p.second) for p in errors.pairs] == [
        ("0.jpg", "1.jpg"), ("0.jpg", "2.jpg"), ("1.jpg", "2.jpg"), ("3.jpg", "4.jpg"),
    ]  # fmt: skip
    assert max(error.place for error in errors.cameras.values()) < 1e-9 and "5.jpg" not in errors.cameras
    with pytest.raises(ValueError, match="of other photos"):
        camera_errors(found, groups, {"a.jpg": known["0.jpg"]}, order=["0.jpg"])


def test_cameras_on_one_spot_have_no_directions_and_no_places():
    known = cameras(3)
    found = {name: replace(c, world_from_camera=c.world_from_camera.copy()) for name, c in known.items()}
    for camera in found.values():
        camera.world_from_camera[:3, 3] = 0
    errors = camera_errors(found, one_group(known), known)
    assert not errors.fits and all(numpy.isnan(pair.direction_degrees) for pair in errors.pairs)
    assert all(numpy.isnan(error.place) and error.turn_degrees < 1e-5 for error in errors.cameras.values())

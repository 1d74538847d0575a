"""Bundle adjustment: what was disturbed comes back, derivatives are those of the residuals, and errors of depth are learned."""

from dataclasses import replace

import numpy
import posed_points
import pytest

from sam3d_geometry.geometry.turns import degrees_between, rotation_of
from sam3d_geometry.views.bundle import (
    Rules,
    _changed_scene,
    _residuals,
    _System,
    adjust,
    camera_spreads,
    learned_spread,
    reprojections,
)

FIXED = Rules(1.0, numpy.zeros((1, 2)), numpy.zeros(1))
FREE = Rules(1.0, numpy.array([[0.0, 0.3]]), numpy.array([0.05]))


def disturbed(scene, seed=0):
    random = numpy.random.default_rng(seed)
    turns = rotation_of(random.normal(0, 0.02, (len(scene.focals), 3)))
    turns[0] = numpy.eye(3)
    shifts = scene.shifts + random.normal(0, 0.1, scene.shifts.shape) * (numpy.arange(len(scene.focals)) > 0)[:, None]
    points = scene.points + random.normal(0, 0.1, scene.points.shape)
    return replace(scene, rotations=turns @ scene.rotations, shifts=shifts, points=points)


def test_disturbed_cameras_come_back():
    scene, seen = posed_points.scene()
    found = adjust(disturbed(scene), seen, FIXED)
    assert numpy.abs(reprojections(found, seen)[0]).max() < 0.05
    for found_turn, turn in zip(found.rotations, scene.rotations):
        assert degrees_between(found_turn, turn) < 0.02
    ratio = numpy.linalg.norm(found.centres[1:], axis=1) / numpy.linalg.norm(scene.centres[1:], axis=1)
    numpy.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)


def test_a_wrong_focal_length_and_a_bent_lens_are_found():
    scene, seen = posed_points.scene(6, 300)
    plane = seen.place / posed_points.FOCAL
    bent = replace(seen, place=seen.place * (1 + 0.03 * (plane**2).sum(1))[:, None])
    begun = replace(scene, focals=scene.focals * 1.15)
    found = adjust(disturbed(begun), bent, replace(FREE, rounds=80))
    assert 1.15 * numpy.exp(found.log_focals[0]) == pytest.approx(1.0, abs=0.01)
    assert found.radials[0] == pytest.approx(0.03, abs=0.005)


def test_slopes_are_those_of_the_cost():
    """The normal equations' right side is half the cost's derivative, where Cauchy's weights are those of the point."""
    scene, seen = posed_points.scene(3, 20)
    scene = replace(disturbed(scene), radials=numpy.array([0.02]))
    system = _System(scene, seen, FREE, _residuals(scene, seen, FREE))
    step = 1e-6
    for at in (6, 8, 11, 13, 16, 20, 21, 22):
        change = numpy.zeros(len(system.camera_slope))
        change[at] = step
        still = numpy.zeros_like(scene.points)
        costs = [_residuals(_changed_scene(scene, sign * change, still), seen, FREE).cost for sign in (1, -1)]
        assert system.camera_slope[at] == pytest.approx((costs[0] - costs[1]) / (4 * step), rel=1e-3, abs=1e-3)
    shifted = scene.points.copy()
    shifted[5, 1] += step
    rise = _residuals(replace(scene, points=shifted), seen, FREE).cost - _residuals(scene, seen, FREE).cost
    assert system.point_slope[16] == pytest.approx(rise / (2 * step), rel=1e-2)


def test_wrong_places_are_outvoted():
    scene, seen = posed_points.scene()
    places = seen.place.copy()
    places[::15] += 200
    found = adjust(disturbed(scene), replace(seen, place=places), FIXED)
    assert numpy.median(numpy.abs(reprojections(found, seen)[0])) < 0.1


def test_the_error_of_depth_is_learned():
    scene, seen = posed_points.scene(4, 400)
    noise = numpy.random.default_rng(0).normal(0, 0.08, len(seen.view))
    assert learned_spread(scene, replace(seen, log_depth=seen.log_depth + noise)) == pytest.approx(0.08, rel=0.1)


def test_spreads_say_how_far_noise_moves_cameras():
    scene, seen = posed_points.scene(3, 200)
    errors = []
    for seed in range(8):
        noise = numpy.random.default_rng(seed).normal(0, 0.5, seen.place.shape)
        noisy = replace(seen, place=seen.place + noise)
        found = adjust(scene, noisy, FIXED)
        errors.append(degrees_between(found.rotations[2], scene.rotations[2]))
        spreads, _ = camera_spreads(found, noisy, FIXED)
    assert (spreads[0] == 0).all()
    assert 0.3 < numpy.sqrt(numpy.mean(numpy.square(errors))) / spreads[2, 0] < 3

"""The camera's motion, and the scale and shift of a frame's depth, are found together and not mistaken for each other."""

from dataclasses import replace

import numpy
import pytest
import torch

from development.scenes.moving_room import film
from sam3d_geometry.clips.ego_motion import (
    Match,
    Motion,
    SolverFrame,
    _Samples,
    fit_frame,
    match,
    pixels_of,
    rays_through,
)
from sam3d_geometry.clips.flow import pixel_positions, sample_at
from sam3d_geometry.geometry.camera import unproject

SIZE = (96, 160)


@pytest.fixture(scope="module")
def frames():
    return film(5, *SIZE)


def changed(pointmap, scale, shift):
    """The pointmap as an estimator would give it whose depth is (depth - shift) / scale."""
    depth = (pointmap.depth - shift) / scale
    return replace(pointmap, points=unproject(depth, pointmap.intrinsics))


def exact_match(frames, index, reference):
    """Where pixels really are in the reference frame, from its pose; only the walls and what stands still."""
    motion = torch.linalg.inv(frames.world_from_camera[reference]) @ frames.world_from_camera[index]
    points = frames.points[index].double() @ motion[:3, :3].T + motion[:3, 3]
    position = pixels_of(points, frames.intrinsics[reference].double(), SIZE).float()
    there = sample_at(frames.depth[reference][..., None], position)[..., 0]
    seen = (there - points[..., 2].float()).abs() < 0.01 * there
    return Match(position - pixel_positions(*SIZE), seen & (frames.object_ids[index] < 10)), motion


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1.3, 0.0), (0.8, 0.2), (1.0, -0.3)])
def test_exact_positions_give_scale_shift_and_motion(frames, scale, shift):
    pointmap = frames.pointmap(False)
    found, motion = exact_match(frames, 4, 0)
    reference, view = SolverFrame.of(pointmap[0]), SolverFrame.of(changed(pointmap[4], scale, shift))
    fit = fit_frame(view, [(reference, found)])
    # SolverFrame averages depth over a few pixels, which is where the last tenth of a percent goes
    assert fit.scale == pytest.approx(scale, rel=4e-3)
    assert fit.shift == pytest.approx(shift, abs=0.015)
    assert (fit.motions[0].rotation - motion[:3, :3]).abs().max() < 2e-3
    assert (fit.motions[0].translation - motion[:3, 3]).norm() < 0.01
    assert fit.still > 0.9


def test_a_step_forward_is_not_taken_for_a_scale(frames):
    pointmap = frames.pointmap(False)
    fit = fit_frame(
        SolverFrame.of(pointmap[4]),
        [(SolverFrame.of(pointmap[0]), match(SolverFrame.of(pointmap[4]), SolverFrame.of(pointmap[0])))],
    )
    closer = (pointmap.depth[4] / pointmap.depth[0]).median().item()
    assert abs(closer - 1) > 0.005  # depths did get smaller
    assert abs(fit.scale + fit.shift / pointmap.depth[0].median().item() - 1) < abs(closer - 1) / 2


def test_two_references_share_one_scale(frames):
    pointmap = frames.pointmap(False)
    view = SolverFrame.of(changed(pointmap[4], 1.2, 0.0))
    references = [(SolverFrame.of(pointmap[i]), exact_match(frames, 4, i)[0]) for i in (0, 3)]
    fit = fit_frame(view, references)
    assert len(fit.motions) == 2 and fit.scale == pytest.approx(1.2, rel=4e-3)


def test_without_scale_depth_is_kept(frames):
    pointmap = frames.pointmap(False)
    found, motion = exact_match(frames, 2, 1)
    fit = fit_frame(SolverFrame.of(pointmap[2]), [(SolverFrame.of(pointmap[1]), found)], with_scale=False)
    assert (fit.scale, fit.shift) == (1.0, 0.0)
    assert (fit.motions[0].translation - motion[:3, 3]).norm() < 0.01


def test_frames_with_nothing_in_common_are_not_fitted(frames):
    pointmap = frames.pointmap(False)
    view = SolverFrame.of(pointmap[0])
    nothing = Match(torch.zeros(*SIZE, 2), torch.zeros(*SIZE, dtype=torch.bool))
    assert fit_frame(view, [(view, nothing)]) is None


def test_noise_is_averaged_and_edges_are_left_out(frames):
    pointmap = frames.pointmap(False)[0]
    noisy = replace(pointmap, points=pointmap.points * (1 + 0.02 * torch.randn(1, *SIZE, 1)))
    view = SolverFrame.of(noisy)
    off = (view.depth / pointmap.depth[0] - 1)[view.usable]
    assert 0.3 < view.usable.float().mean() < 1
    assert off.std() < 0.01 and view.grey.dtype == numpy.uint8


def test_motions_are_a_group():
    turn = torch.linalg.matrix_exp(torch.tensor([[0, -0.1, 0], [0.1, 0, 0.2], [0, -0.2, 0]], dtype=torch.float64))
    motion = Motion(turn, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    back = motion.then(motion.inverse())
    assert torch.allclose(back.rotation, torch.eye(3, dtype=torch.float64))
    assert back.translation.norm() < 1e-12


@pytest.mark.parametrize("length", [0.0, 1e-12, 1e-5, 0.3, 3.0])
def test_a_step_turns_about_its_axis_and_moves_on(length):
    motion = Motion.none().stepped(numpy.array([0.1, -0.2, 0.3, 1.0, 2.0, 3.0]))
    axis = torch.tensor([2.0, -1.0, 2.0], dtype=torch.float64) / 3 * length
    step = numpy.concatenate([axis.numpy(), [0.5, 0.0, -0.5]])
    x, y, z = axis.tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    stepped = motion.stepped(step)
    assert torch.allclose(stepped.rotation, torch.linalg.matrix_exp(cross) @ motion.rotation, atol=1e-14)
    assert stepped.translation.tolist() == [1.5, 2.0, 2.5]


def test_slopes_are_those_of_where_samples_are_seen(frames):
    pointmap = frames.pointmap(False)
    view, reference = SolverFrame.of(pointmap[4]), SolverFrame.of(pointmap[0])
    found, _ = exact_match(frames, 4, 0)
    samples = _Samples.take(view, reference, found)
    counts = numpy.random.default_rng(0).uniform(0.5, 2, (3, len(samples.depth)))
    motion = Motion.none().stepped(numpy.array([0.02, -0.03, 0.01, 0.1, 0.05, -0.1]))

    def seen(step):
        moved = Motion(motion.rotation, motion.translation).stepped(step[:6])
        # a turn acts before the move
        off = samples.seen_by(moved, 1.1 * numpy.exp(step[6]), 0.02 + step[7])
        return numpy.concatenate([off.in_pixels, off.in_depth[None]]) * counts

    slopes = samples.seen_by(motion, 1.1, 0.02).slopes(samples.focal, 1.1 * samples.depth, counts)
    for place in range(8):
        small = numpy.zeros(8)
        small[place] = 1e-6
        numpy.testing.assert_allclose(slopes[place], (seen(small) - seen(-small)) / 2e-6, rtol=1e-4, atol=1e-3)


def test_rays_and_pixels_are_inverse():
    k = torch.tensor([[0.9, 0, 0.48], [0, 1.2, 0.55], [0, 0, 1]])
    positions = pixel_positions(*SIZE)
    assert torch.allclose(pixels_of(rays_through(positions, k, SIZE) * 3, k, SIZE), positions, atol=1e-3)

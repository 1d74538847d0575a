"""A disturbed film gets its one scale back, keeps its cuts, and is the same in a stream; nothing breaks on odd frames."""

from dataclasses import replace

import closed_form
import pytest
import torch

from development.scenes.moving_room import film
from sam3d_geometry.clips.align import align_sequence, seen_through
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.video.stages import pack, unpack

FRAMES, SIZE = 8, (96, 160)


@pytest.fixture(scope="module")
def frames():
    return film(FRAMES, *SIZE, samples=1)


def disturbed(pointmap, seed=0, noise=0.0, lens=0.1):
    """Each frame with a scale within 10 %, a shift, a lens of its own, and noise from pixel to pixel."""
    random = torch.Generator().manual_seed(seed)
    scale = 1 + 0.2 * (torch.rand(len(pointmap), generator=random) - 0.5)
    shift = 0.3 * (torch.rand(len(pointmap), generator=random) - 0.5)
    focal = 1 + lens * (torch.rand(len(pointmap), 1, generator=random) - 0.5)
    depth = pointmap.depth * (1 + noise * torch.randn(pointmap.depth.shape, generator=random))
    depth = (depth * scale[:, None, None] + shift[:, None, None]).clamp_min(0.01) * pointmap.mask
    changed = replace(pointmap, points=unproject(depth, pointmap.intrinsics))
    return seen_through(changed, (pointmap.intrinsics[:, (0, 1), (0, 1)] * focal).log())


def jumps(pointmap, truth):
    """How much each frame's scale against the truth differs from the mean one, at most."""
    ratio = (pointmap.depth / truth).log().flatten(1).nanmedian(1).values
    return (ratio - ratio.mean()).abs().max().item()


@pytest.mark.parametrize("streaming", [False, True])
def test_scales_and_lenses_are_brought_together(frames, streaming):
    # a stream's lens is settled before it starts, or in its first frames
    noisy = disturbed(frames.pointmap(False), noise=0.01, lens=0 if streaming else 0.1)
    aligned, _, done = align_sequence(noisy, streaming=streaming)
    before, after = jumps(noisy, frames.depth), jumps(aligned, frames.depth)
    assert before > 0.04
    assert after < 0.006
    before, after = done.flicker
    assert after < before / 3
    if not streaming:
        assert (aligned.intrinsics - aligned.intrinsics[0]).abs().max() == 0
        assert done.scale.median() == pytest.approx(1, abs=1e-6)


def test_poses_are_those_of_the_camera(frames):
    pointmap = frames.pointmap(False)
    _, _, done = align_sequence(pointmap)
    true = torch.linalg.inv(frames.world_from_camera[0]) @ frames.world_from_camera
    off = (done.world_from_camera[:, :3, 3] - true[:, :3, 3]).norm(dim=-1).max().item()
    assert off < 0.2 * true[-1, :3, 3].norm().item()  # at this size flow is right to about a tenth of a pixel
    assert torch.allclose(done.world_from_camera[:, :3, :3], true[:, :3, :3], atol=5e-3)


def test_a_stream_in_pieces_is_the_stream_in_one(frames):
    noisy = disturbed(frames.pointmap(False))
    whole, _, _ = align_sequence(noisy, streaming=True)
    parts, state = [], None
    for part in (slice(0, 3), slice(3, 4), slice(4, FRAMES)):
        aligned, state, _ = align_sequence(noisy[part], state, streaming=True)
        state = unpack(pack(state))
        parts.append(aligned)
    assert torch.allclose(torch.cat([p.points for p in parts]), whole.points, rtol=1e-4, atol=1e-5)


def test_a_cut_is_not_bridged(frames):
    pointmap = frames.pointmap(False)
    other = replace(pointmap[4:], points=pointmap.points[4:] * 3, image=1 - pointmap.image[4:])
    clip = Pointmap.cat([pointmap[:4], other])
    aligned, _, done = align_sequence(clip)
    assert done.cut.tolist() == [True, *[False] * 3, True, *[False] * 3]
    ratio = (aligned.depth / frames.depth).flatten(1).median(1).values
    assert ratio[:4].mean() == pytest.approx(1, rel=0.01) and ratio[4:].mean() == pytest.approx(3, rel=0.01)
    assert "new shot" in done.report() and len(done.report().splitlines()) == FRAMES + 2


def test_a_camera_that_returns_finds_its_scale_again(frames):
    """There and back: the last frame is the first one, and is bound to its keyframe."""
    order = [*range(FRAMES), *range(FRAMES - 2, -1, -1)]
    pointmap = frames.pointmap(False)[order]
    aligned, _, _ = align_sequence(disturbed(pointmap, seed=2))
    assert (aligned.depth[-1] / aligned.depth[0]).median() == pytest.approx(1, abs=0.004)


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (20, 20)], ids=str)
@pytest.mark.parametrize("valid", [True, False])
def test_odd_frames_pass_unharmed(size, valid):
    depth = torch.full((3, *size), 2.0)
    clip = closed_form.pointmap(depth, torch.full(depth.shape, valid))
    for stream in (False, True):
        aligned, _, done = align_sequence(clip, streaming=stream)
        smoothed, _ = smooth_along_motion(aligned, direction="zero lag")
        for result in (aligned, smoothed):
            assert torch.isfinite(result.points).all() and torch.equal(result.mask, clip.mask)
            assert torch.allclose(result.depth, clip.depth, rtol=1e-4)
        assert done.flicker[1] < 1e-5
        assert "nan" not in done.report()


def test_the_first_frame_starts_a_shot_where_cuts_are_not_looked_for(frames):
    _, _, done = align_sequence(frames.pointmap(False)[:2], cut_threshold=1.0)
    assert done.cut.tolist() == [True, False]


def test_stopping_is_left_to_the_callback(frames):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align_sequence(frames.pointmap(False), on_progress=stop)


@pytest.mark.parametrize("kind", ["flashing", "flash", "black"])
@pytest.mark.parametrize("streaming", [False, True])
def test_light_leaves_the_scale_as_it_is(frames, streaming, kind):
    # the estimator's geometry of a black frame is noise
    noisy = disturbed(frames.pointmap(False), noise=0.01, lens=0)
    light = torch.ones(FRAMES, 1, 1, 1)
    light[1::2] = 0.55 if kind == "flashing" else 1
    light[4] *= {"flashing": 1, "flash": 2, "black": 0}[kind]
    points = noisy.points.clone()
    if kind == "black":
        points[4] *= 0.5 + torch.rand(*SIZE, 1, generator=torch.Generator().manual_seed(1))
    lit = replace(noisy, image=(noisy.image * light).clamp(0, 1), points=points)
    aligned, state, done = align_sequence(lit, streaming=streaming)
    seen = [i for i in range(FRAMES) if kind != "black" or i != 4]
    assert done.cut.tolist() == [True] + [False] * (FRAMES - 1)
    assert jumps(aligned[seen], frames.depth[seen]) < 0.006
    if streaming:
        first, state, _ = align_sequence(lit[:5], streaming=True)
        rest, _, _ = align_sequence(lit[5:], state, streaming=True)
        assert torch.equal(torch.cat([first.depth, rest.depth]), aligned.depth)

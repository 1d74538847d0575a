"""A clip's camera is the path that Align Sequence finds in it as a whole, in pieces too, and whatever kills the job."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import closed_form
import numpy
import pytest
import torch
from brightness import BrightnessEngine
from clips import make_clip

from development.scenes.moving_room import film
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.video import stream
from sam3d_geometry.video.clip_camera import COLUMNS, KeptCameraWriter, cameras_to_keep, track_of_clip
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.engine import StreamSettings
from sam3d_geometry.video.product import CAMERA, VideoProduct
from sam3d_geometry.video.stages import Align, pack, unpack
from sam3d_geometry.video.stream import stream_clip

pytest.importorskip("av", reason="PyAV is not installed")
SIZE = (60, 100)
FACTS = SimpleNamespace(camera_size=SIZE, frame_rate=Fraction(24000, 1001))


def kept(pointmap, parts, folder):
    """The segments of a clip that goes through the aligner part by part."""
    state, paths = None, []
    for i, part in enumerate(parts):
        aligned, state, _ = Align()(pointmap[part], state)
        state = unpack(pack(state))
        writer = KeptCameraWriter(folder / f"{i}.segment")
        for row in cameras_to_keep(aligned, (state, "another stage's")):
            writer.write(row, 0)
        writer.close()
        paths.append(folder / f"{i}.segment")
    return paths


def test_the_track_is_the_path_of_the_clip_as_a_whole_with_its_shots(tmp_path):
    """Frames after a cut have three times the scale, and each frame a scale of its own."""
    frames = film(8, *SIZE, samples=1).pointmap(False)
    scales = torch.tensor([1, 1.1, 0.9, 1.05, 3, 2.7, 3.3, 3.1])[:, None, None, None]
    images = torch.cat([frames.image[:4], 1 - frames.image[4:]])
    clip = replace(frames, points=frames.points * scales, image=images)
    _, _, done = align_sequence(clip)
    track = track_of_clip(kept(clip, (slice(0, 3), slice(3, 5), slice(5, 8)), tmp_path), FACTS, False)
    assert done.cut.tolist() == [True, *[False] * 3, True, *[False] * 3]
    assert (done.world_from_camera[:, :3, 3].norm(dim=1) > 0.001).tolist() == [False, *[True] * 3] * 2
    assert torch.allclose(track.world_from_camera, done.world_from_camera, atol=1e-6)
    assert torch.allclose(track.intrinsics, clip.intrinsics.double(), atol=1e-6)
    assert (track.size, track.metric) == (SIZE, False) and track.fps == pytest.approx(23.976, abs=1e-3)


def test_where_nothing_aligns_it_says_so():
    pointmap = closed_form.pointmap(torch.full((2, 6, 8), 2.0))
    with pytest.raises(ValueError, match="following its motion"):
        cameras_to_keep(pointmap, ())
    _, state, _ = Align()(pointmap, None)
    assert cameras_to_keep(pointmap, (state,)).shape == (2, COLUMNS)


class Killed(Exception):
    pass


def test_a_killed_job_goes_on_and_gives_the_same_file(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "SEGMENT_FRAMES", 4)
    make_clip(tmp_path / "source.mp4", 14)
    frames = []

    def run(folder, on_progress=None):
        product = VideoProduct(CAMERA, "camera chan", folder / "path.chan")
        clip = open_clip(tmp_path / "source.mp4")
        stream_clip(
            BrightnessEngine(), clip, [product], StreamSettings(one_camera=False), [Align()], on_progress=on_progress
        )
        return product.target.read_text(encoding="ascii")

    def killing(done, total):
        frames.append(done)
        if done >= 8:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path / "killed", killing)
    whole = run(tmp_path / "whole")
    assert run(tmp_path / "killed", lambda done, total: frames.append(done)) == whole
    assert [int(line.split()[0]) for line in whole.splitlines()] == list(range(1, 15))
    assert numpy.isfinite(numpy.loadtxt(whole.splitlines())).all()
    assert frames.count(frames[0]) == 1  # what was done is not done again

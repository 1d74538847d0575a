"""Frames in memory as a clip: untouched, told apart by what they show."""

import io
from fractions import Fraction
from pathlib import Path

import numpy
import pytest
import torch

from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.memory_frames import MemoryFrames
from sam3d_geometry.video.sound import write_sound

IMAGES = torch.rand(7, 5, 9, 3, generator=torch.Generator().manual_seed(0))


def test_frames_come_in_order_as_they_are():
    clip = MemoryFrames(IMAGES, 25)
    frames = list(clip.frames())
    assert [(f.index, f.time) for f in frames] == [(i, i) for i in range(7)]
    assert clip.times() == list(range(7))
    assert all(numpy.array_equal(f.pixels, IMAGES[i].numpy()) for i, f in enumerate(frames))
    assert [f.index for f in clip.frames(Position(4, 4))] == [5, 6]
    assert [clip.facts.height, clip.facts.width, clip.facts.frame_rate, clip.facts.has_alpha] == [5, 9, 25, False]
    spread = list(clip.samples(3))
    assert all(numpy.array_equal(pixels, IMAGES[i].numpy()) for pixels, i in zip(spread, (1, 3, 5)))


def test_a_fourth_channel_is_alpha():
    assert MemoryFrames(torch.zeros(1, 4, 4, 4), 24).facts.has_alpha


def test_what_it_shows_tells_it_from_others():
    same = MemoryFrames(IMAGES.clone(), 25).fingerprint()
    assert MemoryFrames(IMAGES, 25).fingerprint() == same
    for other in (MemoryFrames(IMAGES + 1e-6, 25), MemoryFrames(IMAGES, 24), MemoryFrames(IMAGES, 25, Path("a.wav"))):
        assert other.fingerprint() != same


def test_sound_ends_with_the_frames():
    assert MemoryFrames(IMAGES, 25).sound is None
    assert MemoryFrames(IMAGES, 25, Path("a.wav")).sound == (Path("a.wav"), (0, Fraction(7, 25)))


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="frame rate came as 0"):
        MemoryFrames(IMAGES, 0)


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (2, 2), (3, 2), (6, 6)])
def test_sound_is_written_without_loss(channels, kept):
    av = pytest.importorskip("av")
    samples = numpy.random.default_rng(0).uniform(-1, 1, (channels, 999)).astype(numpy.float32)
    file = io.BytesIO()
    write_sound(samples, 22050, file)
    file.seek(0)
    with av.open(file) as container:
        frames = [frame.to_ndarray().reshape(-1, kept).T for frame in container.decode(audio=0)]
        assert container.streams.audio[0].codec_context.sample_rate == 22050
    assert numpy.array_equal(numpy.concatenate(frames, 1), samples[:kept])

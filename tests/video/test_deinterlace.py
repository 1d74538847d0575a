"""Interlaced clips: the picture of one moment comes out of every frame, at its time, wherever reading begins."""

import numpy
import pytest

from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.video_file import VideoFile

av = pytest.importorskip("av", reason="PyAV is not installed")

FRAMES = 24


def moment(number):
    """A bar on gray that moves on by two pixels in each half frame."""
    pixels = numpy.full((64, 96, 3), 40, numpy.uint8)
    left = 2 * number % 80
    pixels[:, left : left + 12] = 220
    return pixels


@pytest.fixture(scope="module")
def interlaced(tmp_path_factory):
    """A clip of frames whose lower field (odd rows) comes first and whose upper one is half a frame later."""
    path = tmp_path_factory.mktemp("clips") / "interlaced.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"flags": "+ilme+ildct", "b": "8M", "g": "6"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for i in range(FRAMES):
            pixels = moment(2 * i + 1)
            pixels[1::2] = moment(2 * i)[1::2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode(None))
    return path


def error(frame, number):
    return numpy.abs(frame.pixels.astype(float) - moment(number)).mean()


def test_every_frame_shows_one_moment_at_its_time(interlaced):
    frames = list(VideoFile(interlaced).frames())
    assert [f.index for f in frames] == list(range(FRAMES))
    assert [f.time for f in frames] == [40 * i for i in range(FRAMES)]
    assert max(error(f, 2 * f.index) for f in frames) < 1.5  # woven fields are 4.6 off
    assert min(error(f, 2 * f.index + 1) for f in frames) > 5


@pytest.mark.parametrize("index", [0, 5, 6, 11, 17])
def test_reading_on_gives_the_same_pictures(interlaced, index):
    clip = VideoFile(interlaced)
    frames = list(clip.frames())
    after = list(clip.frames(Position(index, frames[index].time)))
    assert [f.time for f in after] == [f.time for f in frames[index + 1 :]]
    assert all(numpy.array_equal(one.pixels, other.pixels) for one, other in zip(after, frames[index + 1 :]))


def test_whole_frames_are_left_alone(tmp_path, interlaced):
    from clips import make_clip

    make_clip(tmp_path / "clip.mp4", 4)
    clip = VideoFile(tmp_path / "clip.mp4")
    plain = [f.pixels for f in clip.frames()]
    clip._is_interlaced = True  # as where the first frames say so and these do not
    assert all(numpy.array_equal(one, other.pixels) for one, other in zip(plain, clip.frames()))

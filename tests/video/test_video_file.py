"""Reading clips: every frame once, in order, upright, at its time, from any position."""

from fractions import Fraction

import numpy
import pytest
from clips import TIME_BASE, make_clip, number, picture

from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.video_file import VideoFile

pytest.importorskip("av", reason="PyAV is not installed")


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """A clip whose frames come at uneven times, and these times."""
    path = tmp_path_factory.mktemp("clips") / "uneven.mp4"
    gaps = numpy.random.default_rng(0).integers(500, 2000, 50)
    times = numpy.concatenate([[0], gaps.cumsum()[:-1]]).tolist()
    make_clip(path, 50, times=times, sound="aac")
    return path, times


def in_time_base(clip, frames):
    return [round(f.time * clip.facts.time_base / TIME_BASE) for f in frames]


class TestVideoFile:
    def test_every_frame_once_at_its_time(self, uneven):
        path, times = uneven
        clip = VideoFile(path)
        frames = list(clip.frames())
        assert [number(f.pixels) for f in frames] == [f.index for f in frames] == list(range(50))
        assert in_time_base(clip, frames) == times

    @pytest.mark.parametrize("index", [0, 11, 12, 30, 48])
    def test_goes_on_after_any_position(self, uneven, index):
        clip = VideoFile(uneven[0])
        before = list(clip.frames())
        after = list(clip.frames(Position(index, before[index].time)))
        assert [(f.index, f.time) for f in after] == [(f.index, f.time) for f in before[index + 1 :]]
        assert [number(f.pixels) for f in after] == list(range(index + 1, 50))

    def test_a_position_that_is_not_there_is_counted_to(self, uneven):
        clip = VideoFile(uneven[0])
        after = list(clip.frames(Position(20, list(clip.frames())[20].time + 1)))
        assert [number(f.pixels) for f in after] == list(range(21, 50))

    def test_nothing_comes_after_the_last_frame(self, uneven):
        clip = VideoFile(uneven[0])
        last = list(clip.frames())[-1]
        assert list(clip.frames(Position(last.index, last.time))) == []

    def test_facts(self, uneven):
        facts = VideoFile(uneven[0]).facts
        assert (facts.height, facts.width, facts.frames, facts.has_sound) == (54, 96, 50, True)

    def test_times_without_decoding_are_those_of_the_frames(self, uneven):
        clip = VideoFile(uneven[0])
        assert clip.times() == [f.time for f in clip.frames()]

    def test_a_window_is_cut_out(self, tmp_path):
        make_clip(tmp_path / "clip.mp4", 60)
        clip = VideoFile(tmp_path / "clip.mp4", start_seconds=1.0, duration_seconds=0.5)
        frames = list(clip.frames())
        assert [number(f.pixels) for f in frames] == list(range(30, 45))
        assert clip.times() == [f.time for f in frames]
        assert 0 <= frames[0].time * clip.facts.time_base < Fraction(1, 29)
        assert clip.facts.frames == 15

    @pytest.mark.parametrize("rotation", [90, 180, 270])
    def test_a_turned_camera_is_turned_back(self, tmp_path, rotation):
        make_clip(tmp_path / "clip.mp4", 3, rotation=rotation)
        clip = VideoFile(tmp_path / "clip.mp4")
        pixels = next(clip.frames()).pixels
        assert pixels.shape[:2] == (clip.facts.height, clip.facts.width)
        error = numpy.abs(pixels.astype(int) - numpy.rot90(picture(0), rotation // 90))
        assert error.mean() < 8

    def test_samples_are_spread_over_the_clip(self, uneven):
        numbers = [number(pixels) for pixels in VideoFile(uneven[0]).samples(5)]
        assert len(numbers) == 5
        assert numbers == sorted(set(numbers))
        assert numbers[0] < 10
        assert numbers[-1] > 40

    @pytest.mark.parametrize("frames", [1, 2, 5])
    def test_samples_of_a_short_clip_are_all_its_frames(self, tmp_path, frames):
        make_clip(tmp_path / "clip.mp4", frames)
        numbers = [number(pixels) for pixels in VideoFile(tmp_path / "clip.mp4").samples(16)]
        assert numbers == list(range(frames))


def test_a_raw_stream_which_cannot_be_sought_in_is_sampled_and_gone_on_with(tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "raw.h264"), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for level in range(20):
            pixels = numpy.full((64, 96, 3), 12 * level, numpy.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode(None))
    clip = VideoFile(tmp_path / "raw.h264")
    frames = list(clip.frames())
    after = list(clip.frames(Position(7, frames[7].time)))
    levels = [float(pixels.mean()) / 12 for pixels in clip.samples(5)]
    assert levels == pytest.approx([2, 6, 10, 14, 18], abs=0.5)
    assert [(f.index, f.time) for f in after] == [(f.index, f.time) for f in frames[8:]]
    assert all((one.pixels == other.pixels).all() for one, other in zip(after, frames[8:]))

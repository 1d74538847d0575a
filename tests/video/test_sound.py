"""Sound comes along with the pictures, copied or as AAC, and cut as they are."""

from fractions import Fraction

import pytest
from clips import RATE, make_clip
from written_videos import ramps, write

from sam3d_geometry.video.video_file import VideoFile

av = pytest.importorskip("av", reason="PyAV is not installed")


@pytest.mark.parametrize(
    ("codec", "target", "arrives"),
    [("aac", "out.mp4", "aac"), ("aac", "out.mkv", "aac"), ("pcm_s16le", "out.mp4", "aac")],
)
def test_sound_comes_along(tmp_path, codec, target, arrives):
    source = tmp_path / ("source.mp4" if codec == "aac" else "source.mkv")
    make_clip(source, 40, sound=codec)
    name = "ffv1 16-bit mkv" if target.endswith("mkv") else "h264 8-bit mp4"
    clip = VideoFile(source)
    path = write(tmp_path, name, ramps(), tmp_path / target, (source, clip.window))
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == arrives
        seconds = sum(f.samples for f in container.decode(audio=0)) / 48000
    assert abs(seconds - 40 / RATE) < 0.06


def test_sound_is_cut_to_the_window(tmp_path):
    make_clip(tmp_path / "source.mp4", 60, sound="aac")
    window = (Fraction(1), Fraction(3, 2))
    path = write(tmp_path, "h264 8-bit mp4", ramps(), None, (tmp_path / "source.mp4", window))
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert abs(frames[0].pts * frames[0].time_base) < 0.05
    assert abs(sum(f.samples for f in frames) / 48000 - 0.5) < 0.06

"""Sound comes along with the pictures, copied or as AAC, and cut as they are."""

from fractions import Fraction

import pytest
from clips import RATE, make_clip
from written_videos import ramps, write

from sam3d_geometry.video.sound import _codecs
from sam3d_geometry.video.video_file import VideoFile

av = pytest.importorskip("av", reason="PyAV is not installed")


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("codec", "target", "arrives"),
    [
        ("aac", "out.mp4", "aac"),
        ("aac", "out.mkv", "aac"),
        ("pcm_s16le", "out.mp4", "aac"),
        ("libmp3lame", "out.mp4", "mp3"),
        ("libmp3lame", "out.mkv", "mp3"),
        ("libopus", "out.mkv", "opus"),
    ],
)
def test_sound_comes_along(tmp_path, codec, target, arrives):
    source = tmp_path / ("source.mp4" if codec == "aac" else "source.mkv")
    make_clip(source, 40, sound=codec)
    name = "ffv1 16-bit mkv" if target.endswith("mkv") else "h264 8-bit mp4"
    clip = VideoFile(source)
    path = write(tmp_path, name, ramps(), tmp_path / target, clip.sound)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == arrives
        seconds = sum(f.samples for f in container.decode(audio=0)) / 48000
    assert abs(seconds - 40 / RATE) < 0.06
    if "pcm" not in codec:  # the others are copied, byte for byte, but for what primes the decoder
        copied, given = packets(path), packets(source)
        assert len(given) - len(copied) <= 2
        assert given[-len(copied) :] == copied


def test_sound_goes_by_its_codec_and_not_by_what_decodes_it(tmp_path):
    with av.open(str(tmp_path / "any.mkv"), "w") as output:
        assert av.Codec("dca", "r").canonical_name in _codecs(output)


def test_sound_is_cut_to_the_window(tmp_path):
    make_clip(tmp_path / "source.mp4", 60, sound="aac")
    window = (Fraction(1), Fraction(3, 2))
    path = write(tmp_path, "h264 8-bit mp4", ramps(), None, (tmp_path / "source.mp4", window))
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert abs(frames[0].pts * frames[0].time_base) < 0.05
    assert abs(sum(f.samples for f in frames) / 48000 - 0.5) < 0.06

"""What is unusual in a clip is said, and nothing else."""

from fractions import Fraction

import numpy
import pytest
from clips import make_clip
from PIL import Image

from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.clip_notes import INTERLACED, clip_notes, hdr_note

pytest.importorskip("av", reason="PyAV is not installed")


def test_nothing_is_said_of_a_plain_clip(tmp_path):
    make_clip(tmp_path / "clip.mp4", 3)
    assert clip_notes(open_clip(tmp_path / "clip.mp4").facts) == []


def test_pixels_and_sizes_are_told(tmp_path):
    make_clip(tmp_path / "clip.mp4", 3, aspect=Fraction(64, 45))
    (note,) = clip_notes(open_clip(tmp_path / "clip.mp4").facts)
    assert "(64:45): the camera sees 137 x 54 square ones, and what is written has 96 x 54" in note
    Image.fromarray(numpy.zeros((7, 9, 4), numpy.uint8)).save(tmp_path / "1.png")
    alpha, odd = clip_notes(open_clip(tmp_path).facts)
    assert "has alpha" in alpha and "9 x 7 is odd" in odd


@pytest.mark.parametrize(
    ("trc", "flags", "note"), [(16, "", hdr_note("PQ")), (18, "", hdr_note("HLG")), (1, "+ilme+ildct", INTERLACED)]
)
def test_hdr_and_interlacing_are_told(tmp_path, trc, flags, note):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"flags": flags} if flags else {})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.color_trc = trc
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numpy.zeros((64, 64, 3), numpy.uint8))))
        container.mux(stream.encode(None))
    assert clip_notes(open_clip(tmp_path / "clip.mkv").facts) == [note]

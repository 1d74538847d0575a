"""Clips for views: sharp frames of a moving camera become photos, and a clip that is none or stands still is one sentence."""

from fractions import Fraction

import numpy
import pytest
from PIL import Image

pytest.importorskip("cv2")
av = pytest.importorskip("av")

from sam3d_geometry.cli.view_clips import keyframe_photos
from sam3d_geometry.files.photo import PhotoError
from sam3d_geometry.views.keyframes import KeyframeSettings

WIDE = numpy.kron(numpy.random.default_rng(0).integers(0, 255, (12, 60, 3)), numpy.ones((8, 8, 1))).astype(numpy.uint8)


def film(path, shifts):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for shift in shifts:
            frame = av.VideoFrame.from_ndarray(numpy.ascontiguousarray(WIDE[:, shift : shift + 160]), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def nothing(done, total):
    pass


def test_the_frames_that_are_taken_are_those_of_the_clip(tmp_path):
    clip = film(tmp_path / "walk.mp4", range(0, 120, 3))
    with keyframe_photos(clip, KeyframeSettings(most=4, step=0.1), nothing) as photos:
        assert len(photos) == 4 and all(path.is_file() for path in photos.values())
        for name, path in photos.items():
            number = int(name.removeprefix("walk_").removesuffix(".png"))
            pixels = numpy.asarray(Image.open(path)).astype(float)
            off = [abs(pixels - WIDE[:, 3 * k : 3 * k + 160]).mean() for k in range(40)]
            assert int(numpy.argmin(off)) == number
    assert not any(path.exists() for path in photos.values())


def test_what_is_no_clip_and_what_stands_still_is_told(tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no clip")
    for path, said in (
        (tmp_path / "broken.mp4", "broken.mp4"),
        (film(tmp_path / "still.mp4", [5] * 12), "nothing moves in this clip"),
    ):
        with pytest.raises(PhotoError, match=said), keyframe_photos(path, KeyframeSettings(), nothing):
            pass

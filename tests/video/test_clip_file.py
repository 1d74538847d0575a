"""A path becomes a clip: a video file or a folder of pictures, and a sentence where it is neither."""

import os
from fractions import Fraction

import pytest
from clips import RATE, make_clip, make_folder, number

from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.frame_folder import FrameFolder
from sam3d_geometry.video.video_file import VideoFile

pytest.importorskip("av", reason="PyAV is not installed")


def test_a_file_keeps_its_rate_and_a_folder_gets_one(tmp_path):
    make_clip(tmp_path / "clip.mp4", 4)
    file, folder = open_clip(str(tmp_path / "clip.mp4"), 50), open_clip(make_folder(tmp_path / "frames", 4), 50)
    assert isinstance(file, VideoFile) and isinstance(folder, FrameFolder)
    assert (file.facts.frame_rate, folder.facts.frame_rate) == (RATE, Fraction(50))


def test_both_are_cut_alike(tmp_path):
    make_clip(tmp_path / "clip.mp4", 30)
    for path in (tmp_path / "clip.mp4", make_folder(tmp_path / "frames", 30)):
        part = open_clip(path, RATE, start_seconds=0.5, duration_seconds=0.2)
        assert [number(frame.pixels) for frame in part.frames()] == list(range(15, 21)), path


def test_numbers_of_pictures_may_start_later(tmp_path):
    clip = open_clip(make_folder(tmp_path / "frames", 6), start_number=4)
    assert [number(frame.pixels) for frame in clip.frames()] == [4, 5]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a matter of Unix")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match=r"a\.mp4 is no file or folder but a pipe or device"):
        open_clip(tmp_path / "a.mp4")


def test_what_is_no_clip_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(ValueError, match=r"cannot be read as a video.*give a video file"):
        open_clip(tmp_path / "clip.mp4")
    with pytest.raises(ValueError, match="does not exist"):
        open_clip(tmp_path / "gone.mp4")

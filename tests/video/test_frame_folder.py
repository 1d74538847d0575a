"""Reading folders of frames: in the order of their numbers, of one size, as bright as they are."""

from fractions import Fraction

import numpy
import pytest
from clips import make_folder, number, picture
from PIL import Image

from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.frame_folder import FrameFolder


class TestFrameFolder:
    def test_frames_come_in_the_order_of_their_numbers(self, tmp_path):
        clip = FrameFolder(make_folder(tmp_path / "frames", 12))
        assert [number(f.pixels) for f in clip.frames()] == list(range(12))
        assert [f.index for f in clip.frames(Position(9, 9))] == [10, 11]
        assert clip.frame_name(10) == "shot_10"
        assert clip.times() == [f.time for f in clip.frames()]

    def test_the_frame_rate_is_kept_exactly(self, tmp_path):
        facts = FrameFolder(make_folder(tmp_path / "frames", 1), 23.976).facts
        assert facts.time_base * facts.frame_rate == 1
        assert abs(facts.frame_rate - Fraction(24000, 1001)) < Fraction(1, 1000)

    def test_frames_of_two_sizes_are_refused(self, tmp_path):
        folder = make_folder(tmp_path / "frames", 2)
        Image.fromarray(picture(2, 54, 100)).save(folder / "shot_2.png")
        with pytest.raises(ValueError, match=r"shot_2\.png has 100 x 54 pixels and shot_0\.png 96 x 54; all frames"):
            list(FrameFolder(folder).frames())
        with pytest.raises(ValueError, match=r"shot_2\.png has 100 x 54 pixels and shot_0\.png 96 x 54; all frames"):
            list(FrameFolder(folder).samples(3))

    def test_sixteen_bit_pictures_keep_their_brightness(self, tmp_path):
        folder = tmp_path / "frames"
        folder.mkdir()
        values = numpy.linspace(0, 65535, 96).astype(numpy.uint16)[None].repeat(54, 0)
        Image.fromarray(values).save(folder / "0.png")
        pixels = next(FrameFolder(folder).frames()).pixels
        assert numpy.abs(pixels[..., 0].astype(float) - values / 257).max() <= 0.5

    def test_missing_numbers_keep_their_time_and_are_named(self, tmp_path):
        folder = make_folder(tmp_path / "frames", 9)
        for gone in (2, 5, 6):
            (folder / f"shot_{gone}.png").unlink()
        clip = FrameFolder(folder)
        assert [(f.index, f.time, number(f.pixels)) for f in clip.frames()] == [
            (0, 0, 0), (1, 1, 1), (2, 3, 3), (3, 4, 4), (4, 7, 7), (5, 8, 8)
        ]  # fmt: skip
        assert clip.times() == [0, 1, 3, 4, 7, 8]
        (note,) = clip.facts.notes
        assert "Numbers are missing (2, 5 to 6); the frame before them stays on" in note
        assert FrameFolder(folder, 24, start_number=7).facts.notes == ()

    def test_a_part_is_cut_by_the_numbers(self, tmp_path):
        folder = make_folder(tmp_path / "frames", 9)
        (folder / "shot_1.png").unlink()
        part = FrameFolder(folder, 1, start_seconds=2, duration_seconds=3)
        assert [(f.time, number(f.pixels)) for f in part.frames()] == [(0, 2), (1, 3), (2, 4)]

    def test_an_empty_folder_is_refused(self, tmp_path):
        with pytest.raises(ValueError, match="holds no pictures"):
            open_clip(tmp_path)

    def test_one_stem_twice_is_refused(self, tmp_path):
        folder = make_folder(tmp_path / "frames", 2)
        (folder / "shot_1.jpg").write_bytes(b"")
        with pytest.raises(ValueError, match="differ only in their suffix"):
            FrameFolder(folder)

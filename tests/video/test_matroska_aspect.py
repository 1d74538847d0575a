"""The display size in a Matroska file: there, guarded by a sum that is right, and nothing else moved."""

import zlib
from dataclasses import replace
from fractions import Fraction

import pytest
from written_videos import FACTS, ramps, write

from sam3d_geometry.video.matroska_aspect import CRC, PLACE_HOLDER, SEGMENT, TRACKS, _child

av = pytest.importorskip("av", reason="PyAV is not installed")


def written(folder, aspect):
    folder.mkdir()
    return write(folder, "ffv1 16-bit mkv", ramps(), facts=replace(FACTS, pixel_aspect=aspect)).read_bytes()


def tracks_of(content):
    return _child(content, *_child(content, 0, len(content), SEGMENT), TRACKS)


def test_only_the_tracks_are_changed_and_their_sum_is_right(tmp_path):
    wide, square = written(tmp_path / "wide", Fraction(64, 45)), written(tmp_path / "square", Fraction(1))
    start, stop = tracks_of(wide)
    assert PLACE_HOLDER.encode() not in wide
    assert wide[start : start + 2] == CRC + b"\x84"
    assert wide[start + 2 : start + 6] == zlib.crc32(wide[start + 6 : stop]).to_bytes(4, "little")
    assert len(wide) == len(square) + 14
    with av.open(str(tmp_path / "wide" / "joined.mkv")) as container:
        assert len(list(container.decode(video=0))) == 8
        container.seek(200_000)  # by the index, whose places hold still
        assert next(container.decode(video=0)).pts > 0

"""Whoever writes a file, and whatever goes wrong: the old file or the whole new one stands there, forced to the disk, and no litter."""

import os
import stat
import time
from fractions import Fraction

import numpy
import pytest
import torch

from sam3d_geometry.files import whole_files
from sam3d_geometry.files.output_folder import OutputFolder
from sam3d_geometry.files.whole_files import STALE_SECONDS, is_temporary, save_files, temporary_for, write_files
from sam3d_geometry.video.clip_facts import ClipFacts, Position
from sam3d_geometry.video.journal import LOCK, Commit, Journal
from sam3d_geometry.video.writer import FORMATS, Segment, SegmentWriter, join_segments, write_quantised

VIDEO = FORMATS["ffv1 16-bit mkv"]
FACTS = ClipFacts(8, 8, Fraction(24), Fraction(1, 24), 2, False)
PICTURE = numpy.full((8, 8), 1000, numpy.uint16)


def segment(path, frames=2):
    writer = SegmentWriter(path, VIDEO, True, FACTS)
    for time_of_frame in range(frames):
        writer.write(PICTURE, time_of_frame)
    writer.close()


def joined(folder, number):
    join_segments([Segment(folder.parent / f"source{number}.segment", 0)], folder / "clip.mkv", FACTS)


def committed(folder, number):
    with Journal(folder, {"job": 1}) as journal:
        journal.commit(Commit(Position(number, number), (), None, ({"value": torch.tensor([number])},)))


def content(number):
    return lambda file: file.write(b"content %d" % number)


# each writes into a folder, its content differing by the number
WRITERS = {
    "a file": lambda folder, number: write_files({folder / "a.bin": content(number)}),
    "a mesh with its picture": lambda folder, number: save_files(
        folder / "a", {".obj": content(number), ".mtl": content(number)}
    ),
    "a photo's results": lambda folder, number: OutputFolder(folder).write(
        folder / "a", {"number": number}, {".png": content(number), ".npz": content(number)}
    ),
    "a numbered picture": lambda folder, number: write_quantised(
        folder / "0001.png", PICTURE + number, FORMATS["png 16-bit files"]
    ),
    "a segment": lambda folder, number: segment(folder / "0.segment", 2 + number),
    "a joined video": joined,
    "a journal": committed,
}


@pytest.fixture(params=WRITERS)
def writer(request, tmp_path):
    for number in (1, 2, 3):
        segment(tmp_path / f"source{number}.segment", 2 + number)
    (tmp_path / "out").mkdir()
    return WRITERS[request.param]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def watched(monkeypatch):
    """What is done to files and folders, in order."""
    steps, fsync, replace = [], os.fsync, os.replace

    def forced(number):
        steps.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        fsync(number)

    def renamed(source, target):
        steps.append("rename")
        replace(source, target)

    monkeypatch.setattr(whole_files.os, "fsync", forced)
    monkeypatch.setattr(whole_files.os, "replace", renamed)
    return steps


def test_files_are_forced_to_the_disk_before_they_get_their_names_and_the_names_after(writer, tmp_path, monkeypatch):
    steps = watched(monkeypatch)
    writer(tmp_path / "out", 1)
    written = len(contents(tmp_path / "out"))
    assert steps.count("file") == steps.count("rename") == written
    assert steps.index("file") < steps.index("rename")
    if os.name != "nt":
        assert steps[-1] == "folder"


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("earlier", [False, True], ids=["new", "over an old one"])
def test_a_failure_leaves_what_was_there(writer, tmp_path, monkeypatch, function, earlier):
    if earlier:
        writer(tmp_path / "out", 1)
    before = contents(tmp_path / "out")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(whole_files.os, function, full)
        with pytest.raises(OSError, match="No space left"):
            writer(tmp_path / "out", 2)
    assert contents(tmp_path / "out") == before
    writer(tmp_path / "out", 2)
    assert contents(tmp_path / "out") != before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork to kill a copy of this process")
@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_kill_leaves_what_was_there_and_later_nothing_else(writer, tmp_path, monkeypatch, function):
    out = tmp_path / "out"
    writer(out, 1)
    before = contents(out)
    child = os.fork()
    if child == 0:
        setattr(whole_files.os, function, lambda *arguments: os._exit(9))
        writer(out, 2)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = contents(out)
    assert {name: left[name] for name in before} == before
    others = [out / name for name in set(left) - set(before) - {LOCK}]
    assert others and all(is_temporary(path) for path in others)
    long_ago = time.time() - STALE_SECONDS - 1
    for path in others:
        os.utime(path, (long_ago, long_ago))
    whole_files._sweep_once.cache_clear()  # as in the next process
    writer(out, 3)
    assert not [path for path in out.iterdir() if is_temporary(path) or path.name == LOCK]


def test_a_set_is_put_back_when_its_last_file_cannot_be_renamed(tmp_path, monkeypatch):
    save_files(tmp_path / "a", {".obj": content(1), ".mtl": content(1)})
    before, replace = contents(tmp_path), os.replace

    def locked(source, target):
        if target.name == "a.jpg":
            raise PermissionError(13, "used by another program")
        replace(source, target)

    monkeypatch.setattr(whole_files.os, "replace", locked)
    with pytest.raises(PermissionError):
        save_files(tmp_path / "a", {".obj": content(2), ".mtl": content(2), ".jpg": content(2)})
    assert contents(tmp_path) == before


def test_a_writer_that_fails_leaves_no_other_file_of_its_set(tmp_path):
    def broken(file):
        file.write(b"half")
        raise ValueError("not this one")

    with pytest.raises(ValueError, match="not this one"):
        save_files(tmp_path / "a", {".obj": content(1), ".mtl": broken})
    assert contents(tmp_path) == {}


def test_a_suffix_cannot_lead_to_another_folder(tmp_path):
    with pytest.raises(ValueError):
        save_files(tmp_path / "a", {"/../../b": content(1)})
    assert temporary_for(tmp_path / "sub" / "a").parent == tmp_path / "sub"


def test_a_temporary_file_in_use_is_left_alone(tmp_path):
    in_use = temporary_for(tmp_path / "a.bin")
    in_use.write_bytes(b"being written")
    whole_files._sweep_once.cache_clear()
    write_files({tmp_path / "a.bin": content(1)})
    assert set(contents(tmp_path)) == {"a.bin", in_use.name}

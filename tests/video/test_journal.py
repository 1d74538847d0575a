"""The journal: after a kill at any moment there is one whole commit or none, and nothing else is taken for done."""

import json
import os
from pathlib import Path

import pytest
import torch

from sam3d_geometry.files.lock import Locked
from sam3d_geometry.files.whole_files import temporary_for
from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.journal import FILE, Commit, Journal, read_entry

JOB = {"clip": "a.mp4", "settings": {"resolution": 512, "odd": (1, 2)}}


def commit(journal, segments, state):
    for number in range(segments):
        journal.segment_path(number, 0).write_bytes(b"segment")
    states = ({"value": (torch.tensor([state]),), "size": (4, 5)},)
    journal.commit(Commit(Position(10 * segments - 1, 1001), tuple(range(segments)), {"near": 0.5}, states))


def stopped(folder, segments=2, state=7.0):
    """A job that has come as far as some segments."""
    with Journal(folder, JOB) as journal:
        commit(journal, segments, state)
    return folder


def last(folder, job=JOB, **options):
    with Journal(folder, job, **options) as journal:
        return journal.last


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_committed_is_read_back(tmp_path):
    found = last(stopped(tmp_path / "job"))
    assert (found.position, found.segments, found.survey) == (Position(19, 1001), (0, 1), {"near": 0.5})
    assert found.states[0]["value"][0].item() == 7
    assert found.states[0]["size"] == (4, 5)


def test_only_the_last_state_is_kept(tmp_path):
    with Journal(tmp_path / "job", JOB) as journal:
        for segments in (1, 2, 3):
            commit(journal, segments, float(segments))
    assert sorted(p.name for p in journal.folder.glob("state*")) == ["state_000003.pt"]
    assert last(tmp_path / "job").states[0]["value"][0].item() == 3


def test_what_a_kill_left_behind_is_swept_away(tmp_path):
    folder = stopped(tmp_path / "job", 1)
    before = names(folder)
    for name in ("000001_0.segment", "state_000002.pt", temporary_for(folder / FILE).name):
        (folder / name).write_bytes(b"half")
    assert last(folder).segments == (0,)
    assert names(folder) == before


def test_another_job_starts_from_the_first_frame(tmp_path, caplog):
    folder = stopped(tmp_path / "job")
    assert last(folder, {**JOB, "clip": "b.mp4"}) == Commit()
    assert "other settings or another source" in caplog.text
    assert names(folder) == []


def test_without_resuming_the_job_starts_from_the_first_frame(tmp_path):
    folder = stopped(tmp_path / "job")
    assert last(folder, resume=False) == Commit()
    assert names(folder) == []


def test_a_finished_job_leaves_nothing(tmp_path):
    with Journal(tmp_path / "job", JOB) as journal:
        commit(journal, 1, 1.0)
        journal.remove()
    assert not (tmp_path / "job").exists()


def test_files_of_others_are_never_touched(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"photo")
    with Journal(tmp_path, JOB) as journal:
        commit(journal, 1, 1.0)
        journal.remove()
    assert names(tmp_path) == ["holiday.jpg"]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("files", range(4))  # a journal, a state and two segments
def test_a_kill_inside_the_removal_leaves_a_job_that_can_be_done(tmp_path, monkeypatch, files):
    folder = stopped(tmp_path / "job")
    unlink, removed = Path.unlink, []

    def killed(path, missing_ok=False):
        if path.name != "lock":
            if len(removed) == files:
                raise Killed
            removed.append(path.name)
        unlink(path, missing_ok=missing_ok)

    with Journal(folder, JOB) as journal:
        monkeypatch.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            journal.remove()
        monkeypatch.setattr(Path, "unlink", unlink)
    found = last(folder)
    assert len(found.segments) == (0 if files else 2)
    assert all((folder / f"{number:06d}_0.segment").is_file() for number in found.segments)


@pytest.mark.parametrize(
    "text", ["", '{"job": ', "[]", "7", "null", '{"job": {}}', "\x00\xff", "[" * 5000], ids=lambda text: repr(text)[:40]
)
def test_a_journal_that_cannot_be_read_starts_from_the_first_frame(tmp_path, caplog, text):
    folder = stopped(tmp_path / "job")
    (folder / FILE).write_bytes(text.encode("latin-1"))
    assert last(folder) == Commit()
    assert "is damaged; starting from the first frame" in caplog.text
    assert names(folder) == []


@pytest.mark.parametrize("name", ["000000_0.segment", "000001_0.segment", "state_000002.pt"])
@pytest.mark.parametrize("cut", [False, True], ids=["gone", "cut short"])
def test_a_journal_whose_files_are_not_whole_is_dropped(tmp_path, caplog, name, cut):
    folder = stopped(tmp_path / "job")
    if cut:
        (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    else:
        (folder / name).unlink()
    assert last(folder) == Commit()
    assert f"lacks {name}" in caplog.text
    assert names(folder) == []


def test_the_journal_is_gone_from_the_disk_before_the_files_that_it_names(tmp_path, monkeypatch):
    steps, unlink, fsync = [], Path.unlink, os.fsync
    monkeypatch.setattr(
        Path, "unlink", lambda path, missing_ok=False: steps.append(path.name) or unlink(path, missing_ok)
    )
    with Journal(stopped(tmp_path / "job"), JOB) as journal:
        monkeypatch.setattr(os, "fsync", lambda number: steps.append("force") or fsync(number))
        steps.clear()
        journal.remove()
    assert steps[:2] == [FILE, "force"]
    assert {"000000_0.segment", "state_000002.pt"} <= set(steps[2:])


def test_one_process_at_a_time_holds_a_job(tmp_path):
    with Journal(tmp_path / "job", JOB) as first:
        commit(first, 1, 1.0)
        before = names(tmp_path / "job")
        with pytest.raises(Locked, match="Another process works on .*job; wait until it ends, or stop it first"):
            Journal(tmp_path / "job", JOB)
        assert names(tmp_path / "job") == before
    assert last(tmp_path / "job").segments == (0,)


def test_what_a_journal_says_of_its_job_is_read_without_holding_it(tmp_path):
    with Journal(tmp_path / "job", JOB) as journal:
        commit(journal, 1, 1.0)
        assert read_entry(tmp_path / "job")["job"] == json.loads(json.dumps(JOB))
    assert read_entry(tmp_path / "nothing") is None

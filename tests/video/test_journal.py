"""The journal: after a kill at any moment there is one whole commit, and nothing else is taken for done."""

import torch

from sam3d_geometry.files.whole_files import temporary_for
from sam3d_geometry.video.clip_file import Position
from sam3d_geometry.video.journal import FILE, Commit, Journal

JOB = {"clip": "a.mp4", "settings": {"resolution": 512, "odd": (1, 2)}}


def commit(journal, segments, state):
    for number in range(segments):
        journal.segment_path(number, 0).write_bytes(b"segment")
    states = ({"value": (torch.tensor([state]),), "size": (4, 5)},)
    journal.commit(Commit(Position(10 * segments - 1, 1001), tuple(range(segments)), {"near": 0.5}, states))


def test_what_was_committed_is_read_back(tmp_path):
    commit(Journal(tmp_path / "job", JOB), 2, 7.0)
    last = Journal(tmp_path / "job", JOB).last
    assert (last.position, last.segments, last.survey) == (Position(19, 1001), (0, 1), {"near": 0.5})
    assert last.states[0]["value"][0].item() == 7
    assert last.states[0]["size"] == (4, 5)


def test_only_the_last_state_is_kept(tmp_path):
    journal = Journal(tmp_path / "job", JOB)
    for segments in (1, 2, 3):
        commit(journal, segments, float(segments))
    assert sorted(p.name for p in journal.folder.glob("state*")) == ["state_000003.pt"]
    assert Journal(tmp_path / "job", JOB).last.states[0]["value"][0].item() == 3


def test_what_a_kill_left_behind_is_swept_away(tmp_path):
    journal = Journal(tmp_path / "job", JOB)
    commit(journal, 1, 1.0)
    before = {p.name for p in journal.folder.iterdir()}
    leftovers = [
        "000001_0.segment",
        "state_000002.pt",
        temporary_for(journal.folder / FILE).name,
    ]
    for name in leftovers:
        (journal.folder / name).write_bytes(b"half")
    last = Journal(tmp_path / "job", JOB).last
    assert last.segments == (0,)
    assert {p.name for p in journal.folder.iterdir()} == before


def test_another_job_starts_from_the_first_frame(tmp_path, caplog):
    commit(Journal(tmp_path / "job", JOB), 2, 1.0)
    assert Journal(tmp_path / "job", {**JOB, "clip": "b.mp4"}).last == Commit()
    assert "other settings or another source" in caplog.text
    assert [p.name for p in (tmp_path / "job").glob("*.segment")] == []


def test_a_finished_job_leaves_nothing(tmp_path):
    journal = Journal(tmp_path / "job", JOB)
    commit(journal, 1, 1.0)
    journal.remove()
    assert not (tmp_path / "job").exists()


def test_files_of_others_are_never_touched(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"photo")
    journal = Journal(tmp_path, JOB)
    commit(journal, 1, 1.0)
    journal.remove()
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]

"""Progress: one line written over on a terminal, plain lines elsewhere, objects for programs, errors in any case."""

import io
import json
import logging

import pytest

from sam3d_geometry.cli import progress as module
from sam3d_geometry.cli.progress import JSON, QUIET, TEXT, Progress, Saying


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_has_one_line_that_is_written_over(clock):
    stream = Terminal()
    progress = Progress(stream)
    for done in range(3):
        progress.show(done, 2, "a.jpg")
        clock[0] += 1
    progress.close()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().count("\r\x1b[K[") == 3
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_log_has_plain_lines_now_and_then(clock):
    stream = io.StringIO()
    progress = Progress(stream)
    for done in range(101):
        progress.show(done, 100, "walk.mp4")
        clock[0] += 1
    progress.say("a word")
    progress.close()
    text = stream.getvalue()
    assert "\r" not in text and "\x1b" not in text
    lines = text.splitlines()
    assert lines[0] == "[0/100] walk.mp4"
    assert lines[1] == "[10/100, 90 s left] walk.mp4"
    assert lines[-2:] == ["[100/100, 0 s left] walk.mp4", "a word"]
    assert len(lines) == 12


def test_a_program_gets_one_object_a_line(clock):
    stream = io.StringIO()
    progress = Progress(stream, JSON)
    clock[0] += 10
    progress.show(1, 3, "a\nb.jpg")
    progress.say("a word")
    progress.complain("no")
    progress.end(status=1)
    progress.close()
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"event": "progress", "done": 1, "total": 3, "what": "a\nb.jpg", "seconds_left": 20.0},
        {"event": "message", "text": "a word"},
        {"event": "error", "text": "no"},
        {"event": "end", "status": 1},
    ]


@pytest.mark.parametrize(
    ("mode", "said"), [(TEXT, "a table\n"), (JSON, '{"event": "profile", "frames": 3}\n'), (QUIET, "")]
)
def test_a_result_is_a_text_for_a_person_and_an_object_for_a_program(mode, said):
    stream = io.StringIO()
    Progress(stream, mode).report("profile", "a table", frames=3)
    assert stream.getvalue() == said


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["log", "terminal"])
def test_quiet_says_errors_only(stream):
    progress = Progress(stream, QUIET)
    progress.show(1, 3, "a.jpg")
    progress.say("a word")
    progress.complain("no")
    progress.end(status=1)
    progress.close()
    assert stream.getvalue() == "no\n"


@pytest.mark.parametrize(("mode", "said"), [(TEXT, "odd frame\n"), (QUIET, "")])
def test_warnings_of_the_library_are_said(mode, said):
    stream = io.StringIO()
    Saying(Progress(stream, mode)).emit(logging.LogRecord("a", logging.WARNING, "a.py", 1, "odd %s", ("frame",), None))
    assert stream.getvalue() == said


def test_what_did_not_move_is_not_told_again():
    stream = io.StringIO()
    progress = Progress(stream, JSON)
    for done in (1, 2, 2, 2):  # the last frames' pictures are drawn after they were counted
        progress.show(done, 2, "a.mp4")
    assert [json.loads(line)["done"] for line in stream.getvalue().splitlines()] == [1, 2]

"""What a command has come to is counted, told and turned into the exit status."""

import io
import os
from pathlib import Path

import pytest
import torch

from sam3d_geometry.cli.outcome import DONE, INTERRUPTED, NOT_STARTED, SOME_FAILED, Outcome, exit_status, reason


def test_exit_status(tmp_path, capsys):
    def interrupted(progress):
        raise KeyboardInterrupt

    def refused(progress):
        raise OSError("no room")

    assert exit_status(lambda progress: Outcome(tmp_path, done=2, skipped=1), ()) == DONE
    assert "2 done, 1 were done before, 0 failed" in capsys.readouterr().out
    assert exit_status(lambda progress: Outcome(tmp_path, failed=["a.jpg: broken"]), ()) == SOME_FAILED
    assert "Failed:\n  a.jpg: broken" in capsys.readouterr().err
    assert exit_status(lambda progress: None, ()) == NOT_STARTED
    assert exit_status(refused, (OSError,)) == NOT_STARTED
    assert exit_status(interrupted, ()) == INTERRUPTED
    with pytest.raises(OSError, match="no room"):
        exit_status(refused, (ValueError,))


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("utf-8", b"a\xff \xf0\x9f\x98\x80.png"),
        ("ascii", b"a\\udcff \\U0001f600.png"),
        ("cp1252", b"a\\udcff \\U0001f600.png"),
    ],
)
def test_names_are_printed_that_the_console_has_no_letters_for(monkeypatch, tmp_path, encoding, printed):
    console = io.TextIOWrapper(io.BytesIO(), encoding, errors="strict")
    monkeypatch.setattr("sys.stdout", console)
    name = os.fsdecode(b"a\xff") + " \N{GRINNING FACE}.png"
    assert exit_status(lambda progress: Outcome(tmp_path, planned=[Path(name)]), ()) == DONE
    assert console.buffer.getvalue() == printed + os.linesep.encode()


def test_a_reader_that_has_gone_is_no_error(monkeypatch, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as gone:
        monkeypatch.setattr("sys.stdout", gone)
        assert exit_status(lambda progress: Outcome(tmp_path, planned=[tmp_path / "a.png"]), ()) == DONE


def test_the_reason_is_one_line():
    assert reason(RuntimeError("CUDA out of memory\n  at line 7")) == "CUDA out of memory"
    assert reason(MemoryError()) == "MemoryError"


def test_an_interruption_that_another_error_hides_stays_one():
    class Interrupted(io.BytesIO):
        """A file that is being written when Ctrl-C comes."""

        writes = 0

        def write(self, data):
            self.writes += 1
            if self.writes == 3:
                raise KeyboardInterrupt
            return super().write(data)

    with pytest.raises(RuntimeError) as caught:  # as torch has it
        torch.save([torch.zeros(3)], Interrupted())
    with pytest.raises(KeyboardInterrupt):
        reason(caught.value)

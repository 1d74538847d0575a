"""What a command has come to is counted, told and turned into the exit status."""

import pytest

from sam3d_geometry.cli.outcome import DONE, INTERRUPTED, NOT_STARTED, SOME_FAILED, Outcome, exit_status


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

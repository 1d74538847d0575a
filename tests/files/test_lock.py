"""A lock is held by one process at a time, goes with its process, and leaves no file."""

import subprocess
import sys

import pytest
from repository import ROOT

from sam3d_geometry.files.lock import Lock, Locked

HOLD = """
import sys, time
from pathlib import Path
from sam3d_geometry.files.lock import Lock
lock = Lock(Path(sys.argv[1]), "busy")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "a" / "lock")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_process_is_told(other, tmp_path):
    with pytest.raises(Locked, match="^it is busy$"):
        Lock(tmp_path / "a" / "lock", "it is busy")
    assert (tmp_path / "a" / "lock").exists()


def test_a_killed_process_holds_no_lock(other, tmp_path):
    other.kill()
    other.wait()
    lock = Lock(tmp_path / "a" / "lock", "busy")
    lock.release()
    assert list((tmp_path / "a").iterdir()) == []


def test_a_released_lock_can_be_had_again(tmp_path):
    for _ in range(2):
        lock = Lock(tmp_path / "lock", "busy")
        with pytest.raises(Locked):
            Lock(tmp_path / "lock", "busy")
        lock.release()
        lock.release()
    assert not (tmp_path / "lock").exists()


def test_a_lock_file_that_was_removed_and_made_again_is_not_mistaken(tmp_path):
    first = Lock(tmp_path / "lock", "busy")
    (tmp_path / "lock").unlink()
    second = Lock(tmp_path / "lock", "busy")
    assert not first._stands()
    assert second._stands()
    second.release()
    first.release()

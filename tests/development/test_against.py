"""A commit and the tree as it is, side by side: what got slower is named, what did not is not."""

import subprocess

import pytest

from development.benchmarks.against import main

GROWTH = """
import time

def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def works_by_size(megapixels):
    return {{"steady": lambda: busy(0.03 * megapixels), "changed": lambda: busy({changed}), {more}}}

def works_by_frames(frames):
    return {{"clip": lambda: busy(0.002 * frames)}}
"""


@pytest.fixture
def repository(tmp_path):
    """Writes the works of a tree, and commits them where asked."""
    folder = tmp_path / "development" / "benchmarks"
    folder.mkdir(parents=True)

    def git(*words):
        own = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *own, *words], check=True, capture_output=True)

    def write(changed, commit=False, more=""):
        (folder / "growth.py").write_text(GROWTH.format(changed=changed, more=more), encoding="utf-8")
        if commit:
            git("add", ".")
            git("commit", "-qm", "old")

    git("init", "-q")
    return tmp_path, write


@pytest.mark.parametrize(("before", "now", "slower"), [(0.03, 0.06, True), (0.06, 0.03, False), (0.03, 0.03, False)])
def test_a_row_that_got_slower_is_named(repository, capsys, before, now, slower):
    root, write = repository
    write(before, commit=True, more="'gone': lambda: None")
    write(now, more="'new': lambda: None")
    assert main(["HEAD", "--rounds", "3", "--frames", "16"], root) == slower
    printed = capsys.readouterr().out
    rows = {line.split(" | ")[0][2:]: line for line in printed.splitlines()[2:-1]}
    assert list(rows) == ["steady", "changed", "clip"]
    assert [name for name, row in rows.items() if "**slower**" in row] == ["changed"] * slower
    assert printed.splitlines()[-1].endswith(": changed." if slower else ": nothing.")
    assert float(rows["changed"].split(" | ")[3].split()[0]) == pytest.approx(now / before, rel=0.3)


def test_only_some_rows(repository, capsys):
    root, write = repository
    write(0.02, commit=True)
    assert main(["HEAD", "--rounds", "1", "--only", "clip"], root) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_commit_that_is_not_there_is_refused(repository):
    root, write = repository
    write(0.02, commit=True)
    with pytest.raises(SystemExit, match="git knows no commit nothing here"):
        main(["nothing"], root)


def test_works_that_cannot_be_done_are_told(repository, capfd):
    root, write = repository
    write(0.02, commit=True)
    write("]")
    with pytest.raises(SystemExit, match="could not be done"):
        main(["HEAD"], root)
    assert "SyntaxError" in capfd.readouterr().err

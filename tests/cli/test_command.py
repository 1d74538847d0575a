"""The sub-command is the first word; without one, the files tell which is meant."""

import subprocess
import sys
from pathlib import Path

import pytest

from sam3d_geometry.cli import command
from sam3d_geometry.cli.outcome import NOT_STARTED

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def called(monkeypatch):
    calls = []
    monkeypatch.setattr(command, "_run", lambda name, argv: calls.append((name, list(argv))) or 0)
    return calls


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["photos", "a.mp4", "-o", "out"], "photos"),
        (["video", "photos", "-o", "out"], "video"),
        (["models", "list"], "models"),
        (["a.jpg", "-o", "out"], "photos"),
        (["./video", "-o", "out"], "photos"),
        (["a.MP4", "b.mkv", "-o", "out"], "video"),
        (["-o", "out.mp4", "--depth", "a.jpg"], "photos"),
        (["--out=out.mp4", "a.jpg"], "photos"),
        (["--depth", "a.mov", "-o", "out", "--steady", "off"], "video"),
        (["-o", "out", "--", "-a.mov"], "video"),
        (["--normal-conv", "directx", "a.mp4", "-o", "out"], "video"),
    ],
)
def test_the_first_word_chooses_else_the_files(called, arguments, name):
    assert command.main(arguments) == 0
    assert called == [(name, arguments[1:] if arguments[0] == name else arguments)]


def test_photos_beside_videos_need_the_word(called, capsys):
    assert command.main(["a.jpg", "b.mp4", "-o", "out"]) == NOT_STARTED
    assert called == []
    assert capsys.readouterr().err == (
        "Both videos and photos are named; say which: photos or video, as the first word.\n"
    )


def test_without_a_word_the_help_names_both(capsys):
    assert command.main(["--help"]) == 0
    assert "sam3d_geometry video --help" in capsys.readouterr().out
    assert command.main([]) == NOT_STARTED
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_has_help_of_its_own(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])
    assert ended.value.code == 0 and "usage" in capsys.readouterr().out


def test_photos_import_neither_people_nor_many_views(tmp_path):
    # a fifth of a second in which nothing seems to happen
    code = f"import sys; from sam3d_geometry.cli.command import main; main(['photos', 'none.jpg', '-o', {str(tmp_path)!r}]); print([n for n in sys.modules if '.bodies' in n or '.views' in n or n == 'sympy'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"

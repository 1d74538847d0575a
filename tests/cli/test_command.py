"""The sub-command is the first word; without one, the files tell which is meant."""

import pytest

from sam3d_geometry.cli import command
from sam3d_geometry.cli.outcome import NOT_STARTED


@pytest.fixture
def called(monkeypatch):
    calls = []
    commands = {name: lambda argv, name=name: calls.append((name, list(argv))) or 0 for name in command.COMMANDS}
    monkeypatch.setattr(command, "COMMANDS", commands)
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

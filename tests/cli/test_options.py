"""Both commands take and check their shared options alike."""

import argparse

import pytest

from sam3d_geometry.cli import clips, options, photos

PARSERS = {"photos": photos.parser, "video": clips.parser}


def actions(parser):
    return {action.option_strings[-1]: action for action in parser._actions if action.option_strings}


def test_an_option_of_both_commands_means_the_same_in_both():
    first, second = (actions(parser()) for parser in PARSERS.values())
    shared = set(first) & set(second)
    assert {"--fov", "--focal-mm", "--sensor-width-mm", "--exr", "--model", "--normal-smoothing", "--near"} <= shared
    for name in shared - {"--help", "--fov", "--range", "--overwrite"}:
        one, other = vars(first[name]), vars(second[name])
        for key in ("help", "default", "choices", "metavar", "nargs", "required"):
            assert one[key] == other[key], (name, key)


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--range", "fixed"], "needs --near and --far"),
        (["--near", "1"], "used with --range fixed only"),
        (["--range", "fixed", "--near", "3", "--far", "2"], "near must be at least 0 and far greater"),
        (["--fov", "200"], "between 0 and 180"),
        (["--focal-mm", "-5"], "--focal-mm -5: it must be greater than 0"),
        (["--sensor-width-mm", "0"], "must be greater than 0"),
        (["--resolution", "0"], "--resolution 0"),
        (["--clip-percent", "50"], "less than 50"),
        (["--normal-smoothing", "-1"], "at least 0"),
    ],
)
def test_what_does_not_go_together_is_said_by_both(parser, arguments, sentence, capsys):
    made = parser()
    with pytest.raises(SystemExit) as ended:
        options.check(made.parse_args(["a", "-o", "out", *arguments]), made)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", [photos, clips], ids=["photos", "video"])
@pytest.mark.parametrize(
    "arguments",
    [["--fov", "abc"], ["--curve", "gone"], ["--quiet", "--progress", "json"], ["--device", "gpu"], ["--what"]],
    ids=str,
)
def test_a_wrong_option_is_refused_in_one_sentence(command, arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["a", "-o", str(tmp_path / "out"), *arguments])
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--frame-rate", "0"], "--frame-rate 0: it must be greater than 0."),
        (["--frame-rate", "nan"], "--frame-rate nan: it must be greater than 0."),
        (["--frames-per-batch", "0"], "--frames-per-batch 0: it must be at least 1."),
        (["--start", "-1"], "--start -1: it must be at least 0."),
        (["--duration", "0"], "--duration 0: it must be greater than 0."),
        (["--start-number", "-2"], "--start-number -2: it must be at least 0."),
        (["--workers", "0"], "--workers 0: it must be at least 1."),
        (["--worker-cpus", "0"], "--worker-cpus 0: it must be at least 1."),
        (["--exposure", "nan"], "argument --exposure: nan came; it must lie between -40 and 40 stops."),
        (["--exposure", "-41"], "argument --exposure: -41 came; it must lie between -40 and 40 stops."),
        (["--steady-strength", "-0.1"], "--steady-strength -0.1: it must be at least 0."),
        (["--steady-strength", "0.96"], "--steady-strength 0.96: it must be at most 0.95."),
        (["--camera-per-frame", "--fov", "50"], "--camera-per-frame finds the field of view of each frame"),
    ],
    ids=str,
)
def test_options_of_clips_are_checked_before_anything_is_opened(arguments, sentence, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        clips.main([str(tmp_path / "gone.mp4"), "-o", str(tmp_path / "out"), *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--device", "cuda:99"], "--device cuda:99: "), (["--normal-source", "network"], "built-in preview gives no")],
    ids=str,
)
@pytest.mark.parametrize("command", [photos, clips], ids=["photos", "video"])
def test_what_the_machine_or_model_cannot_is_said_before_the_model_is_loaded(
    command, arguments, sentence, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(command, "loaded_model", None)
    assert command.main([str(tmp_path), "-o", str(tmp_path / "out"), *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(sentence) and len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_choices_are_typed_with_hyphens():
    convert = options.choice(["whole clip", "fixed"])
    assert convert("whole-clip") == "whole clip"
    with pytest.raises(argparse.ArgumentTypeError, match="choose one of whole-clip, fixed"):
        convert("whole clip")

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


def test_choices_are_typed_with_hyphens():
    convert = options.choice(["whole clip", "fixed"])
    assert convert("whole-clip") == "whole clip"
    with pytest.raises(argparse.ArgumentTypeError, match="choose one of whole-clip, fixed"):
        convert("whole clip")

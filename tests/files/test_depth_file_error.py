"""Only what the named library raises is called damage; the sentence is short."""

import pytest

from sam3d_geometry.files.depth_file_error import LONGEST_REASON, DepthFileError, decoding


def test_what_a_library_raises_on_damage_becomes_one_sentence():
    with (
        pytest.raises(DepthFileError, match=r"^it is damaged or not a file of the kind png \(truncated\)\.$"),
        decoding("png", OSError),
    ):
        raise OSError("truncated.\nmore of it")


def test_an_error_of_our_own_is_not_called_damage():
    with pytest.raises(KeyError), decoding("png", OSError):
        raise KeyError("a bug")


def test_a_library_without_words_is_named_by_its_error():
    with pytest.raises(DepthFileError, match=r"\(EOFError\)"), decoding("npy", EOFError):
        raise EOFError


def test_long_words_are_cut():
    with pytest.raises(DepthFileError) as caught, decoding("exr", ValueError):
        raise ValueError("x" * 10_000)
    assert len(str(caught.value)) < LONGEST_REASON + 100

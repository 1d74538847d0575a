"""What is known of clips: PyAV is asked for in a sentence, and frames of another size are named."""

import sys
import types
from fractions import Fraction

import pytest

from sam3d_geometry.video.clip_facts import OLDEST_AV, ClipFacts, import_av, require_size


@pytest.mark.parametrize(
    ("installed", "sentence"),
    [
        (None, "^Reading and writing video needs PyAV.*install it with: pip install av$"),
        (
            types.SimpleNamespace(__version__=f"{OLDEST_AV - 1}.9.1"),
            rf"^PyAV {OLDEST_AV - 1}\.9\.1 is too old.*pip install -U av$",
        ),
    ],
    ids=["missing", "old"],
)
def test_what_to_install_is_said(monkeypatch, installed, sentence):
    monkeypatch.setitem(sys.modules, "av", installed)
    with pytest.raises(ImportError, match=sentence):
        import_av()


def test_a_new_enough_one_is_taken(monkeypatch):
    av = types.SimpleNamespace(__version__=f"{OLDEST_AV}.0.0")
    monkeypatch.setitem(sys.modules, "av", av)
    assert import_av() is av


def test_a_frame_of_another_size_is_named():
    require_size((54, 96, 3), (54, 96), "a.png")
    with pytest.raises(ValueError, match=r"^a\.png has 54 x 96 pixels and the first one 96 x 54; all frames"):
        require_size((96, 54, 3), (54, 96), "a.png")
    with pytest.raises(ValueError, match=r"^a\.png has 54 x 96 pixels and b\.png 96 x 54; all frames"):
        require_size((96, 54), (54, 96), "a.png", "b.png")


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(64, 45), (576, 1024)), (Fraction(10, 11), (634, 720)), (Fraction(1), (576, 720))]
)
def test_the_camera_sees_square_pixels_and_loses_none(aspect, size):
    assert ClipFacts(576, 720, Fraction(25), Fraction(1, 25), None, False, aspect).camera_size == size

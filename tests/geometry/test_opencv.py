import sys

import pytest

from sam3d_geometry.geometry.opencv import import_opencv


def test_without_opencv_a_sentence_says_what_it_is_for_and_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ImportError) as refused:
        import_opencv("Motion is followed", "choose another mode")
    sentence = str(refused.value)
    assert sentence.startswith("Motion is followed with OpenCV, which is not installed: ")
    assert sentence.endswith(", or choose another mode.") and "\n" not in sentence


def test_with_opencv_it_is_the_module():
    assert import_opencv("Motion is followed", "choose another mode") is pytest.importorskip("cv2")

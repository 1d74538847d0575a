"""Folders of results: one that cannot be used is refused in a sentence, and trying it leaves nothing behind."""

import pytest

from sam3d_geometry.files.output_folder import OutputError, OutputFolder, read_record, source_of


def test_a_new_folder_is_made_and_left_empty(tmp_path):
    OutputFolder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_its_place_is_refused_and_kept(tmp_path):
    (tmp_path / "out").write_text("mine", encoding="ascii")
    with pytest.raises(OutputError, match="is a file; choose a folder") as caught:
        OutputFolder(tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "out").read_text(encoding="ascii") == "mine"


def test_a_photo_that_changes_is_told_apart(tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"one")
    before = source_of(photo)
    assert before == source_of(photo)
    photo.write_bytes(b"other")
    assert source_of(photo) != before
    assert source_of(photo)["file"] == "photo.jpg"


@pytest.mark.parametrize("text", ["", "[" * 5000 + "]" * 5000, '{"source": 1}', '{"source": {}}'], ids=range(4))
def test_a_record_of_another_program_is_none_of_ours(tmp_path, text):
    (tmp_path / "a.json").write_text(text, encoding="ascii")
    assert read_record(tmp_path / "a") is None

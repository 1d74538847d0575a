"""Pictures of two folders are compared value by value, and a picture that is missing or of another size is said."""

import numpy
from PIL import Image

from development.demo_difference import difference, table


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def test_differences_are_shares_of_the_range_whatever_the_depth(tmp_path):
    grey = numpy.full((4, 5), 100, numpy.uint8)
    changed = grey.copy()
    changed[1, 2] += 51
    found = difference(save(tmp_path / "a.png", grey), save(tmp_path / "b.png", changed))
    assert found.largest == 0.2 and found.pixels == 1 / 20
    deep = (grey.astype(numpy.uint16) * 257, changed.astype(numpy.uint16) * 257)
    again = difference(save(tmp_path / "c.png", deep[0]), save(tmp_path / "d.png", deep[1]))
    assert abs(again.largest - 0.2) < 1e-9 and again.pixels == found.pixels
    assert difference(tmp_path / "a.png", tmp_path / "a.png") == (0, 0, 0)


def test_every_picture_of_either_folder_has_a_line(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    colours = numpy.zeros((3, 4, 3), numpy.uint8)
    for folder in (old, new):
        save(folder / "same.png", colours)
    save(old / "sub" / "gone.png", colours)
    save(old / "size.png", colours)
    save(new / "size.png", colours[:2])
    (new / "notes.json").write_text("{}")
    lines = table(old, new).splitlines()[2:]
    assert lines == [
        "| same.png | 0.00% | 0.0000% | 0.00% |",
        "| size.png | of another size | | |",
        "| sub/gone.png | not in new | | |",
    ]

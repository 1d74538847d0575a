"""Prints how much the pictures of two folders differ, such as those of `python dev.py demo` before and after a change.

python development/demo_difference.py OLD NEW      by the Python of .venv
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy
from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg")


class Difference(NamedTuple):
    """Of two pictures: the largest and the mean difference of a value, and the pixels that have one; all are shares."""

    largest: float
    mean: float
    pixels: float


def values_of(path: Path) -> numpy.ndarray:
    """The picture (H, W, C) with values in [0, 1], 8 or 16 bits of them as it has."""
    with Image.open(path) as opened:
        deep = opened.mode.startswith("I")
        values = numpy.asarray(opened if deep else opened.convert("RGBA"), dtype=numpy.float64)
    return values.reshape(*values.shape[:2], -1) / (65535 if deep else 255)


def difference(old: Path, new: Path) -> Difference | None:
    """What changed from one picture to the other, None where they have different sizes."""
    before, after = values_of(old), values_of(new)
    if before.shape != after.shape:
        return None
    off = numpy.abs(after - before)
    return Difference(float(off.max()), float(off.mean()), float((off.max(-1) > 0).mean()))


def table(old: Path, new: Path) -> str:
    """A line for each picture of either folder, with its largest and mean difference and how many pixels differ."""
    names = sorted(
        {path.relative_to(f).as_posix() for f in (old, new) for path in f.rglob("*") if path.suffix in SUFFIXES}
    )
    lines = ["| picture | largest | mean | pixels that differ |", "|---|---|---|---|"]
    for name in names:
        missing = [folder.name for folder in (old, new) if not (folder / name).is_file()]
        found = None if missing else difference(old / name, new / name)
        if missing:
            said = f"not in {missing[0]} | |"
        elif found is None:
            said = "of another size | |"
        else:
            said = f"{found.largest:.2%} | {found.mean:.4%} | {found.pixels:.2%}"
        lines.append(f"| {name} | {said} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    folders = parser.parse_args()
    for folder in (folders.old, folders.new):
        if not folder.is_dir():
            parser.error(f"{folder} is no folder; give two folders of pictures.")
    print(table(folders.old, folders.new))


if __name__ == "__main__":
    main()

"""What a user writes as filename_prefix: dates in it as ComfyUI's page replaces them, and no name that a disk refuses."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

DATE = re.compile(r"%date:([^%]+)%")
DATE_PART = re.compile(r"dd?|MM?|hh?|mm?|ss?|yyy?y?")
NUMBERS: Mapping[str, Callable[[datetime], int]] = {
    "d": lambda when: when.day,
    "M": lambda when: when.month,
    "h": lambda when: when.hour,
    "m": lambda when: when.minute,
    "s": lambda when: when.second,
}
LONGEST_NAME = 200  # bytes of each folder and of the name: disks take 255, the number and the product's name are added
LONGEST_PATH = 960  # bytes of all together: macOS takes 1023, Linux four times that


def with_dates(filename_prefix: str, when: datetime) -> str:
    """The prefix with `%date:yyyy-MM-dd%` and its like replaced, for graphs that do not come from ComfyUI's page.

    The page's rule (formatDate): d M h m s as numbers, twice for two digits, yy and yyyy; all else stays.
    """
    return DATE.sub(lambda found: DATE_PART.sub(lambda part: _date_part(part[0], when), found[1]), filename_prefix)


def without_spaces(filename_prefix: str) -> str:
    """The prefix with _ for every space of the file's name; its folders stay.

    An OBJ names its material, and that its texture, and many programs read such a name up to the first space only.
    """
    *folders, name = re.split(r"([\\/])", filename_prefix)
    return "".join(folders) + re.sub(r"\s", "_", name)


def _date_part(part: str, when: datetime) -> str:
    if part[0] in NUMBERS:
        return str(NUMBERS[part[0]](when)).zfill(len(part))
    return {"yy": f"{when.year % 100:02d}", "yyyy": str(when.year)}.get(part, part)


def refuse_long(filename_prefix: str, root: Path) -> None:
    """ValueError for a prefix that makes names in `root` too long for a disk."""
    longest = max((len(os.fsencode(part)) for part in re.split(r"[\\/]", filename_prefix)), default=0)
    whole = len(os.fsencode(root / filename_prefix))
    if longest > LONGEST_NAME or whole > LONGEST_PATH:
        raise ValueError(
            f"filename_prefix came with {len(filename_prefix)} characters ({filename_prefix[:24]}...); shorten it: each "
            f"folder and the name take up to {LONGEST_NAME} bytes, with the output folder's path up to {LONGEST_PATH}."
        )

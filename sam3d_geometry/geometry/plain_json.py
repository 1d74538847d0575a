"""JSON from files and graphs of others, which may hold anything: read so that a ValueError is all that can come of it."""

from __future__ import annotations

import json
from typing import Any

DIGITS_OF_FLOATS = 308  # whole numbers of as many digits are sure to fit into a float


def _whole_number(text: str) -> int | float:
    return int(text) if len(text) <= DIGITS_OF_FLOATS else float(text)


def parsed_json(text: str | bytes) -> Any:
    """What a JSON text says; ValueError where it is none, not UTF-8, or nested deeper than Python can follow.

    Whole numbers that no float can hold are infinite, as 1e999 is, so that what asks for finite numbers finds them.
    """
    try:
        return json.loads(text, parse_int=_whole_number)
    except RecursionError as error:
        raise ValueError("its lists or objects are nested too deeply") from error

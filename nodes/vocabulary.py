"""The vocabulary of the nodes: every name of an input or output, once. Names, ranges and options are permanent.

The table is vocabulary.json. `fields.py` makes the inputs and outputs of all nodes from it, and tests/nodes/test_vocabulary.py
holds every schema to it. To add a name, add it there first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Word:
    """One name: one type, one unit, one range, one set of options, one meaning over all nodes.

    type        of ComfyUI; several with commas between where an input takes several
    meaning     one short sentence
    unit        of a number; `length` is the node's own `unit` menu for inputs, the pointmap's unit for outputs
    limits      least, greatest and step of a number
    default     of every node but those in `exceptions` (by display name), whose reasons are in `because`
    options     of a menu, in order; a node offers all or a part of them; () where they are found when the menu opens
    """

    type: str
    meaning: str
    unit: str = ""
    limits: tuple[float, float, float] | None = None
    default: Any = None
    exceptions: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""
    options: tuple[str, ...] = ()


def _read(path: Path) -> dict[str, Word]:
    table: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="ascii"))
    for word in table.values():
        word |= {key: tuple(word[key]) for key in ("limits", "options") if key in word}
    return {name: Word(**word) for name, word in table.items()}


VOCABULARY = _read(Path(__file__).with_name("vocabulary.json"))

"""What is known of the models of the catalogue on this machine: where each lies, how large it is or will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .catalogue import AUTO_MODEL, CATALOGUE, PREVIEW, ModelCard
from .find import Folder, best_on_disk, find_card

BYTES_OF_A_PARAMETER = 4  # the hub's files hold fp32
_UNITS = {"M": 10**6, "B": 10**9}


@dataclass(frozen=True)
class ModelStatus:
    """One model of the menu on this machine.

    name     as in the menu
    file     name of its file, "" where it is not here or needs none
    size     bytes of that file, or about what a download will be; 0 for the built-in one
    is_here  whether it can be loaded without a download
    licence  of its weights
    gives    in words: points, and meters and normals where it gives them
    """

    name: str
    file: str
    size: int
    is_here: bool
    licence: str
    gives: str


def model_statuses(folders: Sequence[Folder] = ()) -> list[ModelStatus]:
    """The status of every model of the catalogue, in its order, behind that of `auto`, which is the one it stands for."""
    known = {card.name: _status(card, folders) for card in CATALOGUE}
    best = known[best_on_disk(folders)]
    stands_for = ModelStatus(AUTO_MODEL, best.file or best.name, best.size, True, best.licence, best.gives)
    return [stands_for, *known.values()]


def _status(card: ModelCard, folders: Sequence[Folder]) -> ModelStatus:
    gives = ", ".join(["points", *["meters"] * card.metric, *["normals"] * card.gives_normals])
    if card.name == PREVIEW:
        return ModelStatus(card.name, "", 0, True, card.licence, gives)
    path = find_card(card, folders)
    if path is None:
        return ModelStatus(card.name, "", download_size(card), False, card.licence, gives)
    return ModelStatus(card.name, path.name, path.stat().st_size, True, card.licence, gives)


def download_size(card: ModelCard) -> int:
    """About how many bytes a download of a card's file takes, by its number of parameters."""
    return round(float(card.parameters[:-1]) * _UNITS[card.parameters[-1]]) * BYTES_OF_A_PARAMETER

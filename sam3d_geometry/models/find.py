"""Finds model files in folders, and lists what a menu can offer. Never asks the network."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .catalogue import AUTO_MODEL, BEST_FIRST, CATALOGUE, PREVIEW, ModelCard, card_named

SUFFIXES = (".pt", ".pth", ".safetensors")
PIPELINE = "pipeline.yaml"

# Models and copies of hub repositories lie at most this deep; a link into a whole disk must not stall a menu.
_DEPTH = 3

Folder = str | os.PathLike


def default_folder() -> Path:
    """Where models go when the caller names no folder: ~/.cache/sam3d_geometry."""
    return Path.home() / ".cache" / "sam3d_geometry"


def search_folders(folders: Sequence[Folder]) -> list[Path]:
    """The folders given, or the default one when none is."""
    return [Path(folder) for folder in folders] or [default_folder()]


def download_name(card: ModelCard) -> str:
    """File name that a downloaded model of the catalogue has in a model folder."""
    return card.file_stem + Path(card.filename).suffix


def find_card(card: ModelCard, folders: Sequence[Folder]) -> Path | None:
    """File of a catalogue model: in the folders, else in the user's Hugging Face cache."""
    names = [
        download_name(card),
        f"{card.file_stem}.safetensors",
        f"{card.file_stem}/{card.filename}",
        *card.local_names,
    ]
    for folder in search_folders(folders):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return find_in_hub_cache(card.repository, card.filename)


def best_on_disk(folders: Sequence[Folder] = ()) -> str:
    """Name of the best model of the catalogue that is on this machine and that the installed packages can run, else PREVIEW."""
    for card in filter(None, map(card_named, BEST_FIRST)):
        if find_card(card, folders) is not None and _is_runnable(card):
            return card.name
    return PREVIEW


def _is_runnable(card: ModelCard) -> bool:
    """Whether the package with the network of a card is installed."""
    try:
        return importlib.util.find_spec(f"moge.model.{card.version}") is not None
    except ModuleNotFoundError:
        return False


def find_in_hub_cache(repository: str, filename: str) -> Path | None:
    """File of a hub repository that other programs have downloaded to the shared Hugging Face cache."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    cached = try_to_load_from_cache(repository, filename)
    return Path(cached) if isinstance(cached, str) else None


def is_there(path: Path) -> bool:
    """Whether something is called this; False for what no disk takes as a name, such as 5,000 characters."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def find_local(name: str, folders: Sequence[Folder]) -> Path | None:
    """File or directory called `name`: as a path of its own, else relative to one of the folders."""
    for candidate in (Path(name).expanduser(), *(folder / name for folder in search_folders(folders))):
        if is_there(candidate):
            return candidate
    return None


def menu(folders: Sequence[Folder] = ()) -> list[str]:
    """Names that `load_model` takes: AUTO_MODEL, the catalogue, then files in the folders, sorted, with / between parts.

    A file that a catalogue entry was downloaded to is listed under the entry's name only.
    """
    downloaded = {download_name(card) for card in CATALOGUE if card.repository}
    found = {
        path.relative_to(folder).as_posix() for folder in map(Path, folders) for path in _model_files(folder, _DEPTH)
    }
    return [AUTO_MODEL, *(card.name for card in CATALOGUE), *sorted(found - downloaded)]


def _model_files(folder: Path, depth: int) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if depth > 1:
                yield from _model_files(Path(entry.path), depth - 1)
        elif entry.name.endswith(SUFFIXES) or entry.name == PIPELINE:
            yield Path(entry.path)


def _entries(folder: Path) -> Iterable[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        # A model folder may not exist yet, or not be readable; the menu then shows the rest.
        return []

"""`python -m sam3d_geometry`: chooses the sub-command, by its name or by the files."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import PurePath

from .. import __version__
from .inputs import VIDEO_SUFFIXES
from .outcome import NOT_STARTED

COMMANDS = {
    "photos": "photos",
    "video": "clips",
    "views": "views",
    "complete": "complete",
    "bodies": "bodies",
    "models": "catalogue",
}  # word: module

OVERVIEW = """\
usage: python -m sam3d_geometry [photos|video|views|complete|bodies] INPUT [...] -o OUT [options]
       python -m sam3d_geometry models list|download NAME

  photos   depth, normals and 3D points of photos and of folders of photos
  video    depth and normals of clips of any length: video files, and folders that hold the frames of one
  views    where the photos of one thing were taken from, and one surface of what they show
  complete the unseen side of an object in a photo, given its mask
  bodies   people found by SAM 3D Body (.npz, .json) placed in the scene, checked, and saved as GLB, BVH, JSON and meshes
  models   lists the models that there are (models list), or downloads one (models download NAME)

Without any of these words, video files are taken for clips, and everything else for photos. The options:
  python -m sam3d_geometry photos --help
  python -m sam3d_geometry video --help
  python -m sam3d_geometry views --help
  python -m sam3d_geometry complete --help
  python -m sam3d_geometry bodies --help
  python -m sam3d_geometry models --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the sub-command that the arguments name, else the one their files are for, and returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in COMMANDS:
        return _run(argv[0], argv[1:])
    if not argv or argv[0] in ("-h", "--help"):
        print(OVERVIEW, end="", file=sys.stdout if argv else sys.stderr)
        return 0 if argv else NOT_STARTED
    if argv[0] == "--version":
        print(__version__)
        return 0
    videos = [PurePath(word).suffix.lower() in VIDEO_SUFFIXES for word in inputs_of(argv)]
    if any(videos) and not all(videos):
        print("Both videos and photos are named; say which: photos or video, as the first word.", file=sys.stderr)
        return NOT_STARTED
    return _run("video" if any(videos) else "photos", argv)


def _run(command: str, argv: Sequence[str]) -> int:
    """Runs a sub-command. Only its own modules are imported: a run on one photo waits for little else."""
    return importlib.import_module(f".{COMMANDS[command]}", __package__).main(argv)


def inputs_of(argv: Sequence[str]) -> list[str]:
    """The arguments that are neither options of a sub-command nor their values."""
    from . import clips, photos

    actions = [action for module in (photos, clips) for action in module.parser()._actions]
    found, is_value = [], False
    for i, word in enumerate(argv):
        if word == "--":
            return found + list(argv[i + 1 :])
        if word.startswith("-") and word != "-":
            is_value = "=" not in word and any(_takes_a_value(action, word) for action in actions)
        elif is_value:
            is_value = False
        else:
            found.append(word)
    return found


def _takes_a_value(action: argparse.Action, word: str) -> bool:
    return action.nargs is None and any(
        option == word or (word.startswith("--") and option.startswith(word)) for option in action.option_strings
    )

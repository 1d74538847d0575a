"""The command line for models: which there are and where they lie, and downloads before they are needed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..models import CATALOGUE, ModelCard, ModelError, menu
from ..models.catalogue import card_named
from ..models.download import download
from ..models.find import download_name, find_card, find_local, search_folders
from . import options
from .outcome import Answer, exit_status
from .progress import Progress

LIST, DOWNLOAD = ACTIONS = ("list", "download")
IN_THE_PACK = "in the pack"

EPILOG = """\
examples:
  python -m sam3d_geometry models list
  python -m sam3d_geometry models download moge-2-vitl-normal

exit status: 0 done, 2 there is no such model, or it cannot be downloaded, 130 interrupted; the same command continues a download.
"""


def parser() -> options.Parser:
    """The options of the sub-command."""
    parser = options.Parser(
        prog="python -m sam3d_geometry models",
        usage="%(prog)s list | download NAME",
        description="Lists the models with their sizes, licences and places, or downloads one to where the other commands look.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=ACTIONS, help="list, or download NAME")
    parser.add_argument("name", nargs="?", metavar="NAME", help="a name of the list, or a repository of it")
    options.add_models_dir(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    if (args.name is None) == (args.action == DOWNLOAD):
        made.error("download needs the NAME of a model." if args.action == DOWNLOAD else "list takes no NAME.")
    return exit_status(partial(_work, args), (ModelError, OSError))


def _work(args: argparse.Namespace, progress: Progress) -> Answer:
    return Answer(listed(args.models_dir) if args.action == LIST else [_downloaded(args, progress)])


def listed(folders: Sequence[Path]) -> list[str]:
    """A line for every model: name, parameters, licence, what it gives, and the size and place of its file."""
    head = ("model", "parameters", "licence", "gives", "on this machine")
    rows = [head, *(_row(card, folders) for card in CATALOGUE)]
    names = {card.name for card in CATALOGUE}
    files = {name: find_local(name, folders) for name in menu(search_folders(folders)) if name not in names}
    rows += [(name, "", "", "", _place(path)) for name, path in files.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _row(card: ModelCard, folders: Sequence[Path]) -> tuple[str, str, str, str, str]:
    given = ["metres"] * card.metric + ["normals"] * card.gives_normals
    place = _place(find_card(card, folders)) if card.repository else IN_THE_PACK
    return card.name, card.parameters, card.licence, ", ".join(given) or "points", place


def _place(path: Path | None) -> str:
    return "no" if path is None else f"{path.stat().st_size / 2**20:,.0f} MiB, {path}"


def _downloaded(args: argparse.Namespace, progress: Progress) -> str:
    card = card_named(args.name)
    if card is None:
        names = ", ".join(card.name for card in CATALOGUE if card.repository)
        raise ModelError(f"There is no model {args.name!r}; choose one of {names}.")
    if not card.repository:
        return f"{card.name} is {IN_THE_PACK}."
    found = find_card(card, args.models_dir)
    if found is None:
        target = search_folders(args.models_dir)[0] / download_name(card)
        found = download(
            card.repository,
            card.filename,
            target,
            lambda done, total: progress.show(done >> 20, total >> 20, f"MiB of {card.name}"),
        )
    return f"{card.name}: {_place(found)}"

"""Sets of photos that the command for views is given: which photos are one thing, their masks and their true cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..files.photo import PhotoError, find_photos, photo_suffixes
from .inputs import VIDEO_SUFFIXES

IMAGE_FOLDERS = ("images", "photos", "rgb")  # inside the folder of an object, as data sets have them
TRUTH_NAMES = ("cameras.json", "transforms.json")


@dataclass(frozen=True)
class PhotoSet:
    """The photos of one thing.

    name    of its folder below the output folder; "" where the output folder is its own
    photos  {name in files and reports: path}, in order
    clip    whose keyframes the photos are, which are not known yet; None for photos
    """

    name: str
    photos: dict[str, Path]
    clip: Path | None = None


def photo_sets(inputs: Sequence[Path], out: Path) -> tuple[list[PhotoSet], list[str]]:
    """The sets among photos, folders and clips, and a sentence for every input without any photo.

    Each clip is a set. Photos, and a folder of photos, are one set. A folder of folders is a batch with a set for each of them, and so are
    several folders. PhotoError where the output folder is one of them.
    """
    clips = [path for path in inputs if path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir()]
    if clips:
        return _clip_sets(clips, inputs)
    folders = [path for path in inputs if path.is_dir()]
    if len(folders) < 2 and not (len(inputs) == 1 and folders and not _own_photos(folders[0], out)):
        files, problems = find_photos([_photos_inside(path, out) for path in inputs], out)
        return ([PhotoSet("", _by_name([file.path for file in files]))] if files else []), problems
    if len(folders) < len(inputs):
        raise PhotoError(
            "Folders and photos are both named; give the photos of one thing, or folders that hold one each."
        )
    if len(folders) == 1:
        inside = sorted(p for p in folders[0].iterdir() if p.is_dir() and not p.name.startswith("."))
        folders = [path for path in inside if path.resolve() != out.resolve()]
        if not folders:
            return [], [f"{inputs[0]}: there is no photo in this folder."]
    sets, problems, taken = [], [], set()
    for folder in folders:
        files, missing = find_photos([_photos_inside(folder, out)], out)
        problems += missing
        name, number = folder.resolve().name, 2
        while name.casefold() in taken:
            name, number = f"{folder.resolve().name}-{number}", number + 1
        taken.add(name.casefold())
        if files:
            sets.append(PhotoSet(name, _by_name([file.path for file in files])))
    return sets, problems


def _clip_sets(clips: Sequence[Path], inputs: Sequence[Path]) -> tuple[list[PhotoSet], list[str]]:
    """A set for each clip; PhotoError where there are photos beside them."""
    if len(clips) < len(inputs):
        raise PhotoError("Clips and photos are both named; give clips alone, or the photos of one thing.")
    problems = [f"{path}: there is no such file." for path in clips if not path.is_file()]
    there, names = [path for path in clips if path.is_file()], [path.stem for path in clips]
    alone = len(clips) == 1
    called = ["" if alone else path.stem if names.count(path.stem) == 1 else path.name for path in there]
    return [PhotoSet(name, {}, path) for name, path in zip(called, there)], problems


def _own_photos(folder: Path, out: Path) -> bool:
    return bool(_suffixed(_photos_inside(folder, out)))


def _photos_inside(path: Path, out: Path) -> Path:
    """The folder that the photos of a set lie in: itself, or the one inside it that data sets call so."""
    if not path.is_dir() or path.resolve() == out.resolve() or _suffixed(path):
        return path
    inside = [path / name for name in IMAGE_FOLDERS if (path / name).is_dir()]
    return next((folder for folder in inside if _suffixed(folder)), path)


def _suffixed(folder: Path) -> list[Path]:
    """The files in a folder that are photos by their names."""
    suffixes = photo_suffixes()
    return [p for p in folder.iterdir() if p.suffix.lower() in suffixes and not p.name.startswith(".") and p.is_file()]


def _by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Each photo by its file name, by its folder too where names come twice, and by its whole path at last."""
    names = [path.name for path in paths]
    longer = [PurePath(path.resolve().parent.name, path.name).as_posix() for path in paths]
    called = {}
    for path, name, long in zip(paths, names, longer):
        chosen = name if names.count(name) == 1 else long if longer.count(long) == 1 else path.resolve().as_posix()
        called[chosen] = path
    return called


def masks_of(photos: PhotoSet, folder: Path) -> dict[str, Path]:
    """{photo: its mask} in a folder, or in the one inside it that is called as the set: the file with the photo's name and
    any ending, or NAME_mask, or NAME.jpg.png."""
    inside = folder / photos.name
    folder = inside if photos.name and inside.is_dir() else folder
    by_stem = {path.stem: path for path in sorted(_suffixed(folder))}
    found = {}
    for name, path in photos.photos.items():
        for stem in (path.stem, f"{path.stem}_mask", path.name):
            if stem in by_stem:
                found[name] = by_stem[stem]
                break
    return found


def truth_of(photos: PhotoSet, given: Path) -> Path:
    """The file of the true cameras of a set: what is given, or what lies in that folder for the set of this name."""
    if not given.is_dir():
        return given
    inside = given / photos.name
    candidates = [inside / name for name in TRUTH_NAMES] + [given / f"{photos.name}.json"] * bool(photos.name)
    return next((path for path in candidates if path.is_file()), inside if inside.is_dir() else given)

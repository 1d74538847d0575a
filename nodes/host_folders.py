"""Names of files in ComfyUI's output, input and temp folders: numbered as it numbers them, and never outside of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from io import BytesIO
from pathlib import Path

from ..sam3d_geometry.files.output_folder import OutputFolder
from ..sam3d_geometry.files.whole_files import Writer
from .filename_prefix import refuse_long, with_dates, without_spaces
from .host import nothing


def _refuse_odd_name(name: str, of: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise ValueError(f"{of} came as {name!r}; it must not hold control characters.")


def _save_path(filename_prefix: str, spaces: bool = True) -> tuple[Path, str, int]:
    """Folder, beginning of the name and next free number of output files; ValueError for a prefix that leads elsewhere."""
    import folder_paths

    _refuse_odd_name(filename_prefix, "filename_prefix")
    root = Path(folder_paths.get_output_directory())
    filename_prefix = with_dates(filename_prefix, datetime.now())
    filename_prefix = filename_prefix if spaces else without_spaces(filename_prefix)
    refuse_long(filename_prefix, root)
    parts = filename_prefix.replace("\\", "/").split("/")
    whole = re.match(r"[A-Za-z]:", filename_prefix) or not parts[0]
    if (
        whole
        or ".." in parts
        or not parts[-1]
        or not (root / filename_prefix).parent.resolve().is_relative_to(root.resolve())
    ):
        raise ValueError(
            f"filename_prefix came as {filename_prefix!r}; give a name, or folders and a name such as 'depth/shot', that stays "
            "in ComfyUI's output folder."
        )
    folder, name, number, *_ = folder_paths.get_save_image_path(filename_prefix, str(root))
    return Path(folder), name, number


def output_base(filename_prefix: str) -> Path:
    """Folder and beginning of the name of an output file for a prefix such as 'video/%date:yyyy-MM-dd%/depth'."""
    folder, name, _ = _save_path(filename_prefix)
    return folder / name


def next_outputs(filename_prefix: str, count: int = 1, *, spaces: bool = True) -> list[Path]:
    """Paths without suffix of `count` new output files, numbered on from those that are there, as Save Image does.

    Without `spaces` their names have _ in place of them.
    """
    folder, name, first = _save_path(filename_prefix, spaces)
    return [folder / f"{name}_{number:05d}_" for number in range(first, first + count)]


def output_folder() -> OutputFolder:
    """ComfyUI's output folder, in which files appear whole or not at all."""
    import folder_paths

    return OutputFolder(Path(folder_paths.get_output_directory()))


def input_files(suffixes: Collection[str], is_listed: Callable[[Path], bool] = lambda path: True) -> list[str]:
    """Names of the files in ComfyUI's input folder with these suffixes (lower case) that `is_listed` takes."""
    import folder_paths

    folder = Path(folder_paths.get_input_directory())
    found = folder.iterdir() if folder.is_dir() else []
    return sorted(p.name for p in found if p.suffix.lower() in suffixes and p.is_file() and is_listed(p))


def readable_path(name: str, folder: str = "output") -> Path:
    """A file that a user names: in the `folder` "output" or "input", as 'x.exr [input]', '[output]' or '[temp]' in those, or by
    its whole path.

    ValueError when that lies outside these three folders, also through a link.
    """
    import folder_paths

    _refuse_odd_name(name, "The file")
    plain, annotated = folder_paths.annotated_filepath(name)
    folders = [
        folder_paths.get_input_directory(),
        folder_paths.get_output_directory(),
        folder_paths.get_temp_directory(),
    ]
    path = Path(annotated or folders[("input", "output").index(folder)]) / plain
    allowed = [annotated] if annotated else folders
    if not any(path.resolve().is_relative_to(Path(folder).resolve()) for folder in allowed):
        raise ValueError(
            f"The file came as {name!r}, which lies outside ComfyUI's input, output and temp folders; copy it to the input "
            "folder, or name it as 'folder/name.exr [input]'."
        )
    return path


def in_output_folder(path: Path) -> str:
    """A saved file's path relative to ComfyUI's output folder, with forward slashes: what core's previews take."""
    import folder_paths

    return path.resolve().relative_to(Path(folder_paths.get_output_directory()).resolve()).as_posix()


def both_paths(path: Path) -> tuple[str, str]:
    """What savers give as `path` and `absolute_path`."""
    return in_output_folder(path), str(path)


def as_shown(path: Path) -> dict[str, str]:
    """A saved file as ComfyUI's page is told of it."""
    folder, _, name = in_output_folder(path).rpartition("/")
    return {"filename": name, "subfolder": folder, "type": "output"}


def file_3d(source: Path | Writer, file_format: str) -> object:
    """ComfyUI's own 3D file of a path, or in memory of what `source` writes; nothing where ComfyUI (before 0.12) has none."""
    from comfy_api.latest import Types

    file_class = getattr(Types, "File3D", None)
    if file_class is None:
        return nothing()
    if isinstance(source, Path):
        return file_class(str(source), file_format)
    buffer = BytesIO()
    source(buffer)
    return file_class(buffer, file_format)


def temporary_path(name: str) -> Path:
    """A file in ComfyUI's temp folder, which is emptied when it starts."""
    import folder_paths

    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name

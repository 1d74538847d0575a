# SPDX-License-Identifier: GPL-3.0-or-later
"""One import, of one photo or many: what computes them, and the scenes that are built as its results come."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import bpy

from .build import Built, build, name_of, photos_in_file, set_in_row, set_scene
from .glb_file import FileError
from .job import BackEnd
from .material import pictures_of
from .settings import Geometry, Look

SECONDS_BETWEEN_LOOKS = 0.2


class Session:
    """An import that `step` looks after, from a timer or until it is over; raises JobError where it cannot go on.

    Of many photos those that are in the file already are left out. The results of an import of many that was broken off
    are kept, and taken up by the next import of the same photos with the same settings.
    """

    def __init__(self, back_end: BackEnd, photos: Sequence[Path], geometry: Geometry, look: Look):
        self.look = look
        self.built: list[Built] = []
        self.failed: list[str] = []
        present = photos_in_file() if len(photos) > 1 else set()
        wanted = [photo for photo in photos if str(photo) not in present]
        self.skipped = len(photos) - len(wanted)
        self._many = len(photos) > 1
        self.folder = jobs_folder() / _key(photos, geometry)
        self._run = back_end.run(wanted, self.folder, geometry, look.extras) if wanted else None

    def step(self, context: bpy.types.Context) -> bool:
        """Builds what is done; whether the import is over."""
        if self._run is None:
            return True
        over = not self._run.running
        for result in self._run.poll():
            try:
                self.built.append(build(result, self.look, context, name_of(result.photo)))
            except FileError as error:
                self.failed.append(f"{result.photo.name}: {error}")
        if over:
            self.failed += self._run.failed
            self._tidy(context)
        return over

    def run_to_end(self, context: bpy.types.Context) -> None:
        """The whole import, in one go."""
        while not self.step(context):
            if self._run is not None:
                self._run.wait(SECONDS_BETWEEN_LOOKS)

    def cancel(self) -> None:
        """Ends the computation and takes what was built out of the file again."""
        if self._run is not None:
            self._run.cancel()
        for built in self.built:
            remove(built)
        self.built.clear()
        if not self._many:
            shutil.rmtree(self.folder, ignore_errors=True)

    def status(self) -> str:
        """How far it is, in a line."""
        run = self._run
        return "done" if run is None else f"photo {min(run.done + 1, run.total)} of {run.total}: {run.what}"

    def summary(self) -> str:
        """What came of it, in a line."""
        said = f"{len(self.built)} imported"
        if self._run is not None and self._run.done_before:
            said += f" ({self._run.done_before} computed before)"
        if self.skipped:
            said += f", {self.skipped} were in the file before"
        return f"{said}; failed: {'; '.join(self.failed)}" if self.failed else said

    def _tidy(self, context: bpy.types.Context) -> None:
        if len(self.built) > 1:
            set_in_row([built.collection for built in self.built])
        if self.built and self.look.scene:
            set_scene(context, self.built[0])
        for built in self.built[1:]:  # the compositor shows one photo
            if built.exr is not None:
                bpy.data.images.remove(built.exr)
        shutil.rmtree(self.folder, ignore_errors=True)


def _key(photos: Sequence[Path], geometry: Geometry) -> str:
    text = repr((sorted(map(str, photos)), geometry))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def jobs_folder() -> Path:
    """Where results lie until they are imported: in the extension's own folder, which a crash does not empty."""
    try:
        return Path(bpy.utils.extension_path_user(__package__, path="jobs", create=True))
    except ValueError:  # run from its source, not installed as an extension
        return Path(tempfile.gettempdir()) / "sam3d_geometry_import"


def remove(built: Built) -> None:
    """Takes what was built, with all that only it uses, out of the file."""
    collection = built.collection
    owned: list[bpy.types.ID] = [thing.data for thing in collection.objects if thing.data is not None]
    for thing in list(collection.objects):
        if thing.type == "MESH":
            owned += [made for made in thing.data.materials if made is not None]
            owned += [made.texture for made in thing.modifiers if made.type == "DISPLACE" and made.texture]
            owned += [made.node_group for made in thing.modifiers if made.type == "NODES" and made.node_group]
    pictures = [node.image for made in owned if isinstance(made, bpy.types.Material) for node in pictures_of(made)]
    pictures += [] if built.exr is None else [built.exr]
    pictures += [made.image for made in owned if isinstance(made, bpy.types.ImageTexture)]
    bpy.data.batch_remove([*collection.objects, collection, *owned, *pictures])

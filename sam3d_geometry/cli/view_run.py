"""One call of the command for views: sets of photos, and the cameras, surfaces and figures that come of each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ..files.axes import layout
from ..files.camera_sets import CameraFileError, PhotoCamera, cameras_record, read_cameras
from ..files.output_folder import OutputFolder
from ..files.photo import PhotoError
from ..files.ply import write_ply
from ..files.views_recording import write_views
from ..files.whole_files import Writer
from ..files.writers import writers_of
from ..models import GeometryModel
from ..shapes.mesh import Mesh
from ..views.cloud import cloud_of_views
from ..views.colmap_engine import posed_by_engine
from ..views.fuse import FusedSurface, FusionSettings, fuse_views
from ..views.keyframes import KeyframeSettings
from ..views.posed import PosedViews
from ..views.poses import ON_ONE_SPOT, PoseSettings
from ..views.view import View
from .outcome import reason
from .result_folder import FAILURES, POINTS, REPORT, FolderRun, json_writer
from .view_clips import keyframe_photos
from .view_photos import ViewPhotos
from .view_pictures import novel_names, novel_pictures
from .view_record import errors_against, posed_lines, posed_record, surface_record, truth_lines, truth_record
from .view_sets import PhotoSet, masks_of, truth_of

CAMERAS, SCENE, RECORDING_OF_VIEWS = "cameras.json", "scene.glb", "views.rrd"
RECORDED_POINTS = 200_000
WORLD_FROM_FILES = [[1, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]]  # glTF's axes and OpenCV's


@dataclass
class _Made:
    """What a set has come to so far: its record, the files to write, lines to say, and what failed."""

    record: dict[str, Any] = field(default_factory=dict)
    writers: dict[str, Writer] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class ViewRun(FolderRun):
    """One call of the command: its options, and what has become of the sets so far."""

    command, not_results = "views", ("masks", "truth")

    @property
    def names(self) -> list[str]:
        """The files of a set."""
        wanted = {SCENE: self.args.mesh, POINTS: self.args.points, RECORDING_OF_VIEWS: self.args.rrd}
        made = [name for name, asked in wanted.items() if asked]
        return [CAMERAS, *made, *novel_names(self.args.novel), REPORT]

    def folder(self, photos: PhotoSet) -> Path:
        """Where the files of a set go."""
        return self.args.out / photos.name

    def is_done(self, photos: PhotoSet) -> bool:
        """Whether all files of a set are there, made of the same photos, masks and cameras with the same options."""
        return self.is_made(self.folder(photos), self._made_of(photos))

    def _made_of(self, photos: PhotoSet) -> dict[str, Any]:
        """Everything that the results of a set depend on."""
        files = [photos.clip] if photos.clip else [*photos.photos.values()]
        files += self._masks(photos).values()
        if self.args.truth is not None:
            files += [path for path in [truth_of(photos, self.args.truth)] if path.is_file()]
        return self.made_of(files)

    def _masks(self, photos: PhotoSet) -> dict[str, Path]:
        return {} if self.args.masks is None else masks_of(photos, self.args.masks)

    def make(self, photos: PhotoSet, model: GeometryModel) -> None:
        """Makes the files of a set; what fails is noted, and its files are left out."""
        named, made = f"{photos.name}: " if photos.name else "", _Made()
        if not self.fill(self.folder(photos), named, lambda: self._writers_of_set(photos, model, made)):
            return
        for line in made.lines:
            self.progress.say(f"{named}{line}")
        for line in made.failed:
            self.fail(f"{named}{line}")
        self.done += not made.failed

    def _writers_of_set(self, photos: PhotoSet, model: GeometryModel, made: _Made) -> dict[str, Writer]:
        if photos.clip is None:
            return self._writers(photos, model, made)
        OutputFolder(self.folder(photos))
        settings = KeyframeSettings(most=self.args.keyframes)
        with keyframe_photos(photos.clip, settings, lambda d, t: self.progress.show(d, t, "keyframes")) as frames:
            made.lines.append(f"{len(frames)} frames of the clip were taken.")
            made.writers |= {name: partial(_copied, path.read_bytes()) for name, path in frames.items()}
            return self._writers(replace(photos, photos=frames), model, made)

    def _writers(self, photos: PhotoSet, model: GeometryModel, made: _Made) -> dict[str, Writer]:
        started = time.monotonic()
        OutputFolder(self.folder(photos))  # before hours of work, whether it can be written to
        views, broken, said = self._read(photos, model)
        made.failed += [f"{name}: {why}" for name, why in broken.items()]
        posed = self._posed(views, ordered=photos.clip is not None)
        cameras = cameras_record(posed)
        for name, why in broken.items():
            cameras[name] = {"state": "not placed", "reason": f"it cannot be read: {why}"}
        made.lines += [f"{name}: {what}." for name, notes in said.items() for what in notes] + posed_lines(posed)
        record = posed_record(posed)
        record["photos"] |= {name: cameras[name] for name in broken}
        for name, notes in said.items():
            record["photos"][name]["said"] = notes
        if not posed.placed:
            made.failed.append("none of the photos could be placed.")
        self._evaluate(photos, posed, made, record)
        if self.args.mesh or self.args.points or self.args.novel or self.args.rrd:
            self._surface(posed, made, record)
        made.writers[CAMERAS] = json_writer({name: cameras[name] for name in photos.photos})
        made.record = {
            "placed": len(posed.placed),
            "of": len(photos.photos),
            **record,
            "said": made.lines,
            "failed": made.failed,
            "world": "OpenCV axes of each group's first camera, in the median unit of its photos' depths",
            "world_from_files": WORLD_FROM_FILES,
            "seconds": round(time.monotonic() - started, 1),
            "outputs": [*made.writers, REPORT],
            **self._made_of(photos),
        }
        made.writers[REPORT] = json_writer(made.record)
        return made.writers

    def _read(self, photos: PhotoSet, model: GeometryModel) -> tuple[list[View], dict[str, str], dict[str, list[str]]]:
        """The photos that can be read as views, why the others cannot, and what is to be said of some."""
        reader, masks = ViewPhotos(self.args, model), self._masks(photos)
        views, broken = [], {}
        for number, (name, path) in enumerate(photos.photos.items()):
            self.progress.show(number, len(photos.photos), f"depth of {name}")
            try:
                views.append(reader.view(name, path, masks))
            except PhotoError as error:
                broken[name] = str(error)
            except (RuntimeError, ValueError, MemoryError) as error:
                broken[name] = reason(error)
        return views, broken, reader.said

    def _posed(self, views: Sequence[View], ordered: bool) -> PosedViews:
        if len(views) < 2:
            alone = "it is the only photo that can be read; a place needs at least two photos of one thing"
            return PosedViews(tuple(replace(view, reason=alone) for view in views), ())
        settings = PoseSettings(
            long_edge=self.args.features,
            match_on=self.args.match_on,
            one_lens=not self.args.own_lenses,
            ordered=ordered,
        )
        tell = partial(self.progress.show, what="cameras")
        return posed_by_engine(views, self.args.engine, settings, tell)

    def _evaluate(self, photos: PhotoSet, posed: PosedViews, made: _Made, record: dict[str, Any]) -> None:
        if self.args.truth is None:
            return
        try:
            known = _known_cameras(truth_of(photos, self.args.truth), posed)
            told = truth_record(errors_against(posed, known), posed, len(known))
        except (CameraFileError, ValueError) as error:
            made.failed.append(f"--truth: {reason(error)}")
            return
        record["truth"] = told
        made.lines += truth_lines(told)

    def _surface(self, posed: PosedViews, made: _Made, record: dict[str, Any]) -> None:
        try:
            fused = self._fused(posed)
        except FAILURES as error:
            made.failed.append(f"no surface: {reason(error)}")
            return
        record["surface"] = surface_record(fused)
        made.lines += fused.report().splitlines()[:2]
        if self.args.mesh:
            made.writers[SCENE] = writers_of(fused.mesh, "glb", "gltf", "scene")[".glb"]
        if self.args.points:
            points = replace(layout(fused.mesh, paint_vertices=True), faces=None, uvs=None, texture=None)
            made.writers[POINTS] = partial(write_ply, points)
        members = _largest(posed)
        if self.args.novel:
            tell = partial(self.progress.show, what="new views")
            pictures, record["novel"] = novel_pictures(members, fused.mesh, self.args.novel, tell)
            made.writers |= pictures
        if self.args.rrd:
            made.writers[RECORDING_OF_VIEWS] = partial(_write_recording, members, fused.mesh)

    def _fused(self, posed: PosedViews) -> FusedSurface:
        views = _largest(posed)
        if not views:
            raise ValueError("no photo is placed that has depth.")
        if all(view.reason == ON_ONE_SPOT for view in views):
            raise ValueError(f"{ON_ONE_SPOT}.")
        settings = FusionSettings(resolution=self.args.voxels, triangles=self.args.triangles)
        return fuse_views(views, settings, lambda done, total: self.progress.show(done, total, "surface"))


def _largest(posed: PosedViews) -> list[View]:
    """The views of the largest group that have depth."""
    return [view for view in posed.placed if view.group == 0 and bool(view.pointmap.mask.any())]


def _copied(data: bytes, file: BinaryIO) -> None:
    file.write(data)


def _write_recording(views: Sequence[View], mesh: Mesh, file: BinaryIO) -> None:
    write_views(views, file, mesh, cloud_of_views(views, RECORDED_POINTS))


def _known_cameras(path: Path, posed: PosedViews) -> dict[str, PhotoCamera]:
    """The cameras in a file for the photos of a set, by their names or else by those without folders and endings."""
    sizes = {}
    for view in posed.views:
        height, width = view.pointmap.source_size
        sizes |= {view.name: (width, height), Path(view.name).name: (width, height)}
    known = read_cameras(path, sizes)
    by_stem = {Path(name).stem: camera for name, camera in known.items()}
    found = {}
    for view in posed.views:
        name = Path(view.name)
        camera = known.get(view.name) or known.get(name.name) or by_stem.get(name.stem)
        if camera is not None:
            found[view.name] = camera
    return found

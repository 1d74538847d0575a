"""One call of the command for bodies: the people, photo and pointmap that it is given, and the files that come of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import torch

from .. import __version__
from ..bodies.bodies import Bodies
from ..bodies.body_mesh import NO_SCENE
from ..bodies.body_parts import BODY_PARTS
from ..bodies.check import check_bodies, describe_bodies
from ..bodies.check_pictures import PictureStyle, check_pictures
from ..bodies.example import example_people, walking_person
from ..bodies.placement import SCENE_SIZE, Placed, Placing, place_bodies, require_same_pictures
from ..bodies.records import Fault
from ..bodies.shot import Steadying
from ..bodies.steady_clip import steady_clip
from ..bodies.world import LEVEL_WORLD, world_of
from ..effects.camera.camera_path import keys_from_json
from ..estimate.depth_to_pointmap import nearness_image
from ..files.body_export import BODY_FORMATS, BodyExport, export_bodies, names_of
from ..files.body_file import BodyFileError, picture_name, read_people
from ..files.depth_file import DEPTH_SUFFIXES
from ..files.depth_series import read_series
from ..files.example_photos import EXAMPLE_PHOTOS as PHOTOS
from ..files.example_photos import FOLDER
from ..files.output_folder import OutputFolder, is_done, source_of
from ..files.whole_files import Writer
from ..geometry.colour import eight_bit
from ..geometry.gravity import find_up, world_from_pitch_roll
from ..geometry.pointmap import Pointmap
from ..geometry.pointmap_maker import pointmap_of_depth
from ..geometry.resize import require_same_shape
from .body_photos import Photos, open_photos
from .inputs import expanded
from .photo_products import write_picture
from .progress import Progress

MANNEQUINS, WALK = EXAMPLES = ("mannequins", "walk")
EXAMPLE_PHOTO = FOLDER / PHOTOS[MANNEQUINS]
INFIX = {"json": "_skeletons", "npz": "_people"}  # NAME.json is the record, and NAME.npz may be a file that was given
NOT_RESULTS = ("inputs", "photo", "pointmap", "out", "overwrite", "progress", "dry_run")


@dataclass(frozen=True)
class MadeBodies:
    """What is to be written, and what to know of it, in lines."""

    out: OutputFolder
    base: Path
    record: Mapping[str, Any]
    writers: Mapping[str, Writer]
    lines: Sequence[str]

    def write(self, progress: Progress) -> None:
        """Puts all files in place, or none."""
        self.out.write(self.base, dict(self.record), self._told(progress))

    def _told(self, progress: Progress) -> dict[str, Writer]:
        def told(number: int, suffix: str, write: Writer, file: BinaryIO) -> None:
            progress.show(number, len(self.writers), self.base.name + suffix)
            write(file)

        return {suffix: partial(told, i, suffix, write) for i, (suffix, write) in enumerate(self.writers.items())}


@dataclass(frozen=True)
class BodyJob:
    """The people of one call and what else it was given, read and found to fit; the pointmap is read when it is made."""

    args: argparse.Namespace
    bodies: Bodies
    faults: Sequence[Fault]
    photos: Photos | None
    depth_files: Sequence[Path]
    exports: Mapping[str, BodyExport]
    out: OutputFolder
    base: Path
    source: Mapping[str, Any]
    options: Mapping[str, Any]
    poses: torch.Tensor | None = None  # of a camera that moves

    @staticmethod
    def of(args: argparse.Namespace) -> BodyJob:
        """Reads the people and looks at everything else; ValueError or OSError, in one sentence, where something does not fit."""
        exports = _exports(args)
        files, depth_files = expanded(args.inputs), _depth_files(expanded(args.pointmap))
        given = [EXAMPLE_PHOTO] if args.example == MANNEQUINS else expanded(args.photo)
        photos = open_photos(given) if given else None
        if args.example:
            bodies, faults = (example_people if args.example == MANNEQUINS else walking_person)(), []
        else:
            bodies, faults = _people(files, photos, args.leave_out_broken)
        if photos is not None:
            bodies.require_faces()
            photos.require_frames(len(bodies))
            require_same_shape(photos.size, bodies.image_size, "--photo", "people's picture")
        told = [] if args.camera_path is None else [Path(args.camera_path)]
        sources = [*files, *depth_files, *told, *([] if photos is None else photos.sources())]
        out = OutputFolder(args.out, sources, make=not args.dry_run)
        first = sources[0] if sources else EXAMPLE_PHOTO
        name = args.example or picture_name(first)
        source = {**source_of(first), "file": name + first.suffix}
        options = {name: value for name, value in vars(args).items() if name not in NOT_RESULTS}
        options |= {"version": __version__, "sources": [source_of(path) for path in sources]}
        suffixes = _suffixes(bodies, exports, photos)
        base = out.claim(source, PurePath(), suffixes)
        return BodyJob(
            args=args,
            bodies=bodies,
            faults=faults,
            photos=photos,
            depth_files=depth_files,
            exports=exports,
            out=out,
            base=base,
            source=source,
            options=options,
            poses=_poses(args, len(bodies)),
        )

    @property
    def is_done(self) -> bool:
        """Whether all results are there, made from the same files with the same options."""
        return not self.args.overwrite and is_done(self.base, dict(self.source), dict(self.options), self.suffixes)

    @property
    def suffixes(self) -> list[str]:
        """What follows the name in the names of all files but the record."""
        return _suffixes(self.bodies, self.exports, self.photos)

    def planned(self) -> list[Path]:
        """The files that would be written."""
        return [self.base.with_name(self.base.name + suffix) for suffix in [".json", *self.suffixes]]

    def make(self, progress: Progress) -> MadeBodies:
        """Places, checks and exports the people; nothing is written yet. ValueError, in one sentence, where they do not fit."""
        pointmap, said = self._pointmap()
        placed = None if pointmap is None else self._placed(pointmap, progress)
        bodies = self.bodies if placed is None else placed.bodies
        scene = None if placed is None else placed.pointmap
        if self.args.camera_level and bodies.world_from_camera is None:
            bodies = replace(bodies, world_from_camera=world_of(bodies, None, LEVEL_WORLD)[0])
        steadied: list[str] = []
        if self.args.steady:
            how = Steadying(fps=self.args.fps, smoothing_hz=self.args.smoothing_hz, parts_hz=parts_hz(self.args))
            steady = steady_clip(bodies, how, pointmap=scene, poses=self.poses)
            bodies, steadied = steady.bodies, steady.report.splitlines()
        checks = check_bodies(bodies, scene, self.faults)
        writers: dict[str, Writer] = {}
        reports: dict[str, list[str]] = {}
        for number, (kind, export) in enumerate(self.exports.items()):
            progress.show(number, len(self.exports), kind)
            base = self.base.with_name(self.base.name + INFIX.get(kind, ""))
            saved = export_bodies(bodies, base, export, pointmap=scene)
            writers |= {path.name[len(self.base.name) :]: write for path, write in saved.writers.items()}
            reports[kind] = saved.report.splitlines()
        writers |= self._check_writers(bodies, scene)
        lines = [*said, *describe_bodies(bodies).splitlines()]
        lines += [] if placed is None else placed.describe().splitlines()
        lines += steadied
        first, *others = reports.values()  # what is said of each person is the same in all of them
        lines += [*checks.splitlines(), *first, *(report[0] for report in others)]
        record = {
            "made_by": f"sam3d-geometry {__version__}",
            "source": dict(self.source),
            "people": describe_bodies(bodies).splitlines(),
            "placed": None if placed is None else placed.numbers(),
            "steadied": steadied or None,
            "checks": checks.splitlines(),
            "files": reports,
            "outputs": {suffix: self.base.name + suffix for suffix in writers},
            "options": dict(self.options),
        }
        return MadeBodies(self.out, self.base, record, writers, lines)

    def _pointmap(self) -> tuple[Pointmap | None, list[str]]:
        """The scene of the depth files, and what had to be taken for granted of it."""
        if not self.depth_files:
            return None, []
        read, said = read_series(self.depth_files), []
        pointmap = read.pointmap
        if pointmap is None:
            t, p = torch.nonzero(self.bodies.present)[0].tolist()
            intrinsics = self.bodies.intrinsics(t, p).expand(len(read.depth), 3, 3).clone()
            size = (read.depth.shape[1], read.depth.shape[2])
            image = nearness_image(read.depth, read.mask)
            pointmap = pointmap_of_depth(read.depth, read.mask, intrinsics, image, source_size=size)
            said = ["The depth says no camera; that of the people was taken."]
        return replace(pointmap, metric=pointmap.metric or self.args.metric), said

    def _placed(self, pointmap: Pointmap, progress: Progress) -> Placed:
        args = self.args
        require_same_pictures(self.bodies, pointmap)
        if args.size_from == SCENE_SIZE and not pointmap.metric:
            raise ValueError(
                "--size-from scene: the depth says no meters; add --metric where it is in meters, or leave --size-from out."
            )
        placing = Placing(
            size_from=args.size_from,
            height_m=args.height_m,
            person=args.person,
            ground_contact=not args.no_ground,
            camera=args.body_camera,
        )
        return place_bodies(
            *(self.bodies, pointmap, placing),
            world_from_camera=None if args.no_ground else self._up(pointmap),
            on_progress=lambda done, total: progress.show(done, total, "people onto the scene"),
        )

    def _up(self, pointmap: Pointmap) -> torch.Tensor:
        if self.args.camera_level:
            return world_from_pitch_roll(0.0, 0.0, len(pointmap))
        return find_up(pointmap).world_from_camera

    def _check_writers(self, bodies: Bodies, scene: Pointmap | None) -> dict[str, Writer]:
        if self.photos is None:
            return {}
        style = PictureStyle(size=self.photos.size)
        photos = self.photos.frames()
        return {
            suffix: partial(_write_check, bodies, frame, style, photos, scene)
            for frame, suffix in enumerate(_check_names(bodies))
        }


def _write_check(
    bodies: Bodies,
    frame: int,
    style: PictureStyle,
    photos: Iterator[torch.Tensor],
    scene: Pointmap | None,
    file: BinaryIO,
) -> None:
    """Writes the people of a frame over its photo; called once for each frame, in order."""
    shown = scene[frame] if scene is not None and scene.metric else None
    made = check_pictures(bodies[frame : frame + 1], 0, style, photo=next(photos), pointmap=shown)
    write_picture(eight_bit(made.overlay).numpy(), file)


def parts_hz(args: argparse.Namespace) -> dict[str, float]:
    """The frequencies that are given for single parts of the body."""
    given = {part: getattr(args, f"{part}_hz") for part in BODY_PARTS}
    return {part: hz for part, hz in given.items() if hz is not None}


def _poses(args: argparse.Namespace, frames: int) -> torch.Tensor | None:
    """The camera's poses (T, 4, 4) of --camera-path; ValueError, in one sentence, where it does not fit."""
    if args.camera_path is None:
        return None
    path = Path(args.camera_path)
    try:
        poses = keys_from_json(path.read_text(encoding="utf-8")).world_from_camera
    except ValueError as error:
        raise ValueError(f"--camera-path {path}: {error}") from None
    if len(poses) != frames:
        raise ValueError(
            f"--camera-path {path}: there are {len(poses)} poses for {frames} frames of people; give one for each frame."
        )
    return poses


def _people(files: Sequence[Path], photos: Photos | None, leave_out_broken: bool) -> tuple[Bodies, list[Fault]]:
    """The people in files, whose picture's size is their own or told by their keypoints, and only without either the photo's."""
    try:
        return read_people(files, leave_out_broken=leave_out_broken)
    except BodyFileError:
        raise
    except ValueError:
        if photos is None:
            raise
        return read_people(files, image_size=photos.size, leave_out_broken=leave_out_broken)


def _check_names(bodies: Bodies) -> list[str]:
    return ["_check.png"] if len(bodies) == 1 else [f"_check_{frame:05d}.png" for frame in range(len(bodies))]


def _suffixes(bodies: Bodies, exports: Mapping[str, BodyExport], photos: Photos | None) -> list[str]:
    found = [INFIX.get(kind, "") + name for kind in exports for name in names_of(bodies, kind)]
    return found + ([] if photos is None else _check_names(bodies))


def _exports(args: argparse.Namespace) -> dict[str, BodyExport]:
    """What is asked for, by its format."""
    chosen = [kind for kind in BODY_FORMATS if getattr(args, kind)] or ["glb"]
    if args.scene != NO_SCENE and "glb" not in chosen:
        raise ValueError("--scene is for --glb; choose it too, or leave the scene out.")
    shared = {
        "bone_names": args.names,
        "rest_pose": args.rest,
        "world": args.world,
        "axes": args.axes,
        "fps": args.fps,
        "leg_length_m": args.leg_length_m,
        "include_camera": not args.no_camera,
    }
    return {
        kind: BodyExport(file_format=kind, scene=args.scene if kind == "glb" else NO_SCENE, **shared) for kind in chosen
    }


def _depth_files(paths: Sequence[Path]) -> list[Path]:
    """The depth files among files and folders, sorted within a folder."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in DEPTH_SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"--pointmap {path}: there is no depth file in this folder ({', '.join(DEPTH_SUFFIXES)}).")
        found += inside
    missing = [path for path in found if not path.is_file()]
    if missing:
        raise ValueError(f"--pointmap {missing[0]}: there is no such file.")
    return found

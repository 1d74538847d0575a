"""One clip of the command line: the part that is read, what is made of it, and what tells the job from others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..clips.steady import STRENGTHS
from ..files.camera_suffixes import CAMERA_SUFFIXES
from ..maps.depth import FIXED
from ..video.clip_file import Clip, open_clip
from ..video.engine import Engine, StreamSettings
from ..video.product import CAMERA, Look, VideoProduct
from ..video.stages import Stage, steadying
from ..video.stream import job_fingerprint
from ..video.writer import ARRAYS, format_named
from . import options
from .clip_record import ClipRecord
from .lens import Lens

TRUE_DEPTH_FORMAT = "exr 32-bit files"


@dataclass(frozen=True)
class _NotLoaded:
    """Stands for the engine where nothing is run."""

    model_name: str


@dataclass(frozen=True)
class ClipJob:
    """One clip and what is to be made of it; see `stream.stream_clip`."""

    clip: Clip
    products: list[VideoProduct]
    settings: StreamSettings
    stages: list[Stage]
    record: ClipRecord

    @staticmethod
    def of(args: argparse.Namespace, clip: Clip, name: str) -> ClipJob:
        """The job that the options ask for; `name` begins the names of its results."""
        fov_x_degrees, _ = Lens.of(args).fov_x_degrees(clip.facts.camera_size)
        settings = settings_of(args, fov_x_degrees)
        return ClipJob(clip, products_named(args, name), settings, stages_of(args), ClipRecord(args.out, name))

    def fingerprint(self, engine: Engine) -> dict:
        """What tells this job from every other one."""
        return job_fingerprint(engine, self.clip, self.products, self.settings, self.stages)

    def is_done(self, args: argparse.Namespace, engine: Engine) -> bool:
        """Whether nothing is to be done. Raises OutputError where files of others are in the way. Changes no file."""
        if args.overwrite:
            return False
        if self.record.is_done(self.fingerprint(engine), self.products):
            return True
        self.record.require_own(self.products)
        return False

    def planned(self, args: argparse.Namespace) -> list[Path]:
        """The files and folders that it would write, as far as that is known without the model."""
        known = self.record.read()
        if known is not None and str(known["job"].get("model")).startswith(f"{args.model} "):
            if self.is_done(args, cast(Engine, _NotLoaded(known["job"]["model"]))):
                return []
        elif not args.overwrite:
            self.record.require_own(self.products)
        return [product.target for product in self.products] + [self.record.path]


def stages_of(args: argparse.Namespace) -> list[Stage]:
    """What steadies the clips."""
    strength = STRENGTHS[args.steady] if args.steady_strength is None else args.steady_strength
    return steadying(args.steady, strength, not args.camera_per_frame)


def products_named(args: argparse.Namespace, name: str) -> list[VideoProduct]:
    """What is made of a clip whose results begin with `name`."""
    chosen = format_named(args.format)
    suffix = "" if chosen.sequence else chosen.suffix
    kinds = {"depth": "depth" if args.colormap is None else "coloured depth", "normals": "normals"}
    products = [
        VideoProduct(kinds[label], args.format, args.out / f"{name}_{label}{suffix}")
        for label in options.chosen_pictures(args)
    ]
    if args.exr:
        products.append(VideoProduct("true depth", TRUE_DEPTH_FORMAT, args.out / f"{name}_true_depth"))
    if args.npz:
        products.append(VideoProduct("arrays", ARRAYS, args.out / f"{name}_arrays"))
    if args.camera is not None:
        target = args.out / f"{name}_camera{CAMERA_SUFFIXES[args.camera]}"
        products.append(VideoProduct(CAMERA, f"camera {args.camera}", target))
    return products


def settings_of(args: argparse.Namespace, fov_x_degrees: float | None = None) -> StreamSettings:
    """How clips are worked on; the field of view is that of one clip."""
    look = Look(
        curve=args.curve,
        invert=args.invert,
        colormap=args.colormap or "magma",
        invalid=args.invalid,
        invalid_depth=args.invalid_depth,
        normal_source=args.normal_source,
        normal_smoothing=args.normal_smoothing,
        normal_convention=args.normal_convention,
    )
    ends = {"near": args.near, "far": args.far} if args.range == FIXED else {}
    return StreamSettings(
        resolution=args.resolution,
        frames_per_chunk=args.frames_per_batch,
        fov_x_degrees=fov_x_degrees,
        validity=args.validity,
        refine_edges=args.refine,
        mask_from_alpha=args.mask_from_alpha,
        one_camera=not args.camera_per_frame,
        range=args.range,
        clip_percent=args.clip_percent,
        look=look,
        **ends,
    )


def opened_clip(args: argparse.Namespace, path: Path) -> Clip:
    """The part of a clip that the options ask for."""
    if args.start_number is not None and path.is_file():
        raise ValueError("--start-number is for folders of numbered frames; use --start for a video file.")
    if args.exposure and path.is_file():
        raise ValueError("--exposure is for folders of EXR or float TIFF frames; a video file has no floats.")
    part = args.frame_rate, args.start, args.duration or 0.0, args.start_number
    return open_clip(path, *part, exposure=args.exposure)


def result_names(paths: Sequence[Path]) -> list[str]:
    """A name for each clip's results: its own without suffix, with it where two would be the same."""
    stems = [path.name if path.is_dir() else path.stem for path in paths]
    names = [path.name if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems)]
    if len(set(names)) < len(names):
        raise ValueError(
            "Two clips have the same file name, so their results would too; give them one after the other."
        )
    return names

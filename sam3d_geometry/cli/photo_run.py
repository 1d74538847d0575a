"""One call of the command line: a model, its options, and the photos that go through it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy
import torch

from .. import __version__
from ..estimate.edge_refinement import refine_depth_edges
from ..estimate.inference import AS_GIVEN, AT_PHOTO, infer_pointmap
from ..estimate.panorama_inference import infer_panorama
from ..files.output_folder import RECORD, OutputFolder, is_done, source_of
from ..files.photo import Photo, PhotoError, PhotoFile, read_photo
from ..geometry.pointmap import Pointmap
from ..geometry.resize import resize_mask
from ..maps.depth import FIXED, PER_FRAME, WHOLE_CLIP, DepthRange, depth_range, fixed_range
from ..models import GeometryModel
from .lens import Lens
from .options import chosen_pictures
from .outcome import reason
from .panorama_products import make_panorama
from .photo_products import KINDS, MadePhoto, ProductError, Products, camera_kind
from .progress import Progress

SAMPLES_PER_PHOTO = 4096  # depths kept of each photo for a range over all of them


# options of further results, and the kinds they stand for
MORE_KINDS = {
    "png16": "depth16",
    "npz": "arrays",
    "exr": "exr",
    "rrd": "recording",
    "mesh": "mesh",
    "points": "points",
    "plane": "plane",
}


class Plan:
    """What one call of the command is to make, by its options alone."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.lens = Lens.of(args)
        chosen = chosen_pictures(args) + [kind for option, kind in MORE_KINDS.items() if getattr(args, option)]
        if args.camera is not None:
            chosen.append(camera_kind(args.camera))
        self.products = Products(
            kinds=tuple(chosen),
            curve=args.curve,
            invert=args.invert,
            invalid=args.invalid,
            invalid_depth=args.invalid_depth,
            colormap=args.colormap,
            normal_convention=args.normal_convention,
            normal_space=args.normal_space,
            normal_source=args.normal_source,
            normal_smoothing=args.normal_smoothing,
        )
        self.suffixes = [KINDS[kind].suffix for kind in chosen]

    def options(self, precision: str | None, shown: DepthRange | None) -> dict[str, Any]:
        """Everything that a result depends on besides the photo; what is done with the same ones is not done again."""
        args, file = self.args, Path(self.args.model)
        looks = {key: value for key, value in asdict(self.products).items() if key != "kinds"}
        return {
            "version": __version__,
            "model": args.model,
            "model_changed_ns": file.stat().st_mtime_ns if file.is_file() else None,
            "precision": precision,
            "resolution": args.resolution,
            "camera": asdict(self.lens),
            "mask_from_alpha": args.mask_from_alpha,
            "exposure": args.exposure,
            "validity": args.validity,
            "refine": args.refine,
            "panorama": args.panorama,
            "range": args.range if shown is None else list(shown.limits),
            "clip_percent": args.clip_percent,
            **looks,
        }

    def fixed_range(self) -> DepthRange | None:
        """The range that the options give, if they give one."""
        return fixed_range(self.args.near, self.args.far, 1) if self.args.range == FIXED else None

    def of(self, files: Sequence[PhotoFile], out: OutputFolder) -> tuple[list[Path], int]:
        """The files that the photos would give, and how many photos are done already, as far as that is known unrun."""
        planned, done = [], 0
        options = self.options(None, self.fixed_range())
        unknown = ("precision", "range") if self.args.range == WHOLE_CLIP else ("precision",)
        for file in files:
            source = source_of(file.path)
            base = out.claim(source, file.folder, self.suffixes)
            if not self.args.overwrite and is_done(base, source, options, self.suffixes, unknown=unknown):
                done += 1
            else:
                planned += [base.with_name(base.name + suffix) for suffix in (*self.suffixes, RECORD)]
        return planned, done


class Run:
    """One call of the command: its plan, the model, and what has become of the photos so far."""

    def __init__(self, args: argparse.Namespace, model: GeometryModel, progress: Progress):
        self.args, self.model, self.progress = args, model, progress
        self.plan = Plan(args)
        self.shared: DepthRange | None = None
        self.done = self.skipped = 0
        self.failed: dict[Path, str] = {}

    def photos(self, files: Sequence[PhotoFile], out: OutputFolder) -> None:
        """Makes the results of every photo that has none yet; a photo that cannot be used is noted and left out."""
        self.shared = self._range_over(files) if self.args.range == WHOLE_CLIP else self.plan.fixed_range()
        for i, file in enumerate(files):
            if file.path in self.failed:
                continue
            self.progress.show(i, len(files), file.path.name)
            self._attempt(file, lambda file=file: self._photo(file, out))

    def _attempt(self, file: PhotoFile, work: Callable[[], None]) -> None:
        try:
            work()
        except PhotoError as error:
            self._fail(file, str(error))
        except MemoryError as error:
            self._fail(file, str(error) or "the photo does not fit in memory; shrink it first.")
        except OSError as error:
            self._fail(file, f"the results cannot be written ({error.strerror or error}).")
        except (RuntimeError, ValueError) as error:
            self._fail(file, reason(error))

    def _fail(self, file: PhotoFile, reason: str) -> None:
        self.failed[file.path] = reason
        self.progress.complain(f"{file.path}: {reason}")

    def _photo(self, file: PhotoFile, out: OutputFolder) -> None:
        source, plan = source_of(file.path), self.plan
        base = out.claim(source, file.folder, plan.suffixes)
        options = plan.options(str(self.model.dtype).removeprefix("torch."), self.shared)
        if not self.args.overwrite and is_done(base, source, options, plan.suffixes):
            self.skipped += 1
            return
        made, photo = self._surroundings(file) if self.args.panorama else self._view(file)
        height, width = photo.size

        def record() -> dict[str, Any]:
            return {
                "made_by": f"sam3d-geometry {__version__}",
                "source": {**source, "width": width, "height": height},
                "model": {"name": self.model.name, "precision": options["precision"], "preview": self.model.preview},
                **({"notes": list(photo.notes)} if photo.notes else {}),
                **made.record,
                "outputs": {kind: base.name + KINDS[kind].suffix for kind in made.writers},
                "options": options,
            }

        while made.writers:
            try:
                out.write(base, record(), made.by_suffix())
                break
            except ProductError as error:  # the others are written without it
                made.drop(error)
        if made.failed:
            self._fail(file, "; ".join(f"no {kind}: {why}" for kind, why in made.failed.items()))
        else:
            self.done += 1
        for note in photo.notes:
            self.progress.say(f"{file.path}: {note}")
        if photo.frames > 1:
            self.progress.say(f"{file.path}: only the first of its {photo.frames} pictures is used.")

    def _view(self, file: PhotoFile) -> tuple[MadePhoto, Photo]:
        """What a common photo gives."""
        pointmap, photo, camera_source = self._pointmap(file)
        shown = self.shared or depth_range(pointmap, PER_FRAME, clip_percent=self.args.clip_percent)
        made = self.plan.products.make(pointmap, shown, photo.image)
        made.record["camera"]["source"] = camera_source
        return made, photo

    def _surroundings(self, file: PhotoFile) -> tuple[MadePhoto, Photo]:
        """What an equirectangular photo gives."""
        photo = read_photo(file.path, self.args.exposure)
        args = self.args
        panorama = infer_panorama(
            self.model, photo.image, resolution=args.resolution, validity=args.validity, refine_edges=args.refine
        )
        return make_panorama(self.plan.products, panorama, photo.image, self.shared, args.clip_percent), photo

    def _pointmap(self, file: PhotoFile) -> tuple[Pointmap, Photo, str]:
        photo = read_photo(file.path, self.args.exposure)
        fov_x_degrees, camera_source = self.plan.lens.fov_x_degrees(photo.size, photo.exif_fov_x_degrees)
        mask = photo.alpha if self.args.mask_from_alpha else None
        pointmap = infer_pointmap(
            self.model,
            photo.image,
            mask=mask,
            resolution=self.args.resolution,
            fov_x_degrees=fov_x_degrees,
            validity=self.args.validity,
            refine_edges=AS_GIVEN if self.args.refine == AT_PHOTO else self.args.refine,
        )
        if self.args.refine == AT_PHOTO:
            pointmap, _ = refine_depth_edges(pointmap, photo.image)
            pointmap = pointmap if mask is None else pointmap.masked(resize_mask(mask, pointmap.size))
        return replace(pointmap, source_size=photo.size), photo, camera_source

    def _range_over(self, files: Sequence[PhotoFile]) -> DepthRange:
        """One range for all photos, from a sample of each one's depths."""
        samples = []

        def sample(file: PhotoFile) -> None:
            pointmap, _, _ = self._pointmap(file)
            depths = pointmap.depth[pointmap.mask]
            samples.append(depths[:: 1 + len(depths) // SAMPLES_PER_PHOTO].numpy())

        for i, file in enumerate(files):
            self.progress.show(i, len(files), f"range: {file.path.name}")
            self._attempt(file, lambda file=file: sample(file))
        depths = numpy.concatenate(samples) if samples else numpy.zeros(0)
        if not len(depths):
            return DepthRange(torch.zeros(1), torch.zeros(1))
        near, far = numpy.percentile(depths, [self.args.clip_percent, 100 - self.args.clip_percent])
        return DepthRange(torch.tensor([near]).float(), torch.tensor([far]).float())

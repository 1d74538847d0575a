"""One call of the command that completes objects: photos with their masks, and the files that come of each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import torch

from ..files.axes import layout
from ..files.completion_recording import write_completion
from ..files.depth_record import camera_entry
from ..files.photo import Photo, PhotoError, PhotoFile, read_photo
from ..files.ply import write_ply
from ..files.whole_files import Writer
from ..files.writers import writers_of
from ..geometry.pointmap import Pointmap
from ..geometry.resize import resize_mask
from ..models import GeometryModel
from ..views.completion import ORIGINS, Completion, complete_object
from ..views.object_surface import FEWEST
from .result_folder import POINTS, REPORT, FolderRun, json_writer
from .view_photos import ViewPhotos, mask_coverage
from .view_record import finite
from .view_sets import PhotoSet, masks_of

OBJECT, RECORDING = "object.glb", "object.rrd"


@dataclass(frozen=True)
class Job:
    """A photo, the mask of its object, None where that is its alpha or missing, and the folder of its results below -o."""

    folder: Path
    photo: Path
    mask: Path | None


def jobs_of(photos: Sequence[PhotoFile], masks: Path | None) -> list[Job]:
    """A job for each of several photos, in a folder called as the photo: with its ending, and a number, where names come twice."""
    stems = Counter(str(file.folder / file.path.stem).casefold() for file in photos)
    taken: Counter[str] = Counter()
    jobs = []
    for file in photos:
        stem = file.folder / file.path.stem
        folder = str(stem if stems[str(stem).casefold()] == 1 else file.folder / file.path.name)
        taken[folder.casefold()] += 1
        number = taken[folder.casefold()]
        found = {} if masks is None else masks_of(PhotoSet("", {file.path.name: file.path}), masks)
        jobs.append(Job(Path(folder if number == 1 else f"{folder}-{number}"), file.path, found.get(file.path.name)))
    return jobs


class CompletionRun(FolderRun):
    """One call of the command: its options, and what has become of the photos so far."""

    command, not_results = "complete", ("mask", "masks")

    @property
    def names(self) -> list[str]:
        """The files of a photo."""
        return [OBJECT, POINTS, *([RECORDING] if self.args.rrd else []), REPORT]

    def is_done(self, job: Job) -> bool:
        """Whether all files of a photo are there, made of the same photo and mask with the same options."""
        return self.is_made(self.args.out / job.folder, self._made_of(job))

    def _made_of(self, job: Job) -> dict[str, Any]:
        return self.made_of([job.photo, *([job.mask] if job.mask else [])])

    def make(self, job: Job, model: GeometryModel) -> None:
        """Makes the files of a photo, all or none; what fails is noted."""
        folder = self.args.out / job.folder
        self.done += self.fill(folder, f"{job.photo.name}: ", lambda: self._writers(job, model))

    def _writers(self, job: Job, model: GeometryModel) -> dict[str, Writer]:
        started, photo = time.monotonic(), read_photo(job.photo)
        mask = self._mask(job, photo)
        pointmap, _ = ViewPhotos(self.args, model).pointmap(photo)
        count = int((resize_mask(mask, pointmap.size) & pointmap.mask).sum())
        if count < FEWEST:
            raise PhotoError(f"its mask selects {count} pixels that have depth; at least {FEWEST} are needed.")
        found = complete_object(
            *(pointmap, mask, self.args.voxels, self.args.passes),
            on_pass=lambda sweep: self.progress.show(sweep.done, sweep.total, f"passes of {job.photo.name}"),
        )
        for line in found.describe().splitlines():
            self.progress.say(f"{job.photo.name}: {line}")
        record = completion_record(found, pointmap)
        record |= {"seconds": round(time.monotonic() - started, 1), "outputs": self.names, **self._made_of(job)}
        writers = _shapes(found)
        if self.args.rrd:
            writers[RECORDING] = partial(write_completion, found, pointmap)
        return {**writers, REPORT: json_writer(record)}

    def _mask(self, job: Job, photo: Photo) -> torch.Tensor:
        """(1, h, w) in [0, 1]: how much of a pixel the object covers."""
        if self.args.mask_from_alpha:
            if photo.alpha is None:
                raise PhotoError("it has no transparency that could be its mask; give --mask.")
            return photo.alpha
        if job.mask is None:
            raise PhotoError(f"there is no mask of its name in {self.args.masks}.")
        try:
            return mask_coverage(job.mask, photo.size)
        except PhotoError as error:
            raise PhotoError(f"its mask {job.mask.name} cannot be used: {str(error).rstrip('.')}.") from error


def _shapes(found: Completion) -> dict[str, Writer]:
    scalars = {
        "confidence": found.at_cloud(found.confidence, 1.0).numpy(),
        "origin": found.at_cloud(found.origin, 0).numpy().astype(numpy.uint8),
    }
    return {
        OBJECT: writers_of(found.mesh, "glb", "gltf", "object")[".glb"],
        POINTS: partial(write_ply, layout(found.cloud), scalars=scalars),
    }


def completion_record(found: Completion, pointmap: Pointmap) -> dict[str, Any]:
    """A completed object in numbers."""
    mesh = found.mesh
    shares = {origin: finite(found.share(origin)) for origin in ORIGINS}
    return {
        "said": found.describe().splitlines(),
        "unit": "metre" if mesh.metric else "unknown",
        "size": [finite(value) for value in (mesh.vertices.amax(0) - mesh.vertices.amin(0)).tolist()],
        "camera": camera_entry(pointmap.intrinsics[0], pointmap.source_size),
        "mirror_planes": [
            {
                "holds": plane.holds,
                "normal": [finite(value) for value in plane.normal],
                "offset": finite(plane.offset),
                "mirrored_on_the_seen": finite(plane.agreement),
                "mirrored_where_nothing_is": finite(plane.violation),
                "brightness_correlation": finite(plane.colour),
            }
            for plane in found.planes
        ],
        "surface": {"triangles": len(mesh.faces), **shares},
        "points": {"count": len(found.cloud.points), "seen": len(found.seen.points), "origins": list(ORIGINS)},
        "volume": {"voxel": finite(found.voxel), "inside": int(found.occupied.sum()), "passes": found.sweep.total},
    }

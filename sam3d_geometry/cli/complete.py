"""The command line for objects in photos: each completed by the sides that its photo does not show."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .. import models
from ..files.output_folder import OutputFolder
from ..files.photo import PhotoError, find_photos
from ..files.rerun_recording import import_rerun
from . import options
from .completion_run import CompletionRun, Job, jobs_of
from .inputs import expanded
from .model import loaded_model, require_device, settle_model
from .outcome import Outcome, exit_status
from .progress import Progress

DESCRIPTION = """\
The unseen side of an object in a photo: a volume around it is swept in passes and each voxel asked whether it is inside. What the
photo shows stays as it is; a mirror plane, where one is found and holds, gives the other side; the rest is as thick as the
outline is wide, a guess that is marked as one.

The output folder gets
  object.glb      the whole object, closed, with colors, in the photo's camera
  points.ply      the seen points and those that were added, with colors, confidence (1 seen, less mirrored or guessed)
                  and origin (0 seen, 1 mirrored, 2 guessed)
  object.rrd      with --rrd: photo, box, mask, depth, points, and a step for every pass, for the rerun viewer
  report.json     the mirror plane and what speaks for it, shares of seen, mirrored and guessed, the camera
Several photos get a folder each, called as the photo.
"""

EPILOG = """\
examples:
  python -m sam3d_geometry complete cup.jpg --mask cup_mask.png -o out
  python -m sam3d_geometry complete cut_out.png --mask-from-alpha -o out --rrd
  python -m sam3d_geometry complete photos --masks masks -o out --voxels 128 --model moge-2-vitl-normal

GLB and PLY are in glTF axes (x right, y up, z backward) of the photo's camera, in meters where the model is metric. A mask is white
where the object is and nowhere else, or opaque there; it may have another size than the photo, but not another shape.

What is done with the same files and options is not done again. Everything of a photo appears whole or not at all.

exit status: 0 all is done, 1 something failed (a file that cannot be read, a mask that does not fit or selects nothing; the rest is
there), 2 nothing was started (wrong option, no photo, no model, output folder not writable), 130 interrupted.
"""


def parser() -> options.Parser:
    """The options of the sub-command."""
    parser = options.Parser(
        prog="python -m sam3d_geometry complete",
        usage="%(prog)s PHOTO_OR_FOLDER [...] --mask MASK -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        type=Path,
        metavar="PHOTO_OR_FOLDER",
        help="photos with one object each, or folders of them; wildcards may be quoted",
    )
    options.add_folders(parser, "do photos again whose results exist")
    _add_object(parser)
    options.add_camera(parser, exif=True)
    options.add_model(parser)
    options.add_telling(parser)
    return parser


def _add_object(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("object")
    add = group.add_mutually_exclusive_group(required=True).add_argument
    add("--mask", type=Path, metavar="FILE", help="of one photo: a picture that is white where the object is")
    add("--masks", type=Path, metavar="FOLDER", help="of several: pictures of the photos' names, or NAME_mask")
    add("--mask-from-alpha", action="store_true", help="what is opaque in a photo is its object")
    add = group.add_argument
    add(
        "--voxels",
        type=int,
        default=96,
        metavar="COUNT",
        help="along the longest side of the object, 16 to 256 (default: 96); sets detail, time and memory",
    )
    add("--passes", type=int, default=8, metavar="COUNT", help="steps of the sweep, 1 to 64 (default: 8)")
    add("--rrd", action="store_true", help="also a rerun recording of the passes (needs: pip install rerun-sdk)")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    options.check(args, made)
    _check(args, made)
    return exit_status(partial(_work, args), (PhotoError, OSError, ImportError, models.ModelError), args.progress)


def _check(args: argparse.Namespace, made: argparse.ArgumentParser) -> None:
    """Ends with the parser's error where options are out of bounds or name what is not there."""
    for name, low, high in (("voxels", 16, 256), ("passes", 1, 64)):
        if not low <= getattr(args, name) <= high:
            made.error(f"--{name} {getattr(args, name)}: it must lie between {low} and {high}.")
    if args.mask is not None and not args.mask.is_file():
        made.error(f"--mask {args.mask}: there is no such file.")
    if args.masks is not None and not args.masks.is_dir():
        made.error(f"--masks {args.masks}: there is no such folder.")


def _work(args: argparse.Namespace, progress: Progress) -> Outcome | None:
    require_device(args.device)
    if args.rrd:
        import_rerun()
    settle_model(args)
    inputs = expanded(args.inputs)
    found, problems = find_photos(inputs, args.out)
    if args.mask is not None and len(found) > 1:
        raise PhotoError(
            f"--mask is of one photo, and {len(found)} are named; give a folder with one for each: --masks."
        )
    for problem in problems:
        progress.complain(problem)
    if not found:
        return None
    jobs = jobs_of(found, args.masks)
    if (len(inputs) == 1 and inputs[0].is_file()) or args.mask is not None:  # the output folder is its own
        jobs = [Job(Path(), jobs[0].photo, args.mask or jobs[0].mask)]
    return _made(args, progress, jobs, problems)


def _made(args: argparse.Namespace, progress: Progress, jobs: Sequence[Job], problems: list[str]) -> Outcome:
    OutputFolder(args.out, make=not args.dry_run)
    run = CompletionRun(args, progress)
    left = [job for job in jobs if not run.is_done(job)]
    skipped = len(jobs) - len(left)
    if args.dry_run:
        planned = [args.out / job.folder / name for job in left for name in run.names]
        return Outcome(args.out, 0, skipped, problems, planned)
    if left:
        model = loaded_model(args, progress)
        for number, job in enumerate(left):
            progress.show(number, len(left), job.photo.name)
            run.make(job, model)
    return Outcome(args.out, run.done, skipped, run.failed + problems)

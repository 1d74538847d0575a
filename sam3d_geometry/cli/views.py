"""The command line for many photos of one thing: their cameras, one surface, and how far both are from the truth."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .. import models
from ..files.output_folder import OutputFolder
from ..files.photo import PhotoError
from ..files.rerun_recording import import_rerun
from ..views.colmap_engine import AUTO, COLMAP, ENGINES, import_pycolmap
from ..views.features import opencv_for_features
from ..views.poses import MATCH_ON
from . import options
from .inputs import expanded
from .model import loaded_model, require_device, settle_model
from .options import choice, hyphened
from .outcome import Outcome, exit_status
from .progress import Progress
from .view_run import ViewRun
from .view_sets import photo_sets

DESCRIPTION = """\
Where the photos of one thing were taken from, and one surface of what they show: an object from some sides, a room, a house.
Two photos are enough; from fifty sharp ones on COLMAP does better, and its cameras can be read elsewhere in the pack.

Photos, or a folder of them, are one thing; so is a clip, of which sharp frames that overlap are taken. A folder of folders, several
folders or several clips are a batch: a folder of results for each.

The output folder gets
  cameras.json    for each photo's file name: world_from_camera (4 x 4, OpenCV axes), intrinsics (3 x 3, pixels of the photo, the
                  first pixel's center at 0), size, group; or the reason why it has no place
  scene.glb       with --mesh: the surface of the largest group, textured by the photos
  points.ply      with --points: its points, with colors and normals
  novel_NN.png    with --novel: pictures from new cameras, each with what no photo tells (novel_NN_holes.png), for inpainting
  views.rrd       with --rrd: cameras, photos, depth, points and surface for the rerun viewer
  CLIP_NNNNNN.png the frames that were taken of a clip
  report.json     what was found of each photo, pair and group, how well it is known, and with --truth how far it is off
"""

EPILOG = """\
examples:
  python -m sam3d_geometry views photos -o out --mesh --points
  python -m sam3d_geometry views a.jpg b.jpg c.jpg -o out --fov 62 --model moge-2-vitl-normal
  python -m sam3d_geometry views toy -o out --masks toy_masks --mesh
  python -m sam3d_geometry views photos -o out --truth cameras.json
  python -m sam3d_geometry views walk.mp4 -o out --mesh --novel 24 --rrd
  python -m sam3d_geometry views objects -o out --masks masks --truth truth     (objects/NAME, masks/NAME, truth/NAME/cameras.json)

Each group has a world of its own: the axes of its first camera, in the unit that its photos' depths have on their median. Photos
that do not connect are another group or have none; nothing is placed by a guess. A place that is known badly says so (note).
GLB and PLY are in glTF axes (x right, y up, z backward) of the largest group's world; report.json has world_from_files.
Photos are as they are seen upright, by their EXIF orientation. Without --fov the focal length is found, with EXIF's as a start.

What is done with the same files and options is not done again. Everything of a set appears whole or not at all.

exit status: 0 all is done, 1 something failed (a file that cannot be read, a set without a single place; the rest is there), 2 nothing
was started (wrong option, no photo, no model, output folder not writable), 130 interrupted.
"""


def parser() -> options.Parser:
    """The options of the sub-command."""
    parser = options.Parser(
        prog="python -m sam3d_geometry views",
        usage="%(prog)s PHOTO_OR_FOLDER [...] -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        type=Path,
        metavar="PHOTO_OR_FOLDER",
        help="photos of one thing, a folder of them, a clip, or folders with one thing each; wildcards may be quoted",
    )
    options.add_folders(parser, "do sets again whose results exist")
    _add_results(parser)
    _add_matching(parser)
    options.add_camera(parser, exif=True).add_argument(
        "--own-lenses", action="store_true", help="photos of one size need not share a focal length (zoomed in between)"
    )
    options.add_model(parser)
    options.add_telling(parser)
    return parser


def _add_results(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("results (the cameras and the report, and)").add_argument
    add("--mesh", action="store_true", help="the surface as a textured mesh")
    add("--points", action="store_true", help="the surface's points")
    add(
        "--novel",
        type=int,
        default=0,
        metavar="COUNT",
        help="pictures from COUNT new cameras, 1 to 99: about the object where all photos have masks, else along the photos' own way",
    )
    add("--rrd", action="store_true", help="a recording for the rerun viewer; needs rerun-sdk")
    add(
        "--voxels",
        type=int,
        default=256,
        metavar="COUNT",
        help="cells along the longest side of the surface, 16 to 1024 (default: 256); sets detail, time and memory",
    )
    add(
        "--triangles",
        type=int,
        default=200_000,
        metavar="COUNT",
        help="number that the mesh is reduced to, 0 for all (default: 200000)",
    )
    add(
        "--truth",
        type=Path,
        metavar="FILE",
        help="cameras that were measured (cameras.json, transforms.json, or a folder with COLMAP's text model; for a batch a folder "
        "with NAME/cameras.json or NAME.json): prints how far those found are off",
    )


def _add_matching(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("matching")
    add = group.add_argument
    add(
        "--masks",
        type=Path,
        metavar="FOLDER",
        help="pictures of the photos' names, white where the object is: the surface is of it alone; for a batch a folder for each",
    )
    add("--mask-from-alpha", action="store_true", help="what is opaque in a photo is its mask, where it has no other")
    add(
        "--match-on",
        type=choice(MATCH_ON),
        default=hyphened(MATCH_ON[0]),
        metavar=f"{{{','.join(map(hyphened, MATCH_ON))}}}",
        help="where photos are matched: in all of them, on the masks (a turntable), or as it shows itself (auto, default)",
    )
    add(
        "--engine",
        choices=ENGINES,
        default=AUTO,
        help="what finds the cameras: own; pycolmap (pip install pycolmap); auto (default): pycolmap where it is installed, there are "
        "5 photos or more and it places all, else own",
    )
    add(
        "--keyframes",
        type=int,
        default=24,
        metavar="COUNT",
        help="most frames that are taken of a clip, 2 to 200 (default: 24)",
    )
    add(
        "--features",
        type=int,
        default=1024,
        metavar="PIXELS",
        help="long edge at which they are matched, 256 to 1600 (default: 1024)",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    options.check(args, made)
    _check(args, made)
    return exit_status(partial(_work, args), (PhotoError, OSError, ImportError, models.ModelError), args.progress)


def _check(args: argparse.Namespace, made: argparse.ArgumentParser) -> None:
    """Ends with the parser's error where options are out of bounds or name what is not there."""
    for name, low, high in (
        ("voxels", 16, 1024),
        ("features", 256, 1600),
        ("triangles", 0, 10**8),
        ("novel", 0, 99),
        ("keyframes", 2, 200),
    ):
        if not low <= getattr(args, name) <= high:
            made.error(f"--{name} {getattr(args, name)}: it must lie between {low} and {high}.")
    if args.masks is not None and not args.masks.is_dir():
        made.error(f"--masks {args.masks}: there is no such folder.")
    if args.truth is not None and not args.truth.exists():
        made.error(f"--truth {args.truth}: there is no such file or folder.")


def _work(args: argparse.Namespace, progress: Progress) -> Outcome | None:
    require_device(args.device)
    settle_model(args)
    opencv_for_features()
    if args.engine == COLMAP:
        import_pycolmap()
    if args.rrd:
        import_rerun()
    sets, problems = photo_sets(expanded(args.inputs), args.out)
    for problem in problems:
        progress.complain(problem)
    if not sets:
        return None
    OutputFolder(args.out, make=not args.dry_run)
    run = ViewRun(args, progress)
    left = [photos for photos in sets if not run.is_done(photos)]
    skipped = len(sets) - len(left)
    if args.dry_run:
        planned = [run.folder(photos) / name for photos in left for name in run.names]
        return Outcome(args.out, 0, skipped, problems, planned)
    model = loaded_model(args, progress) if left else None
    for photos in left:
        assert model is not None
        run.make(photos, model)
    return Outcome(args.out, run.done, skipped, run.failed + problems)

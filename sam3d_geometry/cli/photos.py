"""The command line for photos: depth, normals and 3D points of photos and of folders of photos."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .. import models
from ..files.exr import import_openexr
from ..files.output_folder import OutputFolder
from ..files.photo import PhotoError, find_photos
from ..files.rerun_recording import import_rerun
from ..maps.depth import FIXED, PER_FRAME, WHOLE_CLIP
from . import options
from .inputs import expanded
from .lens import add_exposure
from .model import loaded_model, require_device, settle_model
from .outcome import Outcome, exit_status
from .panorama_products import check_panorama
from .photo_products import SPACES
from .photo_run import Plan, Run
from .progress import Progress

PHOTO_RANGES = (PER_FRAME, WHOLE_CLIP, FIXED)

DESCRIPTION = """\
Depth maps, normal maps and 3D points from photos, with one small network that is built in or with MoGe.
For videos and folders of frames see: python -m sam3d_geometry video --help

For every photo the output folder gets
  NAME_depth.png     depth picture, near white, sky black (as ControlNets want it), at the photo's size
  NAME_normals.png   normal map
  NAME_depth16.png   with --png16: depth in 65535 steps; the json says how a value becomes a distance
  NAME.exr           with --exr: depth, mask, normals and points as 32-bit floats in named channels
  NAME.rrd           with --rrd: photo, depth, points and mesh for the rerun viewer
  NAME.npz           with --npz: points (H,W,3), depth (H,W), mask (H,W), intrinsics (3,3), normals (H,W,3)
  NAME_mesh.glb      with --mesh: the surface, textured, cut where one thing hides another
  NAME_points.ply    with --points: the points with colours and normals
  NAME_plane.glb     with --plane: a plane of 128 x 128 squares, displaced by the depth picture, the photo on it
  NAME_camera.glb    with --camera glb: the camera; also json (transforms.json), chan (Nuke), after-effects (.txt)
  NAME.json          camera, range, unit, model, options
"""

EPILOG = """\
examples:
  python -m sam3d_geometry photo.jpg -o out
  python -m sam3d_geometry photos holiday -o out --recursive --model moge-2-vitl-normal
  python -m sam3d_geometry photos product.png -o out --mask-from-alpha --normals --normal-convention directx
  python -m sam3d_geometry photos frames -o out --range whole-clip --depth --colormap magma
  python -m sam3d_geometry photos scans -o out --depth --png16 --curve linear --range fixed --near 0.5 --far 10
  python -m sam3d_geometry photos product.png -o out --mask-from-alpha --mesh --points
  python -m sam3d_geometry photos plates -o out --npz --focal-mm 35 --sensor-width-mm 24.9
  python -m sam3d_geometry photos plates -o out --depth --exr --model moge-2-vitl-normal
  python -m sam3d_geometry photos around.jpg -o out --panorama --depth --mesh

Arrays are float32 (mask is bool), in OpenCV camera axes (x right, y down, z forward), at the photo's size, 0 where there
is no geometry; intrinsics are normalised by the image size. Meshes and points are in glTF axes (x right, y up, z toward the
viewer), with a vertex for every pixel of the geometry (see --resolution). The unit is the metre for moge-2 and moge-3 models, else
unknown and different for every photo. EXR files hold the arrays as Z, mask, N.X N.Y N.Z and P.X P.Y P.Z, bit for bit; R, G
and B are the depth once more, for programs that read nothing else.

Photos whose results exist, made with the same options, are skipped: run the same command again after an interruption.
Files appear whole or not at all. Two photos of one name (a.jpg, a.png) do not overwrite each other: the second one's
results are called a.png_depth.png and so on.

exit status: 0 all photos are done, 1 some failed (they are named at the end), 2 nothing was started (wrong option, no
photo, no model, output folder not writable), 130 interrupted.
"""


def parser() -> options.Parser:
    """The options of the sub-command."""
    parser = options.Parser(
        prog="python -m sam3d_geometry photos",
        usage="python -m sam3d_geometry [photos] PHOTO_OR_FOLDER [...] -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        type=Path,
        metavar="PHOTO_OR_FOLDER",
        help="photos in any picture format of Pillow (HEIC with pillow-heif installed), EXR and TIFF of floats, or folders of "
        "them; EXR that holds no picture is left out of folders; wildcards "
        'may be quoted, "in/**/*.jpg" for folders at any depth',
    )
    options.add_folders(parser, "do photos again whose results exist")
    add("--recursive", action="store_true", help="also the photos in subfolders, whose structure is kept")
    options.add_model(parser)
    camera = options.add_camera(parser, exif=True)
    camera.add_argument(
        "--panorama",
        action="store_true",
        help="the photos are equirectangular, of all directions and twice as wide as high: distances along each pixel's ray",
    )
    options.add_mask_from_alpha(camera)
    add_exposure(camera)
    _add_results(parser)
    depth = options.add_depth(
        parser,
        PHOTO_RANGES,
        "each photo's own (default), one range over all photos (no flicker; every photo goes through the network twice), "
        "or --near and --far",
    )
    options.add_invalid(depth)
    options.add_normals(parser).add_argument(
        "--normal-space",
        choices=SPACES,
        default="camera",
        help="camera (default), or world: level axes, by the photo's ground; the arrays stay in camera axes",
    )
    options.add_telling(parser)
    return parser


def _add_results(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results (the depth picture and the normal map unless one is chosen)")
    options.add_pictures(group)
    options.add_refine(group)
    add = group.add_argument
    add("--png16", action="store_true", help="also the 16-bit depth")
    add("--rrd", action="store_true", help="also a rerun recording (needs: pip install rerun-sdk)")
    add("--mesh", action="store_true", help="also the surface as a textured mesh (GLB)")
    add("--points", action="store_true", help="also the point cloud (PLY)")
    add("--plane", action="store_true", help="also the displaced plane (GLB)")
    options.add_camera_file(group)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    options.check(args, made)
    check_panorama(args, made)
    return exit_status(partial(_work, args), (PhotoError, OSError, ImportError, models.ModelError), args.progress)


def _work(args: argparse.Namespace, progress: Progress) -> Outcome | None:
    require_device(args.device)
    settle_model(args)
    if args.exr:
        import_openexr()
    if args.rrd:
        import_rerun()
    files, problems = find_photos(expanded(args.inputs), args.out, args.recursive)
    for problem in problems:
        progress.complain(problem)
    if not files:
        return None
    out = OutputFolder(args.out, [file.path for file in files], make=not args.dry_run)
    if args.dry_run:
        planned, done_before = Plan(args).of(files, out)
        return Outcome(args.out, 0, done_before, problems, planned)
    run = Run(args, loaded_model(args, progress), progress)
    run.photos(files, out)
    failed = [f"{path}: {reason}" for path, reason in run.failed.items()]
    return Outcome(args.out, run.done, run.skipped, failed + problems)

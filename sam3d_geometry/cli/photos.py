"""The command line: depth, normals and 3D points of photos and of folders of photos."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__, models
from ..files.exr import import_openexr
from ..files.output_folder import OutputFolder
from ..files.photo import PhotoError, find_photos
from ..files.rerun_recording import import_rerun
from ..geometry.axes import NORMAL_MAP_SIGNS
from ..geometry.normals import SOURCES
from ..maps.colormap import COLORMAPS
from ..maps.depth import CURVES, FIXED, INVALID_FILL, PER_FRAME, WHOLE_CLIP
from .options import DONE, INTERRUPTED, NOT_STARTED, SOME_FAILED, device_named
from .photo_products import SPACES
from .photo_run import Run
from .progress import Progress

RANGES = (PER_FRAME, WHOLE_CLIP, FIXED)

DESCRIPTION = """\
Depth maps, normal maps and 3D points from photos, with one small network that is built in or with MoGe.

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
  NAME.json          camera, range, unit, model, options
"""

EPILOG = """\
examples:
  python -m sam3d_geometry photo.jpg -o out
  python -m sam3d_geometry holiday -o out --recursive --model moge-2-vitl-normal
  python -m sam3d_geometry product.png -o out --mask-from-alpha --normals --normal-convention directx
  python -m sam3d_geometry frames -o out --range whole-clip --depth --colormap magma
  python -m sam3d_geometry scans -o out --depth --png16 --curve linear --range fixed --near 0.5 --far 10
  python -m sam3d_geometry product.png -o out --mask-from-alpha --mesh --points
  python -m sam3d_geometry plates -o out --npz --focal-mm 35 --sensor-width-mm 24.9
  python -m sam3d_geometry plates -o out --depth --exr --model moge-2-vitl-normal

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


def _spaced(text: str) -> str:
    return text.replace("-", " ")


def _fov(text: str) -> float | str:
    return text if text == "exif" else float(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sam3d_geometry",
        usage="%(prog)s PHOTO_OR_FOLDER [...] -o OUT [options]",
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
        help="photos in any picture format of Pillow (HEIC with pillow-heif installed), or folders of them",
    )
    add("-o", "--out", required=True, type=Path, metavar="OUT", help="folder for the results; made if it is not there")
    add("--video", action="store_true", help="clips in place of photos: see the help with --video")
    add("--recursive", action="store_true", help="also the photos in subfolders, whose structure is kept")
    add("--overwrite", action="store_true", help="do photos again whose results exist")
    add("--version", action="version", version=__version__)
    _add_model(parser)
    _add_camera(parser)
    _add_results(parser)
    _add_depth(parser)
    _add_normals(parser)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("model").add_argument
    names = ", ".join(card.name for card in models.CATALOGUE)
    add(
        "--model",
        default=models.PREVIEW,
        metavar="NAME_OR_FILE",
        help=f"one of: {names}; or a .pt or .safetensors file, or a copy of facebook/sam-3d-objects. Default: "
        f"{models.PREVIEW}, which needs no download but is only a rough first look; the others are downloaded once",
    )
    add(
        "--models-dir",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="folder with models; the first one given takes downloads (default: ~/.cache/sam3d_geometry)",
    )
    add("--offline", action="store_true", help="never download a model")
    add(
        "--precision",
        choices=models.PRECISIONS,
        default="auto",
        help="auto (default): fp16 on a GPU, fp32 on the CPU; bf16 is much faster than fp32 on recent CPUs",
    )
    add(
        "--device",
        default="auto",
        type=device_named,
        metavar="DEVICE",
        help="auto (default, a GPU where there is one), cpu, cuda, cuda:1, mps",
    )
    add(
        "--resolution",
        type=int,
        default=512,
        metavar="PIXELS",
        help="long edge at which the geometry is computed, 256 to 1024 (default: 512); sets detail, time and memory",
    )


def _add_camera(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("camera and object")
    add = group.add_mutually_exclusive_group().add_argument
    add(
        "--fov",
        type=_fov,
        metavar="DEGREES|exif",
        help="horizontal field of view, which is found from the photo unless given; exif: by the focal length in the "
        "photo's EXIF where it has one",
    )
    add("--focal-mm", type=float, metavar="MM", help="focal length, for a sensor of --sensor-width-mm")
    add("--focal-px", type=float, metavar="PIXELS", help="focal length in pixels of the photo")
    group.add_argument(
        "--sensor-width-mm",
        type=float,
        default=36.0,
        metavar="MM",
        help="long side of the sensor, for --focal-mm (default: 36, full frame)",
    )
    group.add_argument(
        "--mask-from-alpha",
        action="store_true",
        help="keep only what the photo's alpha channel shows; transparent pixels get no geometry",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("results (the depth picture and the normal map unless one is chosen)").add_argument
    add("--depth", action="store_true", help="the depth picture")
    add("--normals", action="store_true", help="the normal map")
    add("--png16", action="store_true", help="also the 16-bit depth")
    add("--npz", action="store_true", help="also the arrays (33 bytes a pixel)")
    add("--exr", action="store_true", help='also an EXR file of floats (needs: pip install "OpenEXR>=3.5")')
    add("--rrd", action="store_true", help="also a rerun recording (needs: pip install rerun-sdk)")
    add("--mesh", action="store_true", help="also the surface as a textured mesh (GLB)")
    add("--points", action="store_true", help="also the point cloud (PLY)")
    add("--plane", action="store_true", help="also the displaced plane (GLB)")
    add("--json", action="store_true", help="the json, which is written in any case")


def _add_depth(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("depth picture").add_argument
    add(
        "--curve",
        choices=CURVES,
        default="disparity",
        help="what is linear: 1 / distance, distance, or its logarithm (default: disparity)",
    )
    add(
        "--range",
        type=_spaced,
        choices=RANGES,
        default="per frame",
        metavar="{per-frame,whole-clip,fixed}",
        help="which distances become white and black: each photo's own (default), one range over all photos (no "
        "flicker; every photo goes through the network twice), or --near and --far",
    )
    add("--near", type=float, metavar="DISTANCE", help="with --range fixed: the distance that becomes white")
    add("--far", type=float, metavar="DISTANCE", help="with --range fixed: the distance that becomes black")
    add(
        "--clip-percent",
        type=float,
        default=0.5,
        metavar="PERCENT",
        help="share of stray pixels cut off at each end of the range (default: 0.5)",
    )
    add("--invert", action="store_true", help="near is black")
    add(
        "--invalid",
        choices=tuple(INVALID_FILL),
        default="black",
        help="what sky and masked pixels become (default: black)",
    )
    add(
        "--colormap", choices=tuple(COLORMAPS), metavar="NAME", help=f"colours in place of grey: {', '.join(COLORMAPS)}"
    )


def _add_normals(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("normal map").add_argument
    add(
        "--normal-convention",
        choices=tuple(NORMAL_MAP_SIGNS),
        default="opengl",
        help="opengl (default): red right, green up; directx: green down; controlnet: red left, green up (normalbae)",
    )
    add(
        "--normal-space",
        choices=SPACES,
        default="camera",
        help="camera (default), or world: level axes, by the photo's ground; the arrays stay in camera axes",
    )
    add(
        "--normal-source",
        choices=SOURCES,
        default="auto",
        help="the network's own normals where it gives them (auto, the default), or force network or geometry",
    )
    add(
        "--smoothing",
        type=int,
        default=0,
        metavar="PIXELS",
        help="radius over which normals are averaged, never across edges (default: 0)",
    )


def _check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Ends with the parser's error where options do not go together or are out of bounds."""
    if args.range == "fixed" and (args.near is None or args.far is None):
        parser.error("--range fixed needs --near and --far.")
    if args.range != "fixed" and not (args.near is None and args.far is None):
        parser.error("--near and --far are used with --range fixed only; add it or leave them out.")
    if args.range == "fixed" and not 0 <= args.near < args.far < float("inf"):
        parser.error(f"--near {args.near:g} --far {args.far:g}: near must be at least 0 and far greater than near.")
    if isinstance(args.fov, float) and not 0 < args.fov < 180:
        parser.error(f"--fov {args.fov:g}: it must lie between 0 and 180 degrees.")
    for name in ("focal_mm", "focal_px", "sensor_width_mm", "resolution"):
        value = getattr(args, name)
        if value is not None and not 0 < value < float("inf"):
            parser.error(f"--{name.replace('_', '-')} {value:g}: it must be greater than 0.")
    if not 0 <= args.clip_percent < 50:
        parser.error(f"--clip-percent {args.clip_percent:g}: it must be at least 0 and less than 50.")
    if args.smoothing < 0:
        parser.error(f"--smoothing {args.smoothing}: it must be at least 0.")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if "--video" in argv:
        from .clips import main as clips

        return clips(argv)
    parser = _parser()
    args = parser.parse_args(argv)
    _check(args, parser)
    progress = Progress(sys.stderr)
    try:
        if args.exr:
            import_openexr()
        if args.rrd:
            import_rerun()
        files, problems = find_photos(args.inputs, args.out, args.recursive)
        for problem in problems:
            progress.say(problem)
        if not files:
            return NOT_STARTED
        out = OutputFolder(args.out, [file.path for file in files])
        model = models.load_model(
            args.model,
            device=args.device,
            precision=args.precision,
            folders=args.models_dir,
            allow_download=not args.offline,
            on_progress=lambda done, total: progress.show(done >> 20, total >> 20, f"MiB of {args.model}"),
        )
        if model.preview:
            progress.say(
                "The built-in preview network is a rough first look; choose a better one with --model, for example "
                f"--model {models.CATALOGUE[1].name}."
            )
        if args.normal_source == "network" and not model.gives_normals:
            raise models.ModelError(
                f"{model.name} gives no normals; leave --normal-source out or choose a '-normal' model."
            )
        run = Run(args, model, progress)
        run.photos(files, out)
    except KeyboardInterrupt:
        progress.say("Interrupted; run the same command again to go on.")
        return INTERRUPTED
    except (PhotoError, OSError, ImportError, models.ModelError) as error:
        progress.say(str(error))
        return NOT_STARTED
    finally:
        progress.close()
    failed = [f"  {path}: {reason}" for path, reason in run.failed.items()] + [f"  {problem}" for problem in problems]
    print(f"{run.done} done, {run.skipped} were done before, {len(failed)} failed; results in {args.out}")
    if failed:
        print("Failed:", *failed, sep="\n", file=sys.stderr)
        return SOME_FAILED
    return DONE

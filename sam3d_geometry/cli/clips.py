"""The command line for clips, `--video`: depth and normals of video files and folders of frames, in bounded memory."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .. import models
from ..clips.steady import STRENGTHS
from ..files.whole_files import write_files
from ..geometry.axes import NORMAL_MAP_SIGNS
from ..geometry.normals import SOURCES
from ..maps.colormap import COLORMAPS
from ..maps.depth import CURVES
from ..video.clip_file import Clip, open_clip
from ..video.engine import RANGES, Engine, LocalEngine, StreamSettings
from ..video.product import Look, VideoProduct
from ..video.stages import STEADY, steadying
from ..video.stream import job_fingerprint, stream_clip
from ..video.writer import FORMATS, format_named
from .options import DONE, INTERRUPTED, NOT_STARTED, SOME_FAILED, device_named
from .progress import Progress

ENGINES = ("local", "ray")
TRUE_DEPTH_FORMAT = "exr 32-bit files"

DESCRIPTION = """\
Depth and normal videos of clips of any length, with their frame times and sound; memory does not depend on the length.

For every CLIP (a video file, or a folder of frames) the output folder gets
  NAME_depth.mp4      depth, near white, 10 bits
  NAME_normals.mp4    normal map
  NAME_true_depth/    with --exr: one float EXR file for each frame, distance along the view axis, 0 where there is none
  NAME.json           camera, range, model, options
"""

EPILOG = """\
examples:
  python -m sam3d_geometry --video clip.mp4 -o out --depth --smooth 0.9
  python -m sam3d_geometry --video clip.mov -o out --depth --format png-16-bit-files --range fixed --near 0.5 --far 30
  python -m sam3d_geometry --video shots/010 shots/020 -o out --frame-rate 23.976 --normals --engine ray --workers 2

Stopped or killed at any moment, the same command goes on after the last frames on the disk: every frame comes out once.
Videos appear whole or not at all.

exit status: 0 all clips are done, 1 some failed (they are named), 2 nothing was started, 130 interrupted.
"""


def _hyphened(name: str) -> str:
    return name.replace(" ", "-")


def _choice(names: Sequence[str]):
    """An argparse type that takes names with hyphens for spaces."""
    by_key = {_hyphened(name): name for name in names}

    def convert(text: str) -> str:
        if text not in by_key:
            raise argparse.ArgumentTypeError(f"{text!r} is not known; choose one of {', '.join(by_key)}.")
        return by_key[text]

    return convert


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sam3d_geometry",
        usage="%(prog)s --video CLIP [...] -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--video",
        nargs="*",
        required=True,
        type=Path,
        metavar="CLIP",
        help="video files, or folders with the frames of a clip",
    )
    add("-o", "--out", required=True, type=Path, metavar="OUT", help="folder for the results; made if it is not there")
    add("--overwrite", action="store_true", help="do clips again whose results exist")
    add(
        "--frame-rate",
        type=float,
        default=24.0,
        metavar="FPS",
        help="of folders of frames; files keep their own (default: 24)",
    )
    _add_model(parser)
    _add_results(parser)
    _add_running(parser)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("model and camera").add_argument
    add("--model", default=models.PREVIEW, metavar="NAME_OR_FILE", help="as for photos: see the help without --video")
    add("--models-dir", action="append", type=Path, default=[], metavar="FOLDER", help="folder with models")
    add("--offline", action="store_true", help="never download a model")
    add("--precision", choices=models.PRECISIONS, default="auto", help="as for photos")
    add("--device", default="auto", type=device_named, help="auto, cpu, cuda, cuda:1, mps")
    add("--resolution", type=int, default=512, metavar="PIXELS", help="long edge of the geometry (default: 512)")
    add("--fov", type=float, metavar="DEGREES", help="horizontal field of view; else found once for the clip")
    add("--camera-per-frame", action="store_true", help="find the field of view for each frame, for clips that zoom")


def _add_results(parser: argparse.ArgumentParser) -> None:
    formats = [name for name in FORMATS if name != TRUE_DEPTH_FORMAT]
    add = parser.add_argument_group("results (depth and normals unless one is chosen)").add_argument
    add("--depth", action="store_true", help="the depth picture")
    add("--normals", action="store_true", help="the normal map")
    add("--exr", action="store_true", help="the true depth as float EXR files")
    add(
        "--format",
        type=_choice(formats),
        default=_hyphened(formats[0]),
        metavar="NAME",
        help=f"of depth and normals: {', '.join(map(_hyphened, formats))} (default: the first)",
    )
    add(
        "--range",
        type=_choice(RANGES),
        default=_hyphened(RANGES[0]),
        metavar="NAME",
        help=f"which distances become white and black: {', '.join(map(_hyphened, RANGES))} (default: the first)",
    )
    add(
        "--near",
        type=float,
        default=0.5,
        metavar="DISTANCE",
        help="with --range fixed: what becomes white (default: 0.5)",
    )
    add(
        "--far",
        type=float,
        default=20.0,
        metavar="DISTANCE",
        help="with --range fixed: what becomes black (default: 20)",
    )
    add(
        "--clip-percent",
        type=float,
        default=0.5,
        metavar="PERCENT",
        help="stray pixels cut off at each end (default: 0.5)",
    )
    add("--curve", choices=CURVES, default="disparity", help="what is linear in the depth picture")
    add("--invert", action="store_true", help="near is black")
    add("--colormap", choices=tuple(COLORMAPS), metavar="NAME", help=f"depth in colours: {', '.join(COLORMAPS)}")
    add("--normal-convention", choices=tuple(NORMAL_MAP_SIGNS), default="opengl", help="as for photos")
    add("--normal-source", choices=SOURCES, default="auto", help="as for photos")
    add(
        "--smoothing", type=int, default=0, metavar="PIXELS", help="radius over which normals are averaged (default: 0)"
    )
    add(
        "--steady",
        type=_choice(STEADY),
        default=_hyphened(STEADY[0]),
        metavar="HOW",
        help="over time: follow-motion (default: one scale from cut to cut, and averages that move with what they show), "
        "average (at fixed pixels) or off",
    )
    add(
        "--smooth",
        type=float,
        metavar="STRENGTH",
        help="how much of the past stays, 0 to 0.95 (default: 0.8, with --steady average 0.3)",
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("running").add_argument
    add(
        "--frames-per-batch",
        type=int,
        default=4,
        metavar="FRAMES",
        help="frames through the network at once (default: 4)",
    )
    add("--no-overlap", action="store_true", help="one step after the other: slower, for measuring")
    add(
        "--engine",
        choices=ENGINES,
        default="local",
        help="local (default), or ray: workers of a Ray cluster (pip install ray[data])",
    )
    add("--workers", type=int, default=2, metavar="N", help="with --engine ray: how many (default: 2)")
    add(
        "--worker-cpus",
        type=int,
        default=1,
        metavar="N",
        help="with --engine ray: CPU cores of each worker (default: 1)",
    )


def _engine(args: argparse.Namespace, progress: Progress) -> Engine:
    wanted = {
        "name": args.model,
        "device": args.device,
        "precision": args.precision,
        "folders": args.models_dir,
        "allow_download": not args.offline,
    }
    if args.engine == "ray":
        from ..video.ray_engine import RayEngine

        return RayEngine(wanted, args.workers, args.worker_cpus)
    show = progress.show
    model = models.load_model(
        **wanted, on_progress=lambda done, total: show(done >> 20, total >> 20, f"MiB of {args.model}")
    )
    return LocalEngine(model)


def _products(args: argparse.Namespace, name: str) -> list[VideoProduct]:
    chosen = format_named(args.format)
    depth = "depth" if args.colormap is None else "coloured depth"
    kinds = {"depth": depth} if args.depth else {}
    if args.normals:
        kinds["normals"] = "normals"
    if not kinds and not args.exr:
        kinds = {"depth": depth, "normals": "normals"}
    suffix = "" if chosen.sequence else chosen.suffix
    products = [VideoProduct(kind, args.format, args.out / f"{name}_{label}{suffix}") for label, kind in kinds.items()]
    if args.exr:
        products.append(VideoProduct("true depth", TRUE_DEPTH_FORMAT, args.out / f"{name}_true_depth"))
    return products


def _settings(args: argparse.Namespace) -> StreamSettings:
    look = Look(
        curve=args.curve,
        invert=args.invert,
        colormap=args.colormap or "magma",
        normal_source=args.normal_source,
        normal_smoothing=args.smoothing,
        normal_convention=args.normal_convention,
    )
    return StreamSettings(
        resolution=args.resolution,
        frames_per_chunk=args.frames_per_batch,
        fov_x_degrees=args.fov,
        one_camera=not args.camera_per_frame,
        range=args.range,
        near=args.near,
        far=args.far,
        clip_percent=args.clip_percent,
        look=look,
    )


def _names(paths: Sequence[Path]) -> list[str]:
    """A name for each clip's results: its own without suffix, with it where two would be the same."""
    stems = [path.name if path.is_dir() else path.stem for path in paths]
    names = [path.name if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems)]
    if len(set(names)) < len(names):
        raise ValueError(
            "Two clips have the same file name, so their results would too; give them one after the other."
        )
    return names


def _is_done(record: Path, job: dict, products: Sequence[VideoProduct]) -> bool:
    if not record.is_file() or not all(product.target.exists() for product in products):
        return False
    return json.loads(record.read_text(encoding="utf-8")).get("job") == json.loads(json.dumps(job))


def _run(args: argparse.Namespace, clip: Clip, name: str, engine: Engine, progress: Progress) -> bool:
    """Works on one clip; False when its results were there."""
    products, settings = _products(args, name), _settings(args)
    strength = STRENGTHS[args.steady] if args.smooth is None else args.smooth
    stages = steadying(args.steady, strength, settings.one_camera)
    job = job_fingerprint(engine, clip, products, settings, stages)
    record = args.out / f"{name}.json"
    if not args.overwrite and _is_done(record, job, products):
        return False
    args.out.mkdir(parents=True, exist_ok=True)
    frames, survey = stream_clip(
        engine,
        clip,
        products,
        settings,
        stages,
        work_folder=args.out / f"{name}.unfinished",
        overlap=not args.no_overlap,
        on_progress=lambda done, total: progress.show(done, total, name),
    )
    entry = {"frames": frames, "frame_rate": str(clip.facts.frame_rate), **asdict(survey), "job": job}
    text = json.dumps(entry, indent=2).encode() + b"\n"
    write_files({record: lambda file: file.write(text)})
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not args.video:
        parser.error("--video needs at least one video file or folder of frames.")
    progress, done, skipped, failed = Progress(sys.stderr), 0, 0, []
    try:
        _settings(args)
        names = _names(args.video)
        engine = _engine(args, progress)
        for path, name in zip(args.video, names):
            try:
                if _run(args, open_clip(path, args.frame_rate), name, engine, progress):
                    done += 1
                else:
                    skipped += 1
            except (ValueError, OSError, MemoryError) as error:
                failed.append(f"  {path}: {error}")
    except KeyboardInterrupt:
        progress.say("Interrupted; run the same command again to go on.")
        return INTERRUPTED
    except (ValueError, OSError, ImportError, models.ModelError) as error:
        progress.say(str(error))
        return NOT_STARTED
    finally:
        progress.close()
    print(f"{done} done, {skipped} were done before, {len(failed)} failed; results in {args.out}")
    if failed:
        print("Failed:", *failed, sep="\n", file=sys.stderr)
        return SOME_FAILED
    return DONE

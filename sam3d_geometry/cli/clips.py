"""The command line for clips: depth and normals of video files and folders of frames, in bounded memory."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from .. import models
from ..clips.steady import STRENGTHS
from ..maps.depth import FIXED
from ..video.clip_file import Clip, open_clip
from ..video.engine import RANGES, Engine, LocalEngine, StreamSettings, Survey
from ..video.product import Look, VideoProduct
from ..video.stages import STEADY, steadying
from ..video.stream import job_fingerprint, stream_clip
from ..video.writer import FORMATS, format_named
from . import options
from .clip_record import ClipRecord
from .lens import Lens
from .options import choice, hyphened
from .outcome import Outcome, exit_status, reason
from .progress import Progress

LOCAL, RAY = ENGINES = ("local", "ray")
TRUE_DEPTH_FORMAT = "exr 32-bit files"

DESCRIPTION = """\
Depth and normal videos of clips of any length, with their frame times and sound; memory does not depend on the length.

For every CLIP (a video file, or a folder of frames) the output folder gets
  NAME_depth.mp4      depth, near white, 10 bits
  NAME_normals.mp4    normal map
  NAME_true_depth/    with --exr: one EXR file for each frame, 32-bit distances along the view axis, 0 where there is none
  NAME.json           camera, range, model, options
"""

EPILOG = """\
examples:
  python -m sam3d_geometry video clip.mp4 -o out --depth --steady-strength 0.9
  python -m sam3d_geometry video clip.mov -o out --depth --format png-16-bit-files --range fixed --near 0.5 --far 30
  python -m sam3d_geometry video shots/010 shots/020 -o out --frame-rate 23.976 --normals --engine ray --workers 2

Stopped or killed at any moment, the same command (without --overwrite, which starts from the first frame) resumes after
the last frames on the disk: every frame comes out once.
Videos appear whole or not at all.

exit status: 0 all clips are done, 1 some failed (they are named), 2 nothing was started, 130 interrupted.
"""


def parser() -> argparse.ArgumentParser:
    """The options of the sub-command."""
    parser = argparse.ArgumentParser(
        prog="python -m sam3d_geometry video",
        usage="%(prog)s CLIP [...] -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("inputs", nargs="+", type=Path, metavar="CLIP", help="video files, or folders with the frames of a clip")
    options.add_folders(
        parser, "do clips from their first frame whose results exist or are unfinished, and replace files of others"
    )
    add(
        "--frame-rate",
        type=float,
        default=24.0,
        metavar="FPS",
        help="of folders of frames; files keep their own (default: 24)",
    )
    options.add_model(parser)
    options.add_camera(parser, exif=False).add_argument(
        "--camera-per-frame",
        action="store_true",
        help="find the field of view for each frame, for clips that zoom; else once for the clip",
    )
    _add_results(parser)
    options.add_depth(
        parser,
        RANGES,
        "one range for the clip (default), each frame's own, one that follows the clip slowly, or --near and --far",
    )
    options.add_normals(parser)
    _add_running(parser)
    return parser


def _add_results(parser: argparse.ArgumentParser) -> None:
    formats = [name for name in FORMATS if name != TRUE_DEPTH_FORMAT]
    group = parser.add_argument_group("results (depth and normals unless one is chosen)")
    options.add_pictures(group)
    add = group.add_argument
    add(
        "--format",
        type=choice(formats),
        default=hyphened(formats[0]),
        metavar="NAME",
        help=f"of depth and normals: {', '.join(map(hyphened, formats))} (default: the first)",
    )
    add(
        "--steady",
        type=choice(STEADY),
        default=hyphened(STEADY[0]),
        metavar="METHOD",
        help="over time: follow-motion (default: one scale from cut to cut, and averages that follow the motion), "
        "average (at fixed pixels) or off",
    )
    add(
        "--steady-strength",
        type=float,
        metavar="STRENGTH",
        help="weight of earlier frames, 0 to 0.95 (default: 0.8, with --steady average 0.3)",
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
        default=LOCAL,
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
    if args.engine == RAY:
        from ..video.ray_engine import RayEngine

        return RayEngine(wanted, args.workers, args.worker_cpus)
    show = progress.show
    model = models.load_model(
        **wanted, on_progress=lambda done, total: show(done >> 20, total >> 20, f"MiB of {args.model}")
    )
    return LocalEngine(model)


def _products(args: argparse.Namespace, name: str) -> list[VideoProduct]:
    chosen = format_named(args.format)
    suffix = "" if chosen.sequence else chosen.suffix
    kinds = {"depth": "depth" if args.colormap is None else "coloured depth", "normals": "normals"}
    products = [
        VideoProduct(kinds[label], args.format, args.out / f"{name}_{label}{suffix}")
        for label in options.chosen_pictures(args)
    ]
    if args.exr:
        products.append(VideoProduct("true depth", TRUE_DEPTH_FORMAT, args.out / f"{name}_true_depth"))
    return products


def _settings(args: argparse.Namespace, fov_x_degrees: float | None = None) -> StreamSettings:
    look = Look(
        curve=args.curve,
        invert=args.invert,
        colormap=args.colormap or "magma",
        normal_source=args.normal_source,
        normal_smoothing=args.normal_smoothing,
        normal_convention=args.normal_convention,
    )
    ends = {"near": args.near, "far": args.far} if args.range == FIXED else {}
    return StreamSettings(
        resolution=args.resolution,
        frames_per_chunk=args.frames_per_batch,
        fov_x_degrees=fov_x_degrees,
        one_camera=not args.camera_per_frame,
        range=args.range,
        clip_percent=args.clip_percent,
        look=look,
        **ends,
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


def _run(args: argparse.Namespace, clip: Clip, name: str, engine: Engine, progress: Progress) -> bool:
    """Works on one clip; False when its results were there."""
    fov_x_degrees, _ = Lens.of(args).fov_x_degrees((clip.facts.height, clip.facts.width))
    products, settings = _products(args, name), _settings(args, fov_x_degrees)
    strength = STRENGTHS[args.steady] if args.steady_strength is None else args.steady_strength
    stages = steadying(args.steady, strength, settings.one_camera)
    job = job_fingerprint(engine, clip, products, settings, stages)
    record = ClipRecord(args.out, name)
    if not args.overwrite:
        if record.is_done(job, products):
            return False
        record.require_own(products)
    args.out.mkdir(parents=True, exist_ok=True)

    def done(frames: int, survey: Survey) -> None:
        record.write({"frames": frames, "frame_rate": str(clip.facts.frame_rate), **asdict(survey), "job": job})

    stream_clip(
        engine,
        clip,
        products,
        settings,
        stages,
        work_folder=record.work_folder,
        overlap=not args.no_overlap,
        resume=not args.overwrite,
        on_progress=lambda done, total: progress.show(done, total, name),
        on_done=done,
    )
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    options.check(args, made)
    return exit_status(partial(_work, args), (ValueError, OSError, ImportError, models.ModelError))


def _work(args: argparse.Namespace, progress: Progress) -> Outcome:
    _settings(args)  # refuses what makes no sense before a model is loaded
    names = _names(args.inputs)
    engine = _engine(args, progress)
    outcome = Outcome(args.out)
    for path, name in zip(args.inputs, names):
        try:
            if _run(args, open_clip(path, args.frame_rate), name, engine, progress):
                outcome.done += 1
            else:
                outcome.skipped += 1
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            outcome.failed.append(f"{path}: {reason(error)}")
            progress.say(outcome.failed[-1])
    return outcome

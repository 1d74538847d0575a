"""The command line for clips: depth and normals of video files and folders of frames, in bounded memory."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from .. import models
from ..clips.steady import MOTION
from ..video.clip_facts import import_av
from ..video.clip_notes import clip_notes
from ..video.engine import RANGES, Engine, LocalEngine, Survey
from ..video.stages import STREAM_STEADYINGS
from ..video.stream import stream_clip
from ..video.timings import Timings
from ..video.writer import FORMATS
from . import options
from .clip_description import described
from .clip_job import TRUE_DEPTH_FORMAT, ClipJob, opened_clip, products_named, result_names, settings_of, stages_of
from .inputs import expanded
from .lens import add_exposure
from .model import loaded_model, require_device, settle_model, wanted_model
from .options import choice, hyphened
from .outcome import Outcome, exit_status, reason
from .progress import Progress

LOCAL, RAY = ENGINES = ("local", "ray")
STRONGEST = 0.95  # --steady-strength: beyond it the past never fades

DESCRIPTION = """\
Depth and normal videos of clips of any length, with their frame times and sound; memory does not depend on the length.

For every CLIP (a video file, or a folder of frames) the output folder gets
  NAME_depth.mp4      depth, near white, 10 bits
  NAME_normals.mp4    normal map
  NAME_true_depth/    with --exr: one EXR file for each frame, 32-bit distances along the view axis, --invalid-depth where there is none
  NAME_arrays/        with --npz: one NPZ file for each frame: points, depth, mask, intrinsics, normals, as for photos
  NAME_camera.glb     with --camera glb: how the camera moved; also json (transforms.json), chan (Nuke), after-effects (.txt)
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


def parser() -> options.Parser:
    """The options of the sub-command."""
    parser = options.Parser(
        prog="python -m sam3d_geometry video",
        usage="%(prog)s CLIP [...] -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        type=Path,
        metavar="CLIP",
        help="video files, or folders with the frames of a clip; wildcards may be quoted",
    )
    options.add_folders(
        parser, "do clips from their first frame whose results exist or are unfinished, and replace files of others"
    )
    _add_part(parser)
    options.add_model(parser)
    camera = options.add_camera(parser, exif=False)
    camera.add_argument(
        "--camera-per-frame",
        action="store_true",
        help="find the field of view for each frame, for clips that zoom; else once for the clip",
    )
    options.add_mask_from_alpha(camera)
    add_exposure(camera)
    _add_results(parser)
    depth = options.add_depth(
        parser,
        RANGES,
        "one range for the clip (default), each frame's own, one that follows the clip slowly, or --near and --far",
    )
    options.add_invalid(depth)
    options.add_normals(parser)
    _add_running(parser)
    options.add_telling(parser)
    return parser


def _add_part(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("part of the clip").add_argument
    add(
        "--frame-rate",
        type=float,
        default=24.0,
        metavar="FPS",
        help="of folders of frames; files keep their own (default: 24)",
    )
    add("--start", type=float, default=0.0, metavar="SECONDS", help="where to begin (default: 0, the beginning)")
    add("--duration", type=float, metavar="SECONDS", help="how much of it (default: all the rest)")
    add(
        "--start-number",
        type=int,
        metavar="NUMBER",
        help="of folders of numbered frames: the first number that is used; --start is counted from there",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    formats = [name for name in FORMATS if name != TRUE_DEPTH_FORMAT]
    group = parser.add_argument_group("results (depth and normals unless one is chosen)")
    options.add_pictures(group)
    options.add_refine(group)
    options.add_camera_file(group)
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
        type=choice(STREAM_STEADYINGS),
        default=hyphened(STREAM_STEADYINGS[0]),
        metavar="METHOD",
        help="over time: motion (default: one scale from cut to cut, and averages that follow the motion), "
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
    add("--profile", action="store_true", help="tell at the end of each clip where the time went, step by step")
    add(
        "--engine",
        choices=ENGINES,
        default=LOCAL,
        help="local (default), or ray: workers of a Ray cluster (pip install ray)",
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
    if args.engine == RAY:
        from ..video.ray_engine import RayEngine

        return RayEngine(wanted_model(args), args.workers, args.worker_cpus)
    return LocalEngine(loaded_model(args, progress))


def _run_job(args: argparse.Namespace, job: ClipJob, engine: Engine, progress: Progress) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    fingerprint, facts = job.fingerprint(engine), job.clip.facts
    notes = clip_notes(facts)
    if args.mask_from_alpha and not facts.has_alpha:
        notes.append("It has no alpha, so --mask-from-alpha leaves nothing out.")
    for note in notes:
        progress.say(f"{job.clip.path.name}: {note}")

    timings = Timings() if args.profile else None

    def done(frames: int, survey: Survey) -> None:
        job.record.write({**described(job, frames, survey, notes), "job": fingerprint})

    stream_clip(
        engine,
        job.clip,
        job.products,
        job.settings,
        job.stages,
        work_folder=job.record.work_folder,
        overlap=not args.no_overlap,
        resume=not args.overwrite,
        timings=timings,
        on_progress=lambda done, total: progress.show(done, total, job.clip.path.name),
        on_done=done,
    )
    if timings is not None:
        progress.report(
            "profile", f"{job.clip.path.name}:\n{timings.report()}", what=job.clip.path.name, **timings.entry()
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    options.check(args, made)
    if args.camera_per_frame and (args.fov or args.focal_mm or args.focal_px):
        made.error("--camera-per-frame finds the field of view of each frame; leave it out, or --fov and --focal-.")
    if args.camera is not None and args.steady != MOTION:
        made.error(f"--camera needs --steady {hyphened(MOTION)}, which finds how the camera moved.")
    if args.steady_strength is not None and args.steady_strength > STRONGEST:
        made.error(f"--steady-strength {args.steady_strength:g}: it must be at most {STRONGEST:g}.")
    return exit_status(partial(_work, args), (ValueError, OSError, ImportError, models.ModelError), args.progress)


def _require(args: argparse.Namespace) -> None:
    """Refuses what cannot be done before a clip is opened and a model is loaded."""
    import_av()
    if args.engine == RAY:
        from ..video.ray_engine import import_ray

        import_ray()
    else:
        require_device(args.device)
    settle_model(args)
    settings_of(args)
    stages_of(args)
    products_named(args, "any")


def _work(args: argparse.Namespace, progress: Progress) -> Outcome | None:
    _require(args)
    paths = expanded(args.inputs)
    outcome, jobs = Outcome(args.out), {}
    for path, name in zip(paths, result_names(paths)):
        with _noted(outcome, path, progress):
            jobs[path] = ClipJob.of(args, opened_clip(args, path), name)
    if not jobs:
        return None
    if args.dry_run:
        outcome.planned = []
        for path, job in jobs.items():
            with _noted(outcome, path, progress):
                planned = job.planned(args)
                outcome.planned += planned
                outcome.skipped += not planned
        return outcome
    engine = _engine(args, progress)
    for path, job in jobs.items():
        with _noted(outcome, path, progress):
            if job.is_done(args, engine):
                job.record.tidy(job.fingerprint(engine))
                outcome.skipped += 1
            else:
                _run_job(args, job, engine, progress)
                outcome.done += 1
    return outcome


@contextlib.contextmanager
def _noted(outcome: Outcome, path: Path, progress: Progress) -> Iterator[None]:
    """Notes an error of one clip, so that the others are worked on."""
    try:
        yield
    except (ValueError, OSError, RuntimeError, MemoryError) as error:
        outcome.failed.append(f"{path}: {reason(error)}")
        progress.complain(outcome.failed[-1])

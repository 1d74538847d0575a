"""The command line for people: found by SAM 3D Body, placed in their scene, checked, and saved for animation programs."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..bodies.body_mesh import NO_SCENE, SCENES
from ..bodies.body_parts import BODY_PARTS
from ..bodies.placement import AUTO_SIZE, CAMERA_SOURCES, KNOWN_HEIGHT, OWN_CAMERA, SIZE_FROM
from ..bodies.targets import TARGETS
from ..bodies.world import LEVEL_WORLD, WORLDS
from ..files.axes import AXES
from ..files.body_export import BODY_FORMATS, REST_POSES
from . import options
from .body_job import EXAMPLES, MANNEQUINS, WALK, BodyJob, parts_hz
from .options import choice, hyphened
from .outcome import Outcome, exit_status, reason
from .progress import Progress

DESCRIPTION = """\
People that SAM 3D Body has found, from .npz and .json files: put where they are in the scene, checked against the photo, and
saved for Blender, Unity, Unreal and the like. Nothing but files is needed: no model and no ComfyUI.

All FILEs of one call are one photo or clip. A file holds one person, the persons of a photo, or frames with persons in each
(one person's dictionary of SAM 3D Body, the official package's list of them, the `frames` of ComfyUI's MHR_POSE_DATA, what
Save Bodies wrote). Several files are frames in their order, but NAME_subj00, NAME_subj01 (or _person0) are persons of one photo. The official
package keeps the faces of the mesh apart (estimator.faces): name a file with the key faces too, else there is no surface.

The output folder gets, NAME being the first file's
  NAME.glb                with --glb (or with none of these): everybody with skeleton, skin and movement
  NAME_person_0.bvh       with --bvh: a skeleton for each person, with the person's own bones
  NAME_skeletons.json     with --json: places, quaternions and angles of all bones
  NAME_people.npz         with --npz: the people as they are now, in SAM 3D Body's own keys
  NAME_00000.obj, .ply    with --obj, --ply: a mesh for each frame
  NAME_check.png          with --photo: the people over it; NAME_check_00000.png and so on for clips
  NAME.json               what was found: sizes, how people lie on the scene, every check, what the files hold
"""

EPILOG = """\
examples:
  python -m sam3d_geometry bodies people.npz -o out --glb --bvh --json
  python -m sam3d_geometry bodies shot_subj0*.npz faces.npz -o out --photo shot.jpg --pointmap shot.exr --glb --scene without-people
  python -m sam3d_geometry bodies clip.json -o out --photo clip.mp4 --bvh --names mixamo --fps 30
  python -m sam3d_geometry bodies --example walk -o out --glb --names unreal
  python -m sam3d_geometry bodies clip.json -o out --pointmap clip_depth --steady --bvh --fps 30
  python -m sam3d_geometry bodies clip.json -o out --steady --camera-path path.json --arms-hz 4 --hands-hz 3 --glb

Pointmaps for --pointmap come from: python -m sam3d_geometry photos shot.jpg -o out --exr --model moge-2-vitl-normal

What is done already with the same files and options is not done again. Everything appears whole or nothing does.

exit status: 0 done, 1 the results cannot be written, 2 nothing was started (wrong option, a file that cannot be read or does
not fit, nobody in it), 130 interrupted.
"""


def parser() -> options.Parser:
    """The options of the sub-command."""
    parser = options.Parser(
        prog="python -m sam3d_geometry bodies",
        usage="%(prog)s FILE [...] -o OUT [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("inputs", nargs="*", type=Path, metavar="FILE", help=".npz and .json files of people; wildcards may be quoted")
    add(
        "--example",
        nargs="?",
        const=MANNEQUINS,
        choices=EXAMPLES,
        help="in place of files: the pack's mannequins and their photo (default), or one who walks for two seconds",
    )
    add(
        "--leave-out-broken",
        action="store_true",
        help="persons with values that are no numbers (NaN) are left out of those frames, and told; else they are refused",
    )
    options.add_folders(parser, "make the results again that exist")
    _add_results(parser)
    _add_scene(parser)
    _add_export(parser)
    options.add_telling(parser)
    return parser


def _add_results(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("results (a GLB unless one is chosen)").add_argument
    words = {
        "glb": "everybody with skeleton, skin and movement in one file",
        "bvh": "a skeleton for each person",
        "json": "places, quaternions and angles of all bones",
        "npz": "the people as they are now",
        "obj": "a mesh for each frame",
        "ply": "a mesh for each frame, with each person's color",
    }
    for name in BODY_FORMATS:
        add(f"--{name}", action="store_true", help=words[name])


def _add_scene(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("photo and scene")
    add = group.add_argument
    add(
        "--photo",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="the photo that they are of, photos of the frames (wildcards, or --photo again), or a video or folder of frames",
    )
    add(
        "--pointmap",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="depth of the same frames, by which people are placed: .exr, .npz, .npy, .pfm, 16-bit .png or .tiff files (in "
        "thousandths unless they say otherwise) "
        "(wildcards, or --pointmap again), or a folder of them",
    )
    add("--metric", action="store_true", help="the depth is in meters, where its files do not say so")
    add(
        "--size-from",
        type=choice(SIZE_FROM),
        default=AUTO_SIZE,
        metavar=f"{{{','.join(map(hyphened, SIZE_FROM))}}}",
        help="with --pointmap: its meters give everybody's size (scene), or grown-ups give it its meters (adult-bodies), or one "
        "known height does; auto (default): scene where it is in meters",
    )
    add("--height-m", type=float, default=1.7, metavar="METERS", help="with --size-from known-height: that height")
    add("--person", type=int, default=0, metavar="NUMBER", help="and whose it is, counted from 0 (default: 0)")
    add("--no-ground", action="store_true", help="do not look for the ground under the feet, as in close-ups")
    add(
        "--camera-level", action="store_true", help="the camera was held level; else the pointmap tells which way is up"
    )
    add(
        "--body-camera",
        choices=CAMERA_SOURCES,
        default=OWN_CAMERA,
        help="where the cameras of people and pointmap differ: nothing moves in the picture (bodies, default), or people are "
        "moved into the pointmap's",
    )


def _add_export(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("files").add_argument

    def menu(option: str, names: Sequence[str], default: str, text: str) -> None:
        shown = f"{{{','.join(map(hyphened, names))}}}"
        add(option, type=choice(names), default=default, metavar=shown, help=f"{text} (default: {hyphened(default)})")

    menu("--names", TARGETS, "mhr", "whose names, axes and rest the bones have")
    menu("--rest", tuple(REST_POSES), "auto", "how people stand at rest: as the program of --names, or in A or T pose")
    menu(
        "--world",
        WORLDS,
        LEVEL_WORLD,
        "upright with the floor at 0, as the camera saw it, or upright and kept on the spot",
    )
    menu("--axes", tuple(AXES), "gltf", "of --json, --obj and --ply")
    add(
        "--steady",
        action="store_true",
        help="of a clip: one size each, no trembling, and feet that stand still; a camera that moves is told by --camera-path",
    )
    add(
        "--camera-path",
        metavar="FILE",
        help="with --steady: JSON list of the camera's poses in meters, one for each frame, as Align Sequence's camera_path has them",
    )
    add(
        "--smoothing-hz",
        type=float,
        default=6.0,
        metavar="HZ",
        help="with --steady: what trembles faster is taken out (default: 6)",
    )
    for part in BODY_PARTS:
        add(f"--{part}-hz", type=float, metavar="HZ", help=f"with --steady: the same for the {part} alone")
    add("--fps", type=float, default=24.0, metavar="FPS", help="frames per second of the clip (default: 24)")
    add(
        "--leg-length-m",
        type=float,
        default=0.0,
        metavar="METERS",
        help="leg of the character that moves like this, from hip to ankle; 0 (default): each person's own",
    )
    menu("--scene", SCENES, NO_SCENE, "with --glb and --pointmap: the scene's surface beside the people")
    add("--no-camera", action="store_true", help="leave the camera out of the GLB")


def _check(args: argparse.Namespace, made: options.Parser) -> None:
    """Ends with the parser's error where options do not go together or are out of bounds."""
    if bool(args.inputs) == bool(args.example):
        made.error("Name the files of people, or --example alone." if args.example else "No FILE of people is named.")
    if args.example and (args.photo or (args.example == WALK and args.pointmap)):
        made.error("--example has its own photo or none; leave --photo out, and --pointmap for the walk.")
    if not args.steady and (args.camera_path or args.smoothing_hz != 6 or any(parts_hz(args).values())):
        made.error("--camera-path and the options in Hz are used with --steady only.")
    if not 0 < args.fps < math.inf:
        made.error(f"--fps {args.fps:g}: it must be greater than 0.")
    if not 0 <= args.leg_length_m < math.inf:
        made.error(f"--leg-length-m {args.leg_length_m:g}: it must be at least 0.")
    if args.size_from == KNOWN_HEIGHT and not 0.3 <= args.height_m <= 3:
        made.error(f"--height-m {args.height_m:g}: a person's height, 0.3 to 3 meters, is needed.")
    if args.scene != NO_SCENE and not args.pointmap:
        made.error("--scene needs the scene: give --pointmap too, or leave it out.")
    if not args.pointmap and (
        args.metric or args.size_from != AUTO_SIZE or args.no_ground or args.body_camera != OWN_CAMERA
    ):
        made.error("--metric, --size-from, --no-ground and --body-camera are used with --pointmap only.")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments (the process's own by default) and returns the exit status."""
    made = parser()
    args = made.parse_args(argv)
    _check(args, made)
    return exit_status(partial(_work, args), (ValueError, OSError, ImportError, MemoryError), args.progress)


def _work(args: argparse.Namespace, progress: Progress) -> Outcome:
    job = BodyJob.of(args)
    if args.dry_run:
        return Outcome(args.out, skipped=int(job.is_done), planned=[] if job.is_done else job.planned())
    if job.is_done and not args.overwrite:
        return Outcome(args.out, skipped=1)
    made = job.make(progress)
    for line in made.lines:
        progress.say(line)
    try:
        made.write(progress)
    except (OSError, RuntimeError, ValueError) as error:
        failed = f"The results cannot be written ({getattr(error, 'strerror', None) or reason(error)})."
        progress.complain(failed)
        return Outcome(args.out, failed=[failed])
    return Outcome(args.out, done=1)

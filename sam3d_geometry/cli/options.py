"""Options that the commands for photos and for clips share, each said and checked once."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import torch

from .. import models
from ..estimate.inference import AT_PHOTO, BY_MASK, REFINEMENTS, VALIDITIES, WHERE_SOFT
from ..files.camera_suffixes import CAMERA_FORMATS
from ..files.depth_frame import AT_ZERO, INVALID_DEPTHS
from ..geometry.axes import NORMAL_MAP_SIGNS
from ..geometry.normals import SOURCES
from ..maps.colormap import COLORMAPS
from ..maps.depth import AT_FAR_END, CURVES, FIXED, INVALID_FILLS
from .lens import FROM_EXIF
from .model import AUTO_DEVICE, best_device
from .outcome import NOT_STARTED
from .progress import JSON, QUIET, TEXT


class Parser(argparse.ArgumentParser):
    """The parser of a sub-command, which refuses in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with status 2."""
        self.exit(NOT_STARTED, f"{message}\n")


def device_named(name: str) -> str:
    """Type of a --device option: a torch device by its name, the best there is for "auto"."""
    if name == AUTO_DEVICE:
        return best_device()
    try:
        return str(torch.device(name))
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(f"{name!r} is not a device; choose auto, cpu, cuda, cuda:1 or mps.") from error


def hyphened(name: str) -> str:
    """An option's value as it is typed."""
    return name.replace(" ", "-")


def choice(names: Sequence[str]) -> Callable[[str], str]:
    """Type of an option that takes one of `names`, typed with hyphens for spaces."""
    by_key = {hyphened(name): name for name in names}

    def convert(text: str) -> str:
        if text not in by_key:
            raise argparse.ArgumentTypeError(f"{text!r} is not known; choose one of {', '.join(by_key)}.")
        return by_key[text]

    return convert


def add_folders(parser: argparse.ArgumentParser, overwrite: str) -> None:
    """Where results go, and whether those that exist are made again, which `overwrite` describes."""
    add = parser.add_argument
    add("-o", "--out", required=True, type=Path, metavar="OUT", help="folder for the results; made if it is not there")
    add("--overwrite", action="store_true", help=overwrite)


def add_telling(parser: argparse.ArgumentParser) -> None:
    """What the command says while it runs, and whether it runs at all."""
    group = parser.add_argument_group("what it says")
    add = group.add_mutually_exclusive_group().add_argument
    add(
        "--progress",
        choices=(TEXT, JSON),
        default=TEXT,
        help="text (default), or json: one object a line on stderr, its event progress, message, error or, at last, end",
    )
    add("--quiet", dest="progress", action="store_const", const=QUIET, help="say nothing but what went wrong")
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="list the files that would be written, a line each; load and write nothing",
    )


def add_models_dir(group: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Where models lie."""
    group.add_argument(
        "--models-dir",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="folder with models; the first one given takes downloads (default: ~/.cache/sam3d_geometry)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """The network, and where and how fine it computes."""
    group = parser.add_argument_group("model")
    add = group.add_argument
    names = ", ".join(card.name for card in models.CATALOGUE)
    add(
        "--model",
        default=models.AUTO_MODEL,
        metavar="NAME_OR_FILE",
        help=f"one of: {names}; or a .pt or .safetensors file, or a copy of facebook/sam-3d-objects. Default: auto, the best "
        f"that is on this machine, else {models.PREVIEW}, a rough first look; one that is named is downloaded once",
    )
    add_models_dir(group)
    add("--offline", action="store_true", help="never download a model")
    add(
        "--precision",
        choices=models.PRECISIONS,
        default="auto",
        help="auto (default): fp16 on a GPU, fp32 on the CPU; bf16 is much faster than fp32 on recent CPUs",
    )
    add(
        "--device",
        default=AUTO_DEVICE,
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
    add_validity(group)


def add_validity(group: argparse._ArgumentGroup) -> None:
    """Which pixels have geometry."""
    group.add_argument(
        "--validity",
        type=choice(VALIDITIES),
        default=hyphened(BY_MASK),
        metavar=f"{{{','.join(map(hyphened, VALIDITIES))}}}",
        help="mask (default): what the network does not take for sky; all-finite: all that it gave a point, where a blurred, "
        "white or plain background is wrongly left out",
    )


def add_refine(group: argparse._ArgumentGroup) -> None:
    """Whether depth edges are brought onto those of the photo, and at which resolution."""
    group.add_argument(
        "--refine",
        choices=(*REFINEMENTS, AT_PHOTO),
        default=WHERE_SOFT,
        help="bring depth edges onto the photo's edges: auto (default) for the built-in network, on for every model, off, or photo: at "
        "the photo's own resolution",
    )


def add_camera(parser: argparse.ArgumentParser, *, exif: bool) -> argparse._ArgumentGroup:
    """The lens, `exif` where files may say theirs; returns the group for what else belongs to the camera."""
    group = parser.add_argument_group("camera")
    add = group.add_mutually_exclusive_group().add_argument
    word = "; exif: by the focal length in the photo's EXIF where it has one" if exif else ""
    add(
        "--fov",
        type=_degrees_or_exif if exif else float,
        metavar="DEGREES|exif" if exif else "DEGREES",
        help=f"horizontal field of view, which is found from the picture unless given{word}",
    )
    add("--focal-mm", type=float, metavar="MM", help="focal length, for a sensor of --sensor-width-mm")
    add("--focal-px", type=float, metavar="PIXELS", help="focal length in pixels of the picture")
    group.add_argument(
        "--sensor-width-mm",
        type=float,
        default=36.0,
        metavar="MM",
        help="long side of the sensor, for --focal-mm (default: 36, full frame)",
    )
    return group


def add_mask_from_alpha(group: argparse._ArgumentGroup) -> None:
    """Whether transparent pixels of photos or frames have geometry."""
    group.add_argument(
        "--mask-from-alpha",
        action="store_true",
        help="keep only what the picture's alpha channel shows; transparent pixels get no geometry",
    )


def _degrees_or_exif(text: str) -> float | str:
    return text if text == FROM_EXIF else float(text)


def add_pictures(group: argparse._ArgumentGroup) -> None:
    """Which pictures are made, and the depth itself beside them."""
    group.add_argument("--depth", action="store_true", help="the depth picture")
    group.add_argument("--normals", action="store_true", help="the normal map")
    group.add_argument(
        "--exr", action="store_true", help="also the depth itself as EXR: 32-bit distances along the view axis"
    )
    group.add_argument("--npz", action="store_true", help="also the arrays (33 bytes a pixel)")


def add_camera_file(group: argparse._ArgumentGroup) -> None:
    """The camera as a file for other programs, in one of CAMERA_FORMATS."""
    group.add_argument(
        "--camera",
        type=choice(CAMERA_FORMATS),
        metavar=f"{{{','.join(map(hyphened, CAMERA_FORMATS))}}}",
        help="also the camera as a file, which fits the mesh and the points; of a clip how it moved, from cut to cut",
    )


def chosen_pictures(args: argparse.Namespace) -> list[str]:
    """ "depth" and "normals", both unless one is asked for."""
    return [kind for kind in ("depth", "normals") if getattr(args, kind)] or ["depth", "normals"]


def add_depth(parser: argparse.ArgumentParser, ranges: Sequence[str], ranges_help: str) -> argparse._ArgumentGroup:
    """How the depth picture looks; the first of `ranges` is the default. Returns the group."""
    group = parser.add_argument_group("depth picture")
    add = group.add_argument
    add(
        "--curve",
        choices=CURVES,
        default="disparity",
        help="what is linear: 1 / distance, distance, or its logarithm (default: disparity)",
    )
    add(
        "--range",
        type=choice(ranges),
        default=hyphened(ranges[0]),
        metavar=f"{{{','.join(map(hyphened, ranges))}}}",
        help=f"which distances become white and black: {ranges_help}",
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
        "--colormap", choices=tuple(COLORMAPS), metavar="NAME", help=f"colours in place of grey: {', '.join(COLORMAPS)}"
    )
    return group


def add_normals(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """How the normal map looks; returns the group."""
    group = parser.add_argument_group("normal map")
    add = group.add_argument
    add(
        "--normal-convention",
        choices=tuple(NORMAL_MAP_SIGNS),
        default="opengl",
        help="opengl (default): red right, green up; directx: green down; controlnet: red left, green up (normalbae)",
    )
    add(
        "--normal-source",
        choices=SOURCES,
        default="auto",
        help="the network's own normals where it gives them (auto, the default), or force network or geometry",
    )
    add(
        "--normal-smoothing",
        type=int,
        default=0,
        metavar="PIXELS",
        help="radius over which normals are averaged, never across edges (default: 0)",
    )
    return group


def add_invalid(group: argparse._ArgumentGroup) -> None:
    """What the depth picture shows where there is no depth."""
    group.add_argument(
        "--invalid",
        choices=INVALID_FILLS,
        default=AT_FAR_END,
        help="what sky and masked pixels become: as if farthest (default: black, with --invert white), black, white or gray",
    )
    group.add_argument(
        "--invalid-depth",
        choices=INVALID_DEPTHS,
        default=AT_ZERO,
        help="the distance of sky and masked pixels in EXR files: zero (default), far (the frame's farthest) or infinity",
    )


# option -> smallest value, and whether that value itself will do
BOUNDS = {
    "fov": (0, False),
    "focal_mm": (0, False),
    "focal_px": (0, False),
    "sensor_width_mm": (0, False),
    "resolution": (0, False),
    "normal_smoothing": (0, True),
    "frame_rate": (0, False),
    "start": (0, True),
    "duration": (0, False),
    "start_number": (0, True),
    "frames_per_batch": (1, True),
    "workers": (1, True),
    "worker_cpus": (1, True),
    "steady_strength": (0, True),
}


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Ends with the parser's error where options do not go together or are out of bounds."""
    if hasattr(args, "range"):
        _check_range(args, parser)
    if isinstance(args.fov, float) and not 0 < args.fov < 180:
        parser.error(f"--fov {args.fov:g}: it must lie between 0 and 180 degrees.")
    for name, (smallest, itself) in BOUNDS.items():
        value = getattr(args, name, None)
        if not isinstance(value, (int, float)):  # not given, not an option of this command, or a word
            continue
        if not smallest <= value < math.inf or (value == smallest and not itself):
            bound = "at least" if itself else "greater than"
            parser.error(f"--{name.replace('_', '-')} {value:g}: it must be {bound} {smallest}.")


def _check_range(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    if args.range == FIXED:
        if args.near is None or args.far is None:
            parser.error("--range fixed needs --near and --far.")
        if not 0 <= args.near < args.far < math.inf:
            parser.error(f"--near {args.near:g} --far {args.far:g}: near must be at least 0 and far greater than near.")
    elif not (args.near is None and args.far is None):
        parser.error("--near and --far are used with --range fixed only; add it or leave them out.")
    if not 0 <= args.clip_percent < 50:
        parser.error(f"--clip-percent {args.clip_percent:g}: it must be at least 0 and less than 50.")

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from comfy_api.latest import io

from ...sam3d_geometry.files.depth_file import DEPTH_SUFFIXES, numbered_from
from ...sam3d_geometry.files.depth_series import read_series
from .. import host, host_folders
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, mask_from_bool, schema

BY_PATH = "path"
PNG_HEAD = 25  # bytes up to the one that says how many bits a value has
HEADS_REMEMBERED = 10_000


def _may_hold_depth(path: Path) -> bool:
    """Whether a file is listed in the menu: not the photos, which are PNG of 8 bits."""
    return path.suffix.lower() != ".png" or _png_bits(path, path.stat().st_mtime_ns) == 16


@lru_cache(HEADS_REMEMBERED)
def _png_bits(path: Path, changed: int) -> int:
    with path.open("rb") as file:
        head = file.read(PNG_HEAD)
    return head[-1] if len(head) == PNG_HEAD else 0


def _files(file_name: str, path: str, frame_limit: int) -> list[Path]:
    """The files to read, in order; ValueError where none is named or it lies outside ComfyUI's folders."""
    if file_name != BY_PATH:
        return numbered_from(host_folders.readable_path(file_name, "input"), frame_limit)
    if not path:
        raise ValueError("No depth file is chosen; choose one as file_name, or give its path.")
    return numbered_from(host_folders.readable_path(path), frame_limit)


class LoadDepth(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_LoadDepth",
            display_name="Load Depth",
            category=f"{CATEGORY}/files",
            description="Reads depth back bit for bit from what Save Depth writes, and from EXR, 16-bit PNG, TIFF, NPY, NPZ and PFM "
            "files of other programs.",
            search_aliases=[
                "load exr",
                "exr",
                "16-bit png",
                "png16",
                "tiff",
                "npy",
                "npz",
                "pfm",
                "open depth",
                "import depth",
            ],
            inputs=[
                field(
                    "file_name",
                    "A depth file in ComfyUI's input folder (exr, png, tif, npy, npz or pfm), or path for the input below.",
                    default=BY_PATH,
                    options=[BY_PATH, *host_folders.input_files(DEPTH_SUFFIXES, _may_hold_depth)],
                ),
                field(
                    "path",
                    "Used when file_name is path: a file relative to the output folder, as the savers give it; a name followed "
                    "by [input] or [temp]; or a whole path inside one of these folders. Wire the path of Save Depth here.",
                ),
                field(
                    "frame_limit",
                    "How many files are read, by the numbers in their names, from this one on (1 to 100000); 0 reads as far as "
                    "the numbers go.",
                ),
                field(
                    "steps_per_unit",
                    "For 16-bit files that do not say it themselves: distance = value / this (0.001 to 1000000). 1000 for "
                    "millimeters, 256 for KITTI, 5000 for TUM, 65535 to have a picture of 0 to 1.",
                    is_advanced=True,
                ),
                field(
                    "channel",
                    "Name of the channel or array with the depth, for EXR and NPZ files in which it is not called Z, depth or Y. "
                    "Empty finds it.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result(
                    "pointmap",
                    "Where the file says its camera, as ours do; otherwise wire distance to Depth To Pointmap.",
                ),
                result(
                    "distance", "Distance along the view axis as stored; 0 where there is none. Not for looking at."
                ),
                result("mask", "1 where there is geometry."),
                result(
                    "fov_x_degrees",
                    "Horizontal field of view in degrees, the median over the frames; 0 where no file says it.",
                ),
                result("near", "Nearest distance, over all frames."),
                result("far", "Farthest distance, over all frames."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, file_name, path, frame_limit, steps_per_unit, channel):
        if file_name == BY_PATH and path is None:  # a wired path is not known yet, so the files are read on every run
            return float("nan")
        return [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in _files(file_name, path, frame_limit)]

    @classmethod
    def execute(cls, file_name, path, frame_limit, steps_per_unit, channel) -> io.NodeOutput:
        paths = _files(file_name, path, frame_limit)
        with host.progress_bar(len(paths)) as on_progress:
            read = read_series(paths, channel, steps_per_unit, on_progress)
        missing = f"{paths[0].name} does not say its camera; wire distance to Depth To Pointmap and give the field of view there."
        pointmap = host.nothing(missing) if read.pointmap is None else read.pointmap
        distance, mask = image_from_scalar(read.depth), mask_from_bool(read.mask)
        return io.NodeOutput(pointmap, distance, mask, read.fov_x_degrees, read.near, read.far)

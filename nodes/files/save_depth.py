from __future__ import annotations

import torch
from comfy_api.latest import io

from ...sam3d_geometry.files.depth_file import FORMATS, SUFFIXES, check_one_clip, numbered_from, read_depth
from ...sam3d_geometry.files.depth_frame import extent, pointmap_from_frames
from ...sam3d_geometry.files.depth_series import SIZES, VALUES, DepthSeries
from ...sam3d_geometry.files.exr import PICTURES
from ...sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from ...sam3d_geometry.maps.depth import CURVES
from .. import host, host_folders
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, image_from_scalar, mask_from_bool, schema

BY_PATH = "(the path below)"


class SaveDepthExact(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveDepthExact",
            display_name="Save Depth (exact)",
            category=f"{CATEGORY}/Files",
            description="Depth in files that keep its precision, without any colour transform: EXR with layers, 16-bit PNG, TIFF. "
            "Camera, unit and range are in the file and in a JSON beside it.",
            search_aliases=[
                "exr",
                "save exr",
                "16-bit png",
                "png16",
                "tiff",
                "z depth",
                "openexr",
                "export depth",
                "multilayer",
            ],
            inputs=[
                PointmapType.Input(
                    "pointmap", tooltip="From Pointmap Inference, or from Depth To Pointmap for depth of other nodes."
                ),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default="exr 32-bit",
                    tooltip="exr: floats in named channels (Z, mask, normals), for Nuke, Blender, After Effects; needs the "
                    "package OpenEXR. tiff 32-bit: the depth alone as floats. 16-bit: whole numbers, for RGB-D tools and game "
                    "engines.",
                ),
                io.Combo.Input(
                    "size",
                    options=list(SIZES),
                    default=SIZES[0],
                    tooltip="of the photo: enlarged inside surfaces only, no value lies between two of them. of the pointmap: as "
                    "it was computed.",
                ),
                io.Combo.Input(
                    "values",
                    options=list(VALUES),
                    default=VALUES[0],
                    tooltip="16-bit formats: steps of the unit make millimetres of metres, up to 65.5 m; steps of the range use "
                    "all 65535 values between near and far.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="depth/sam3d_geometry",
                    tooltip="Folder and beginning of the file names in ComfyUI's output folder. Each frame becomes a file with "
                    "the next free number.",
                ),
                advanced(
                    io.Boolean.Input(
                        "normals",
                        default=True,
                        tooltip="EXR: unit normals as N.X N.Y N.Z, in camera axes (x right, y down, z forward).",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "position",
                        default=False,
                        tooltip="EXR: the 3D points as P.X P.Y P.Z, in camera axes; Z and the camera say the same in less room.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "picture",
                        options=list(PICTURES),
                        default="photo",
                        tooltip="EXR: what R, G and B are, which plain viewers show. photo: in linear light, as EXR has it; depth: "
                        "the depth again, for programs that read only RGB; none: smallest, but such programs show black.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "steps_per_unit",
                        default=1000.0,
                        min=0.001,
                        max=1e6,
                        step=1.0,
                        tooltip="16-bit, steps of the unit: value = distance x this (0.001 to 1000000). 1000 gives millimetres, "
                        "256 is KITTI's, 5000 TUM's. Lower it when the scene is deeper than 65535 steps.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "near",
                        default=0.0,
                        min=0.0,
                        max=1e6,
                        step=0.01,
                        tooltip="16-bit, steps of the range: distance of value 65535. near and far 0: the range of all frames.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "far",
                        default=0.0,
                        min=0.0,
                        max=1e6,
                        step=0.01,
                        tooltip="16-bit, steps of the range: distance of value 1; farther is clipped. 0: see near.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "curve",
                        options=list(CURVES),
                        default="linear",
                        tooltip="16-bit, steps of the range: what the steps are even in. disparity (1 / distance) is finest near "
                        "the camera.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo at full size, for the EXR's picture; it also sets the size. Without it the pointmap's own "
                    "smaller image is enlarged.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="path",
                    tooltip="The first file; Load Depth (exact) takes it as path, and its frames from it.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, pointmap, format, size, values, filename_prefix, normals, position, picture, steps_per_unit, near, far, curve,
        image=None,
    ) -> io.NodeOutput:  # fmt: skip
        series = DepthSeries(
            format, size, values, steps_per_unit, near, far, curve, normals=normals, position=position, picture=picture
        )
        folder, bases = host_folders.output_folder(), host_folders.next_outputs(filename_prefix, len(pointmap))
        with host.progress_bar(len(bases)) as on_progress:
            for i, frame in enumerate(series.frames(pointmap, image)):
                folder.write(bases[i], frame.description(), {series.suffix: series.writer(frame)})
                on_progress(i + 1, len(bases))
        return io.NodeOutput(str(bases[0]) + series.suffix)


class LoadDepthExact(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_LoadDepthExact",
            display_name="Load Depth (exact)",
            category=f"{CATEGORY}/Files",
            description="Reads depth back bit for bit from what Save Depth (exact) writes, and from EXR, 16-bit PNG, TIFF, NPY, NPZ "
            "and PFM files of other programs.",
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
                io.Combo.Input(
                    "file",
                    options=[BY_PATH, *host_folders.input_files(SUFFIXES)],
                    default=BY_PATH,
                    tooltip="A depth file in ComfyUI's input folder: exr, png, tif, npy, npz or pfm.",
                ),
                io.String.Input(
                    "path",
                    default="",
                    tooltip="Used when file says so: a name in the input folder, a name followed by [output] or [temp], or a whole "
                    "path inside one of these folders. Wire the path of Save Depth (exact) here.",
                ),
                io.Int.Input(
                    "frames",
                    default=1,
                    min=0,
                    max=100000,
                    tooltip="How many files are read, by the numbers in their names, from this one on (1 to 100000); 0 reads as far "
                    "as the numbers go.",
                ),
                advanced(
                    io.Float.Input(
                        "steps_per_unit",
                        default=1000.0,
                        min=0.001,
                        max=1e6,
                        step=1.0,
                        tooltip="For 16-bit files that do not say it themselves: distance = value / this (0.001 to 1000000). 1000 for "
                        "millimetres, 256 for KITTI, 5000 for TUM, 65535 to have a picture of 0 to 1.",
                    )
                ),
                advanced(
                    io.String.Input(
                        "channel",
                        default="",
                        tooltip="Name of the channel or array with the depth, for EXR and NPZ files in which it is not called Z, "
                        "depth or Y. Empty finds it.",
                    )
                ),
            ],
            outputs=[
                PointmapType.Output(
                    display_name="pointmap",
                    tooltip="Where the file says its camera, as ours do; otherwise wire depth to Depth To Pointmap.",
                ),
                io.Image.Output(
                    display_name="depth",
                    tooltip="Distance along the view axis as stored; 0 where there is none. Not for looking at.",
                ),
                io.Mask.Output(display_name="mask", tooltip="1 where there is geometry."),
                io.Float.Output(
                    display_name="fov_x_degrees",
                    tooltip="Horizontal field of view in degrees, the median over the frames; 0 where no file says it.",
                ),
                io.Float.Output(display_name="near", tooltip="Nearest distance, over all frames."),
                io.Float.Output(display_name="far", tooltip="Farthest distance, over all frames."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, file, path, frames, steps_per_unit, channel):
        if file == BY_PATH and path is None:  # a wired path is not known yet, so the files are read on every run
            return float("nan")
        found = numbered_from(host_folders.readable_path(path if file == BY_PATH else file), frames)
        return [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in found]

    @classmethod
    def execute(cls, file, path, frames, steps_per_unit, channel) -> io.NodeOutput:
        named = path if file == BY_PATH else file
        if not named:
            raise ValueError("No depth file is chosen; choose one as file, or give its path.")
        paths, read = numbered_from(host_folders.readable_path(named), frames), []
        with host.progress_bar(len(paths)) as on_progress:
            for found in paths:
                read.append(read_depth(found, channel, steps_per_unit))
                on_progress(len(read), len(paths))
        check_one_clip(paths, read)
        depth, mask = torch.stack([frame.depth for frame in read]), torch.stack([frame.mask for frame in read])
        known = all(frame.record.intrinsics is not None for frame in read)
        pointmap = pointmap_from_frames(read) if known else None
        fov = float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0].median()) if known else 0.0
        missing = f"{paths[0].name} does not say its camera; wire depth to Depth To Pointmap and give the field of view there."
        return io.NodeOutput(
            pointmap if known else host.nothing(missing),
            image_from_scalar(depth),
            mask_from_bool(mask),
            fov,
            *extent(depth, mask),
        )

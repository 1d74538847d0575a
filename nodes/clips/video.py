from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path

from comfy_api.latest import InputImpl, io

from ...sam3d_geometry.clips.plain_average import MAX_STRENGTH
from ...sam3d_geometry.estimate.inference import tokens_for_size
from ...sam3d_geometry.geometry.axes import NORMAL_MAP_SIGNS
from ...sam3d_geometry.geometry.resize import size_for_long_edge
from ...sam3d_geometry.maps.depth import CURVES
from ...sam3d_geometry.video.clip_file import VideoFile
from ...sam3d_geometry.video.engine import RANGES, LocalEngine, StreamSettings
from ...sam3d_geometry.video.product import Look, VideoProduct
from ...sam3d_geometry.video.stages import STEADY, steadying
from ...sam3d_geometry.video.stream import job_fingerprint, stream_clip
from ...sam3d_geometry.video.writer import FORMATS, format_named
from .. import host, host_folders
from ..core.interop import handle_of, model_input
from ..fields import advanced
from ..sockets import CATEGORY, require_option, schema

NOTHING = "none"
PICTURE_FORMATS = [NOTHING, *(name for name, chosen in FORMATS.items() if chosen.bits < 32)]
DEPTH_FORMATS = [NOTHING, *FORMATS]


def _clip(video) -> VideoFile:
    """A VIDEO as a file to be read frame by frame; one that is made of frames in memory is saved first."""
    if not isinstance(video, InputImpl.VideoFromFile):
        path = host_folders.temporary_path(f"sam3d_geometry_{uuid.uuid4().hex}.mp4")
        video.save_to(str(path))
        return VideoFile(path)
    source = video.get_stream_source()
    if not isinstance(source, str):
        content = source.getvalue()
        path = host_folders.temporary_path(f"sam3d_geometry_{hashlib.sha256(content).hexdigest()[:16]}.video")
        if not path.exists():  # a file that stays the same is one that an interrupted run can go on with
            path.write_bytes(content)
        source = str(path)
    # ComfyUI before 0.10 cannot cut videos
    window = video.get_active_trim_window() if hasattr(video, "get_active_trim_window") else (0.0, 0.0)
    return VideoFile(source, *window)


def _products(base: Path, key: str, depth: str, normals: str) -> dict[str, VideoProduct]:
    wanted = {"depth": depth, "normals": normals}
    products = {}
    for label, name in wanted.items():
        if name != NOTHING:
            chosen = format_named(name)
            kind = "true depth" if chosen.bits == 32 else label
            target = base.with_name(f"{base.name}_{key}_{label}{'' if chosen.sequence else chosen.suffix}")
            products[label] = VideoProduct(kind, name, target)
    return products


class VideoToDepthAndNormals(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_VideoToDepthAndNormals",
            display_name="Video To Depth And Normals",
            category=CATEGORY,
            description="Depth and normals of a video of any length, written as it goes: memory does not depend on "
            "length. Sound and frame times are kept; an interrupted run goes on where it was.",
            search_aliases=["video", "depth video", "normal video", "stream", "long video", "exr sequence", "png16"],
            inputs=[
                model_input(
                    "The model from Load SAM3D Geometry, or from ComfyUI's own Load MoGe Model where it has one."
                ),
                io.Video.Input(
                    "video", tooltip="The video, from Load Video. Read frame by frame, never held as a whole."
                ),
                io.Combo.Input(
                    "depth",
                    options=DEPTH_FORMATS,
                    default=DEPTH_FORMATS[1],
                    tooltip="How depth is written. 10 bits and more do not band; ffv1 and png are exact; exr is the "
                    "true distance in floats; h264 8-bit plays everywhere; none writes no depth.",
                ),
                io.Combo.Input(
                    "normals",
                    options=PICTURE_FORMATS,
                    default=NOTHING,
                    tooltip="How the normal map is written; none writes none.",
                ),
                io.Int.Input(
                    "resolution",
                    default=512,
                    min=64,
                    max=1024,
                    step=16,
                    tooltip="Long edge in pixels at which the geometry is computed (64 to 1024). Sets the cost.",
                ),
                io.Int.Input(
                    "frames_per_batch",
                    default=4,
                    min=1,
                    max=64,
                    tooltip="Frames that go through the network at once (1 to 64). Lower it for less GPU memory.",
                ),
                io.Combo.Input(
                    "range",
                    options=list(RANGES),
                    default=RANGES[0],
                    tooltip="Which distances become white and black. whole clip: one range, found from frames spread "
                    "over the video, no flicker; per frame: each frame its own; fixed: near and far below; adaptive: follows the "
                    "frames slowly.",
                ),
                io.Float.Input(
                    "near",
                    default=0.5,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Distance that becomes white when range is fixed.",
                ),
                io.Float.Input(
                    "far",
                    default=20.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Distance that becomes black when range is fixed.",
                ),
                io.Float.Input(
                    "smooth",
                    default=0.8,
                    min=0.0,
                    max=MAX_STRENGTH,
                    step=0.01,
                    tooltip="How much of the past stays, 0 to 0.95: averages reach over 1 / (1 - smooth) frames. 0.3 is "
                    "right for steady = average. Starts anew at a cut.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="video/sam3d_geometry",
                    tooltip="Folder and beginning of the file names in ComfyUI's output folder; a code for the video "
                    "and the settings is added.",
                ),
                advanced(
                    io.Combo.Input(
                        "curve",
                        options=list(CURVES),
                        default="disparity",
                        tooltip="What is linear in the depth picture.",
                    )
                ),
                advanced(io.Boolean.Input("invert", default=False, tooltip="Off: near is white, as ControlNets want.")),
                advanced(
                    io.Combo.Input(
                        "normal_convention",
                        options=list(NORMAL_MAP_SIGNS),
                        default="opengl",
                        tooltip="Colours: opengl green up, directx green down, controlnet for normalbae.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "one_camera",
                        default=True,
                        tooltip="On: one field of view for the video. Off: one for each frame, for videos that zoom.",
                    )
                ),
                io.Combo.Input(
                    "steady",
                    options=list(STEADY),
                    default=STEADY[0],
                    tooltip="Against flicker. follow motion: one scale from cut to cut, and averages that move with what "
                    "they show; average: at fixed pixels, which smears motion; off: each frame as it comes.",
                ),
            ],
            outputs=[
                io.Video.Output(display_name="depth", tooltip="The depth video; nothing for files of single frames."),
                io.Video.Output(
                    display_name="normals", tooltip="The normal video; nothing for files of single frames."
                ),
                io.String.Output(display_name="depth_path", tooltip="The depth file, or the folder of its frames."),
                io.String.Output(display_name="normals_path", tooltip="The normal file, or the folder of its frames."),
                io.Float.Output(
                    display_name="near", tooltip="Distance that is white; 0 where each frame has its own range."
                ),
                io.Float.Output(
                    display_name="far", tooltip="Distance that is black; 0 where each frame has its own range."
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        model,
        video,
        depth,
        normals,
        resolution,
        frames_per_batch,
        range,
        near,
        far,
        smooth,
        filename_prefix,
        curve,
        invert,
        normal_convention,
        one_camera,
        steady,
    ) -> io.NodeOutput:
        require_option("depth", depth, DEPTH_FORMATS)
        require_option("normals", normals, PICTURE_FORMATS)
        clip = _clip(video)
        settings = StreamSettings(
            resolution=resolution,
            frames_per_chunk=frames_per_batch,
            one_camera=one_camera,
            range=range,
            near=near,
            far=far,
            look=Look(curve=curve, invert=invert, normal_convention=normal_convention),
        )
        model = handle_of(model)
        hosted = model.load()
        size = size_for_long_edge((clip.facts.height, clip.facts.width), resolution)
        tokens = tokens_for_size(size, hosted.model.token_range)
        engine = LocalEngine(hosted.to_device(host.activation_bytes(frames_per_batch, tokens)))
        stages = steadying(steady, smooth, one_camera)
        base = host_folders.output_base(filename_prefix)
        unnamed = _products(base, "", depth, normals)
        job = job_fingerprint(engine, clip, list(unnamed.values()), settings, stages)
        key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:8]
        products = _products(base, key, depth, normals)
        with host.progress_bar(clip.facts.frames or 1) as on_progress:
            _, survey = stream_clip(engine, clip, list(products.values()), settings, stages, on_progress=on_progress)
        model.release()
        paths = {label: str(product.target) for label, product in products.items()}
        videos = {
            p: InputImpl.VideoFromFile(paths[p]) for p in paths if not format_named(products[p].format_name).sequence
        }
        fixed = settings.range == "fixed"
        return io.NodeOutput(
            videos.get("depth") or host.nothing(),
            videos.get("normals") or host.nothing(),
            paths.get("depth", ""),
            paths.get("normals", ""),
            near if fixed else survey.near or 0.0,
            far if fixed else survey.far or 0.0,
        )

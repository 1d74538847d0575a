from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import torch
from comfy_api.latest import InputImpl, io

from ...sam3d_geometry.files.whole_files import write_files
from ...sam3d_geometry.geometry.picture_forms import plain_image
from ...sam3d_geometry.video.clip_file import Clip
from ...sam3d_geometry.video.depth_videos import DEPTH_CODECS, NORMALS_CODECS, DepthVideos, depth_videos
from ...sam3d_geometry.video.engine import LocalEngine, StreamSettings
from ...sam3d_geometry.video.memory_frames import MemoryFrames
from ...sam3d_geometry.video.product import Look
from ...sam3d_geometry.video.sound import write_sound
from ...sam3d_geometry.video.stages import STREAM_STEADYINGS, steadying
from ...sam3d_geometry.video.video_file import VideoFile
from .. import host, host_folders
from ..core.interop import handle_of
from ..fields import field, result
from ..host_metadata import workflow_texts
from ..sockets import CATEGORY, schema


def _clip(video) -> Clip:
    """A VIDEO as a clip: the file that it is, or the frames in memory that it is made of."""
    if not isinstance(video, InputImpl.VideoFromFile):
        made = video.get_components()
        images, alpha = (
            plain_image("video", made.images).cpu(),
            getattr(made, "alpha", None),
        )  # none before ComfyUI 0.27
        if alpha is not None:
            images = torch.cat([images[..., :3], alpha.reshape(*images.shape[:3], 1).to(images)], -1)
        return MemoryFrames(images, made.frame_rate, _sound(made.audio))
    source = video.get_stream_source()
    if not isinstance(source, str):
        source = str(_kept(source.getvalue(), "video"))
    # ComfyUI before 0.10 cannot cut videos
    window = video.get_active_trim_window() if hasattr(video, "get_active_trim_window") else (0.0, 0.0)
    return VideoFile(source, *window)


def _sound(audio: dict | None) -> Path | None:
    """ComfyUI's AUDIO in a file, None where there is none."""
    if not audio or not audio["waveform"].numel():
        return None
    content = BytesIO()
    write_sound(audio["waveform"][0].float().cpu().numpy(), int(audio["sample_rate"]), content)
    return _kept(content.getvalue(), "wav")


def _kept(content: bytes, suffix: str) -> Path:
    """A file of this content, the same at each run, so that one that was interrupted can be resumed."""
    path = host_folders.temporary_path(f"sam3d_geometry_{hashlib.sha256(content).hexdigest()[:16]}.{suffix}")
    if not path.exists():
        write_files({path: lambda file: file.write(content)})
    return path


def _outputs(written: DepthVideos) -> tuple:
    """Videos, paths, range, absolute paths and report as the node gives them; what was not written is nothing and empty."""
    videos, relative, absolute = [], [], []
    for label in ("depth", "normals"):
        target = written.targets.get(label)
        videos.append(InputImpl.VideoFromFile(str(target)) if written.is_video(label) else host.nothing())
        one, other = ("", "") if target is None else host_folders.both_paths(target)
        relative.append(one)
        absolute.append(other)
    return *videos, *relative, written.near, written.far, *absolute, written.report


class VideoToDepth(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_VideoToDepth",
            display_name="Video To Depth",
            category=f"{CATEGORY}/clips",
            description="Depth and normals of a video of any length, written as it goes: memory does not depend on length. Sound "
            "and frame times are kept; an interrupted run resumes where it stopped.",
            search_aliases=["video", "depth video", "normal video", "stream", "long video", "exr sequence", "png16"],
            is_output_node=True,
            inputs=[
                field("video", "The video, from Load Video. Read frame by frame, never held as a whole."),
                field(
                    "filename_prefix",
                    "Folder and beginning of the file names in ComfyUI's output folder; a code for the video and the settings is "
                    "added.",
                    default="video/sam3d_geometry",
                ),
                field(
                    "model",
                    "The model from Load SAM3D Geometry, or from ComfyUI's own Load MoGe Model where it has one.",
                ),
                field(
                    "depth_codec",
                    "How depth is written. 10 bits and more do not band; ffv1 and png are exact; exr is the true distance in "
                    "floats, with normals, positions and camera (package OpenEXR); h264 8-bit plays everywhere; none writes no depth.",
                    options=DEPTH_CODECS,
                ),
                field("normals_codec", "How the normal map is written; none writes none.", options=NORMALS_CODECS),
                field(
                    "convention",
                    "Colors of the normal map: opengl green up, directx green down, controlnet for normalbae.",
                    is_advanced=True,
                ),
                field(
                    "resolution", "Long edge in pixels at which the geometry is computed (64 to 1024). Sets the cost."
                ),
                field(
                    "batch_size",
                    "Frames that go through the network at once (1 to 64). Lower it for less GPU memory.",
                ),
                field(
                    "curve", "What is linear in the depth picture. disparity (1 / distance) is what ControlNets expect."
                ),
                field(
                    "range",
                    "Which distances become white and black. whole clip: one range over all frames, no flicker (their "
                    "distances wait on the disk until all are done); per frame: each frame its own; adaptive: follows the frames "
                    "slowly; fixed: near and far below.",
                    options=("whole clip", "per frame", "adaptive", "fixed"),
                ),
                field("near", "Distance that becomes white when range is fixed, in the model's unit."),
                field("far", "Distance that becomes black when range is fixed, in the model's unit."),
                field("invert", "Off: near is white, as ControlNets want.", is_advanced=True),
                field(
                    "steady_by",
                    "Against flicker. motion: one scale from cut to cut, and averages that follow the motion; average: at fixed "
                    "pixels, which smears motion; off: each frame as it comes.",
                    default="motion",
                    options=STREAM_STEADYINGS,
                ),
                field(
                    "strength",
                    "Weight of earlier frames (0 off, 0.95 strongest). Averages span about 1 / (1 - strength) frames. 0.3 is "
                    "right for average. Starts again at a cut.",
                ),
                field(
                    "one_camera",
                    "On: one field of view for the video. Off: one for each frame, for videos that zoom.",
                    is_advanced=True,
                ),
                field(
                    "validity",
                    "Which pixels have depth. mask: what the network does not take for sky. all finite: all that it gave a point, where "
                    "a blurred, white or plain background is wrongly left out; sky then lies at some great distance.",
                    is_advanced=True,
                ),
                field(
                    "invalid_depth",
                    "For exr: the distance where there is no geometry, such as in the sky. zero; far: the frame's farthest; infinity. "
                    "Load Depth goes by the file's mask.",
                    is_advanced=True,
                ),
                field(
                    "refine_edges",
                    "Brings depth edges onto the frames' edges. auto: for the built-in network, whose edges are soft; on: for every "
                    "model; off: as the network gives them; photo: at the frames' own resolution, steady over time.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("depth_video", "The depth video; nothing for files of single frames."),
                result("normals_video", "The normal video; nothing for files of single frames."),
                result("depth_path"),
                result("normals_path"),
                result("near", "Distance that is white; 0 where no one range is shown."),
                result("far", "Distance that is black; 0 where no one range is shown."),
                result("absolute_depth_path"),
                result("absolute_normals_path"),
                result(
                    "report", "Frames, camera, and what is unusual in the video: HDR, interlacing, alpha, odd sizes."
                ),
            ],
        )

    @classmethod
    def execute(
        cls, video, filename_prefix, model, depth_codec, normals_codec, convention, resolution, batch_size, curve, range,
        near, far, invert, steady_by, strength, one_camera, validity, invalid_depth, refine_edges,
    ) -> io.NodeOutput:  # fmt: skip
        clip, model, base = _clip(video), handle_of(model), host_folders.output_base(filename_prefix)
        work = {"resolution": resolution, "frames_per_chunk": batch_size}
        geometry = {"one_camera": one_camera, "validity": validity, "refine_edges": refine_edges}
        look = Look(curve=curve, invert=invert, normal_convention=convention, invalid_depth=invalid_depth)
        settings = StreamSettings(**work, **geometry, range=range, near=near, far=far, look=look)
        engine = LocalEngine(model.load().ready(clip.facts.camera_size, resolution, batch_size))
        stages = steadying(steady_by, strength, one_camera)
        files = {"depth_codec": depth_codec, "normals_codec": normals_codec, "texts": workflow_texts(cls)}
        with host.progress_bar(clip.facts.frames or 1) as on_progress:
            written = depth_videos(
                engine, clip, base, **files, settings=settings, stages=stages, on_progress=on_progress
            )
        model.release()
        return io.NodeOutput(*_outputs(written))

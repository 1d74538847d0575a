from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry import models
from .. import host, host_models
from ..fields import field, result
from ..sockets import CATEGORY, schema

PREVIEW_NOTICE = (
    "It shows what the nodes do, without a download, and is far below MoGe: choose 'sam-3d-objects (moge-vitl)' or a 'moge-2' model "
    "in Load SAM3D Geometry for real work, or press Download on that node; auto takes it from then on."
)


class LoadSAM3DGeometry(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        names = models.menu(host_models.model_folders())
        return schema(
            node_id="SAM3DGeometry_Load",
            display_name="Load SAM3D Geometry",
            category=CATEGORY,
            description="Loads a model that gives one 3D point per pixel. All nodes share one copy of it.",
            search_aliases=["moge", "depth", "normal", "sam 3d", "pointmap", "geometry", "monocular", "load model"],
            inputs=[
                field(
                    "model_name",
                    "Which estimator. auto: the best that is on this computer, never downloaded; without any the 'built-in preview', "
                    "a rough first look. 'sam-3d-objects (moge-vitl)' is the one inside SAM 3D Objects (1.3 GB, downloaded once); "
                    "'moge-2-...-normal' gives meters and sharper normals. Files in models/geometry_estimation and "
                    "models/sam3d_geometry are listed too.",
                    default=models.AUTO_MODEL,
                    options=names,
                ),
                field(
                    "precision",
                    "Number format of the network. auto: fp16 on a GPU, fp32 on the CPU and where ComfyUI says so. A "
                    "picture too large for fp16 is computed again in fp32. Choose fp32 if you see bands or holes, bf16 "
                    "on recent CPUs for speed.",
                ),
                field(
                    "keep_loaded",
                    "On: the model stays in memory for the next run (ComfyUI moves it off the GPU when it needs the room). Off: it is "
                    "freed after each run and read again for the next.",
                    is_advanced=True,
                ),
                field(
                    "compile",
                    "On: torch.compile makes the network faster for pictures of one size, as in a clip; the first frame of each size "
                    "then takes a minute or more. Needs a C++ compiler, and Triton on a GPU.",
                    is_advanced=True,
                ),
            ],
            outputs=[result("model", "The model, for Pointmap Inference.", type="SAM3D_GEOMETRY_MODEL")],
        )

    @classmethod
    def fingerprint_inputs(cls, model_name: str, **others: object) -> str:
        """`auto` is another model once a better one has been downloaded."""
        return host_models.model_called(model_name)

    @classmethod
    def execute(cls, model_name: str, precision: str, keep_loaded: bool, compile: bool) -> io.NodeOutput:
        name = host_models.model_called(model_name)
        handle = host_models.ModelHandle(name, precision, keep_loaded, compile)
        if handle.load().model.preview:
            host.notify_once("Built-in preview model", PREVIEW_NOTICE)
        return io.NodeOutput(handle)

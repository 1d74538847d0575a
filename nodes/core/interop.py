"""Translation between ComfyUI core's geometry (MoGe, Depth Anything 3, 3D camera) and ours; conventions differ, see each."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import torch
from comfy_api.latest import io
from torch import nn

from ...sam3d_geometry.estimate.da3_metric import metres_from_output
from ...sam3d_geometry.estimate.inference import BY_MASK, VALIDITIES, plan_inference
from ...sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees
from ...sam3d_geometry.geometry.pointmap import Pointmap
from ...sam3d_geometry.geometry.pointmap_maker import pointmap_of_depth
from ...sam3d_geometry.geometry.resize import Size, resize_image
from ...sam3d_geometry.geometry.transform import with_fov_x
from ...sam3d_geometry.maps.summary import Summary
from ...sam3d_geometry.models import GeometryModel, Prediction
from ..host_models import ModelHandle, tell_overflow
from ..load3d import load3d_camera
from ..sockets import GeometryModelType, require_option

MogeModelType = io.Custom("MOGE_MODEL")
MogeGeometryType = io.Custom("MOGE_GEOMETRY")
DA3GeometryType = io.Custom("DA3_GEOMETRY")

SKY_PROBABILITY = 0.5  # as core's own nodes have it
NO_CAMERA = (
    "The geometry has no camera, as Depth Anything 3 finds none in mono mode; set fov_x_degrees: wire it from Pointmap Inference "
    "for the same photo, or from Field Of View From Lens."
)
CLIP_ROOM = 10.0  # how far the clipping planes of a 3D camera stand off the geometry, as a factor


def model_input(tooltip: str) -> io.Input:
    """The `model` input of a node: ours, or core's MoGe where the host has it."""
    return io.MultiType.Input("model", types=[GeometryModelType, MogeModelType], tooltip=tooltip)


class _CoreNetwork(nn.Module):
    """Core's MoGe network behind the call that our networks have; its camera recovery, in SciPy on the CPU, is not used."""

    core: Any  # ComfyUI's own object, whose class only it knows
    dtype: torch.dtype

    def __init__(self, core: Any):
        super().__init__()
        self.core = core
        self.dtype = core.dtype

    def forward(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        # core asks for fp16 on the CPU too, where torch cannot resize it; its layers cast themselves to what comes in
        dtype = torch.float32 if images.device.type == "cpu" else self.dtype
        said = self.core.model(images.to(dtype), num_tokens=num_tokens)
        mask = said["mask"].float() + (0.5 - self.core.mask_threshold)
        others = {name: None if said.get(name) is None else said[name].float() for name in ("normal", "metric_scale")}
        return Prediction(said["points"].float(), mask.clamp(0, 1), others["normal"], others["metric_scale"])


@dataclass(frozen=True, eq=False)
class _CoreGeometryModel(GeometryModel):
    network: _CoreNetwork

    @property
    def device(self) -> torch.device:
        # parts of the weights may wait on the CPU while the network computes on the GPU
        return torch.device(self.network.core.load_device)

    def predict_in_float32(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """As the base class says; the weights stay as they are, since core's layers cast them to what comes in."""
        self.network.dtype = torch.float32
        try:
            return self.predict(images, num_tokens)
        finally:
            self.network.dtype = self.network.core.dtype


def _name(core) -> str:
    """A name that tells core's model from others of its version, as it does not say which file it is from."""
    some = [p.detach().flatten()[:8].float().cpu().numpy().tobytes() for p in core.model.parameters()]
    return f"core MoGe {core.version} {zlib.crc32(b''.join(some)):08x}"


class CoreModel:
    """Core's loaded MoGe behind the interface of a ModelHandle; core keeps and frees its weights."""

    def __init__(self, core):
        self._core = core
        self.model = _CoreGeometryModel(
            name=_name(core),
            network=_CoreNetwork(core),
            compute_dtype=core.dtype,
            metric=hasattr(core.model, "scale_head"),
            gives_normals=hasattr(core.model, "normal_head"),
            token_range=tuple(core.num_tokens_range),
            on_overflow=tell_overflow,
        )

    def load(self) -> CoreModel:
        return self

    def ready(self, photo_size: Size, resolution: int, frames: int) -> GeometryModel:
        """As `host_models.HostedModel.ready`."""
        import comfy.model_management as mm

        needed = frames * plan_inference(self.model, photo_size, resolution).activation_bytes
        mm.load_models_gpu([self._core.patcher], memory_required=needed)
        return self.model

    def release(self) -> None:
        """Does nothing: core owns the weights."""


def handle_of(model) -> ModelHandle | CoreModel:
    """What comes in on a `model` input, ours or core's, as one interface."""
    if isinstance(model, ModelHandle):
        return model
    if all(hasattr(model, name) for name in ("model", "patcher", "num_tokens_range", "mask_threshold", "load_device")):
        return CoreModel(model)
    raise ValueError(
        f"The model input came as {type(model).__name__}; wire Load SAM3D Geometry, or ComfyUI's own Load MoGe Model, to it."
    )


def _size(tensor: torch.Tensor) -> str:
    return f"{tensor.shape[2]} x {tensor.shape[1]}"


def _picture(geometry: dict, depth: torch.Tensor, name: str) -> torch.Tensor:
    if not isinstance(geometry.get("image"), torch.Tensor) or len(geometry["image"]) != len(depth):
        raise ValueError(
            f"The {name} came without an image for each of its {len(depth)} frames; wire core's own node to it."
        )
    return geometry["image"][..., :3].float().to(depth.device)


def _pointmap(
    depth: torch.Tensor,
    mask: torch.Tensor,
    intrinsics: torch.Tensor,
    image: torch.Tensor,
    *,
    normals: torch.Tensor | None,
    metric: bool,
    source_size: Size | None = None,
) -> Pointmap:
    """Everything at the depth's size; masked depths, inf in core, become 0, and points are put on their pixels' rays."""
    if normals is not None:
        normals = normals.float().to(depth.device)
    size, own_size = (depth.shape[1], depth.shape[2]), (image.shape[1], image.shape[2])
    return pointmap_of_depth(
        depth,
        mask,
        intrinsics,
        resize_image(image, size),
        normals=normals,
        metric=metric,
        source_size=source_size or own_size,
    )


def pointmap_from_moge_geometry(geometry: dict, metric: bool | None = None, validity: str = BY_MASK) -> Pointmap:
    """Core's MOGE_GEOMETRY -> Pointmap; `metric` None takes our own key, or the sign of MoGe 2 and 3: their normals.
    `validity` ALL_FINITE keeps what core's mask leaves out, where core gave a distance to it (its apply_mask off).

    Same axes and intrinsics as ours. Core puts inf where nothing is, and leaves points off their rays when force_projection
    is off: they are derived again from depth. ValueError for a panorama, which has no camera.
    """
    if not isinstance(geometry, dict) or ("depth" not in geometry and "points" not in geometry):
        raise ValueError("The moge_geometry input has neither depth nor points; wire core's Run MoGe Inference to it.")
    depth = geometry["depth"] if "depth" in geometry else geometry["points"][..., 2]
    depth = depth.float()
    if geometry.get("intrinsics") is None:
        raise ValueError(
            "The moge_geometry has no camera, as a panorama has none; only photos of a pinhole camera become a pointmap: use Run "
            "MoGe Inference in place of Run MoGe Panorama Inference."
        )
    masked = "mask" in geometry and validity == BY_MASK
    mask = geometry["mask"].bool().to(depth.device) if masked else torch.ones_like(depth, dtype=torch.bool)
    if metric is None:
        metric = bool(geometry.get("metric", geometry.get("normal") is not None))
    return _pointmap(
        depth,
        mask,
        geometry["intrinsics"].float().to(depth.device),
        _picture(geometry, depth, "moge_geometry"),
        normals=geometry.get("normal"),
        metric=metric,
        source_size=geometry.get("source_size"),
    )


def moge_tensors(pointmap: Pointmap) -> tuple[torch.Tensor, ...]:
    """Points, depth, mask, image and, where the network gave any, normals as core has them: inf where there is nothing."""
    hole = ~pointmap.mask
    tensors = (
        pointmap.points.masked_fill(hole[..., None], torch.inf),
        pointmap.depth.masked_fill(hole, torch.inf),
        pointmap.mask,
        pointmap.image,
    )
    return tensors if pointmap.normals is None else (*tensors, pointmap.normals)


def moge_geometry(tensors: tuple[torch.Tensor, ...], pointmap: Pointmap, source_size: tuple[int, int]) -> dict:
    """Core's MOGE_GEOMETRY from `moge_tensors` of a pointmap; beside core's keys `metric` and `source_size`, which are ours."""
    named = dict(zip(("points", "depth", "mask", "image", "normal"), tensors))
    named["image"] = named["image"].cpu()
    intrinsics = pointmap.intrinsics.to(named["points"].device)
    return named | {"intrinsics": intrinsics, "metric": pointmap.metric, "source_size": tuple(source_size)}


def _da3_intrinsics(geometry: dict, frames: int, size: tuple[int, int], fov_x_degrees: float) -> torch.Tensor:
    """Normalised intrinsics (B, 3, 3). Core's are in pixels of the size that the network ran at, which it does not pass on.

    The principal point is at that picture's centre, so twice of it is the size. Core itself reads them as pixels of the photo.
    """
    if fov_x_degrees:
        return intrinsics_from_fov_x_degrees(fov_x_degrees, *size).expand(frames, 3, 3).clone()
    if geometry.get("intrinsics") is None:
        raise ValueError(NO_CAMERA)
    pixels = geometry["intrinsics"].float().cpu().reshape(-1, 3, 3)
    if len(pixels) != frames:
        raise ValueError(f"The da3_geometry has {len(pixels)} cameras for {frames} frames; one for each is needed.")
    intrinsics = torch.eye(3).repeat(frames, 1, 1)
    intrinsics[:, :2, 2] = 0.5
    intrinsics[:, 0, 0] = pixels[:, 0, 0] / (2 * pixels[:, 0, 2])
    intrinsics[:, 1, 1] = pixels[:, 1, 1] / (2 * pixels[:, 1, 2])
    # core hands out identities where the network found no camera
    found = (pixels[:, :2, 2] > 0).all(-1) & torch.isfinite(intrinsics).flatten(1).all(-1)
    if not bool(found.all()):
        raise ValueError(NO_CAMERA)
    return intrinsics


def _sure(confidence: torch.Tensor, drop_percent: float) -> torch.Tensor:
    """Bool (B, H, W): all but the least sure `drop_percent` of the pixels of each frame."""
    flat = confidence.float().flatten(1)
    dropped = round(flat.shape[1] * drop_percent / 100)
    if dropped == 0:
        return torch.ones_like(confidence, dtype=torch.bool)
    return confidence.float() > flat.kthvalue(dropped, dim=1).values[:, None, None]


def pointmap_from_da3_geometry(
    geometry: dict,
    fov_x_degrees: float,
    metric: bool,
    drop_uncertain_percent: float = 0.0,
    validity: str = BY_MASK,
    da3_network_edge: int | None = None,
) -> Pointmap:
    """Core's DA3_GEOMETRY -> Pointmap; each view in its own camera's axes.

    `fov_x_degrees` above 0 is the camera, and needed where the geometry has none (mono). Sky, but for `validity` ALL_FINITE, and
    the least confident share of each frame's pixels are masked out where the network tells them.
    `da3_network_edge` says that the depth is DA3-Metric's, of which metres are made: longer side of the picture that it saw,
    which core does not pass on.
    """
    if not isinstance(geometry, dict) or "depth" not in geometry:
        raise ValueError("The da3_geometry input has no depth; wire core's Run Depth Anything 3 to it.")
    depth = geometry["depth"].float()
    mask = torch.ones_like(depth, dtype=torch.bool)
    if geometry.get("sky") is not None and validity == BY_MASK:
        mask &= geometry["sky"].to(depth.device) < SKY_PROBABILITY
    if geometry.get("confidence") is not None:
        mask &= _sure(geometry["confidence"].to(depth.device), drop_uncertain_percent)
    intrinsics = _da3_intrinsics(geometry, len(depth), tuple(depth.shape[1:]), fov_x_degrees).to(depth.device)
    if da3_network_edge is not None:
        depth = metres_from_output(depth, intrinsics, da3_network_edge)
    return _pointmap(depth, mask, intrinsics, _picture(geometry, depth, "da3_geometry"), normals=None, metric=metric)


def pointmap_from_geometry(
    geometry: dict,
    metric: bool | None = None,
    fov_x_degrees: float = 0.0,
    drop_uncertain_percent: float = 0.0,
    validity: str = BY_MASK,
    da3_network_edge: int | None = None,
) -> Pointmap:
    """Core's MOGE_GEOMETRY or DA3_GEOMETRY -> Pointmap, told apart by their keys: only MoGe's has points or a mask.

    `metric` None takes what `pointmap_from_moge_geometry` finds, and no for Depth Anything. `fov_x_degrees` above 0 replaces the
    geometry's camera. `validity` says whether sky and what MoGe masks out is left out; `da3_network_edge` as in
    `pointmap_from_da3_geometry`.
    """
    require_option("validity", validity, VALIDITIES)
    if not isinstance(geometry, dict) or not {"depth", "points"} & set(geometry):
        raise ValueError(
            "The geometry input has neither depth nor points; wire core's Run MoGe Inference or Run Depth Anything 3 to it."
        )
    if "points" not in geometry and "mask" not in geometry:
        return pointmap_from_da3_geometry(
            geometry,
            fov_x_degrees,
            bool(metric),
            drop_uncertain_percent,
            validity=validity,
            da3_network_edge=da3_network_edge,
        )
    if da3_network_edge is not None:
        raise ValueError(
            "metric is da3-metric, and the geometry is MoGe's; set metric to auto, or wire Run Depth Anything 3 to it."
        )
    pointmap = pointmap_from_moge_geometry(geometry, metric, validity)
    return with_fov_x(pointmap, fov_x_degrees) if fov_x_degrees else pointmap


def photo_camera(summary: Summary, frame: int = 0) -> dict:
    """LOAD3D_CAMERA of a photo's camera: at the origin, looking along -Z at the middle of the depths."""
    near, far = float(summary.near[frame]) or 1.0, float(summary.far[frame]) or 1.0
    height, width = summary.source_size
    return load3d_camera(
        torch.eye(4),
        target_distance=(near * far) ** 0.5,
        fov_y_degrees=float(summary.fov_y[frame]),
        aspect=width / height,
        near=near / CLIP_ROOM,
        far=far * CLIP_ROOM,
    )

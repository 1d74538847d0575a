"""From photos to a Pointmap: a network's affine prediction, the camera recovered from it, and memory kept in bounds."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch.nn import functional as F

from ..geometry.camera import diagonal_focal_from_fov_x_degrees, intrinsics_from_diagonal_focal
from ..geometry.colour import put_over_gray, without_nan
from ..geometry.pointmap import Pointmap
from ..geometry.pointmap_maker import FARTHEST_DEPTH, pointmap_of_depth
from ..geometry.progress import OnProgress
from ..geometry.resize import Size, resize_image, resize_mask, size_for_long_edge
from ..models import GeometryModel, Prediction
from .edge_refinement import refined_each
from .focal import recover_focal_and_shift

log = logging.getLogger(__name__)

MASK_THRESHOLD = 0.5
BY_MASK, ALL_FINITE = VALIDITIES = (
    "mask",
    "all finite",
)  # what the network holds for geometry, or all that it gave points
WHERE_SOFT, REFINED, AS_GIVEN = REFINEMENTS = ("auto", "on", "off")  # depth edges brought onto those of the photo
AT_PHOTO = "photo"  # the same at the photo's own resolution, for which `refine_depth_edges` is called afterwards
PIXELS_PER_TOKEN = 14 * 14  # a ViT token of MoGe covers 14 x 14 pixels
BYTES_PER_PIXEL = 1024  # of the photo at the network's size, in its forward pass


def tokens_for_size(size: Size, token_range: tuple[int, int]) -> int:
    """Number of ViT tokens for an inference size (height, width), within the range the model was trained for."""
    least, most = token_range
    return int(min(max(size[0] * size[1] / PIXELS_PER_TOKEN, least), most))


def refines_edges(model: GeometryModel, refine_edges: str) -> bool:
    """Whether a choice of REFINEMENTS asks for refined edges of what this model gives."""
    return refine_edges == REFINED or (refine_edges == WHERE_SOFT and model.preview)


def _check_images(images: torch.Tensor) -> None:
    if images.dim() != 4 or images.shape[-1] not in (1, 3, 4) or 0 in images.shape:
        raise ValueError(
            f"The images came as a tensor of shape {tuple(images.shape)}; (frames, height, width, 3) with at least one frame "
            "and one pixel is needed."
        )
    if not images.is_floating_point():
        raise ValueError(f"The images came as {images.dtype}; float values in [0, 1] are needed (divide uint8 by 255).")


def _check_settings(resolution: int, validity: str, refine_edges: str) -> None:
    if resolution < 1:
        raise ValueError(f"Inference resolution came as {resolution}; it must be at least 1 (256 to 1024 is usual).")
    if validity not in VALIDITIES:
        raise ValueError(f"Input validity came as {validity!r}; choose one of {', '.join(VALIDITIES)}.")
    if refine_edges not in REFINEMENTS:
        raise ValueError(f"Input refine_edges came as {refine_edges!r}; choose one of {', '.join(REFINEMENTS)}.")


def _clean(images: torch.Tensor) -> torch.Tensor:
    """Images (B, H, W, 1, 3 or 4) of any float type -> (B, H, W, 3) float32 in [0, 1] without nan, put over gray by their alpha."""
    images = without_nan(images.float())
    if images.shape[-1] == 4:
        images = put_over_gray(images)
    return images.expand(-1, -1, -1, 3)


def _is_out_of_memory(error: RuntimeError) -> bool:
    # CUDA and ROCm have a class of their own; MPS and the CPU allocator say it in words
    text = str(error).lower()
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in text or "not enough memory" in text


def _network_size(source: Size, size: Size, num_tokens: int, pixels_per_token_edge: int) -> Size:
    """The size at which photos are given to the network: what it can use, never more than the photo has."""
    area = max(num_tokens * pixels_per_token_edge**2, size[0] * size[1])
    long_edge = round(max(source) * (area / (source[0] * source[1])) ** 0.5)
    return size_for_long_edge(source, max(long_edge, max(size)))


def _to_size(values: torch.Tensor, size: Size) -> torch.Tensor:
    if tuple(values.shape[1:3]) == tuple(size):
        return values
    planes = values[:, None] if values.dim() == 3 else values.movedim(-1, 1)
    planes = F.interpolate(planes, size, mode="bilinear", align_corners=False)
    return planes[:, 0] if values.dim() == 3 else planes.movedim(1, -1)


def pointmap_from_prediction(
    prediction: Prediction,
    image: torch.Tensor,
    metric: bool,
    source_size: Size,
    fov_x_degrees: float | torch.Tensor | None = None,
    validity: str = BY_MASK,
) -> Pointmap:
    """A network's prediction (B, H, W) and the photos (B, H, W, 3) -> a Pointmap on the prediction's device.

    Focal length and z-shift are recovered from the affine points unless `fov_x_degrees` or the network gives the focal
    length; then every point is put on its pixel's ray at its depth, in metres where the network gives the scale. `validity`
    ALL_FINITE keeps points that the network's mask leaves out, too; the camera is found from those of the mask where it has any.
    """
    points = prediction.points
    _, height, width, _ = points.shape
    finite = (points.abs() < FARTHEST_DEPTH).all(-1)  # so far out, one point would pull the camera along
    mask = (prediction.mask_probability > MASK_THRESHOLD) & finite
    if validity == ALL_FINITE:
        mask = mask | (finite & ~mask.flatten(1).any(1)[:, None, None])
    known = None
    if fov_x_degrees is not None:
        known = diagonal_focal_from_fov_x_degrees(fov_x_degrees, width / height).to(points.device).expand(len(points))
    if prediction.focal is None:
        recovered = recover_focal_and_shift(points, mask, known)
        focal, shift, spread = recovered.focal, recovered.shift, None if known is not None else recovered.spread
    else:
        focal = prediction.focal if known is None else known
        shift, spread = torch.zeros_like(prediction.focal), None
    depth = points[..., 2] + shift[:, None, None]
    mask = (finite if validity == ALL_FINITE else mask) & (depth > 0)
    if prediction.metric_scale is not None:
        depth = depth * prediction.metric_scale[:, None, None]
    intrinsics = intrinsics_from_diagonal_focal(focal, width / height)
    return pointmap_of_depth(
        depth,
        mask,
        intrinsics,
        image,
        normals=prediction.normals,
        metric=metric,
        source_size=(source_size[0], source_size[1]),
        fov_spread=spread,
    )


class _Frames:
    """Room for the frames of a whole clip on one device, filled chunk by chunk without a second copy."""

    def __init__(self, frames: int, device: torch.device):
        self._frames = frames
        self._device = device
        self._tensors: dict[str, torch.Tensor] = {}
        self._others: dict[str, Any] = {}

    def put(self, start: int, chunk: Pointmap) -> None:
        for field in fields(chunk):
            value = getattr(chunk, field.name)
            if isinstance(value, torch.Tensor):
                if field.name not in self._tensors:
                    shape = (self._frames, *value.shape[1:])
                    self._tensors[field.name] = torch.empty(shape, dtype=value.dtype, device=self._device)
                self._tensors[field.name][start : start + len(value)] = value
            else:
                self._others[field.name] = value

    def pointmap(self) -> Pointmap:
        return Pointmap(**self._tensors, **self._others)


@dataclass(frozen=True)
class InferencePlan:
    """What one frame costs at a resolution.

    size              (height, width) of its pointmap
    num_tokens        that the network works with
    activation_bytes  rough memory of its forward pass: the decoder's maps at the photo's resolution outweigh the transformer's
    """

    size: Size
    num_tokens: int

    @property
    def activation_bytes(self) -> int:
        return self.num_tokens * PIXELS_PER_TOKEN * BYTES_PER_PIXEL


def plan_inference(model: GeometryModel, source: Size, resolution: int) -> InferencePlan:
    """Size, tokens and memory of a photo of the size `source` (height, width) at a long edge of `resolution` or the photo's."""
    size = size_for_long_edge(source, resolution)
    return InferencePlan(size, tokens_for_size(size, model.token_range))


def infer_pointmap(
    model: GeometryModel,
    images: torch.Tensor,
    *,
    mask: torch.Tensor | None = None,
    resolution: int = 512,
    fov_x_degrees: float | None = None,
    validity: str = BY_MASK,
    refine_edges: str = WHERE_SOFT,
    frames_per_batch: int = 4,
    on_progress: OnProgress | None = None,
) -> Pointmap:
    """Photos (B, H, W, 3) float in [0, 1] -> their Pointmap on the photos' device, long edge `resolution` or the photo's.

    `mask` (B or 1, h, w) in [0, 1], of any size, keeps only an object's points; the camera is still recovered from the
    whole photo. `fov_x_degrees` fixes the camera. `validity` is one of VALIDITIES, see `pointmap_from_prediction`. `refine_edges`
    is one of REFINEMENTS: "auto" refines the soft edges of the built-in network (`refine_depth_edges`, at the pointmap's own size, each
    frame for itself) and leaves those of others. `frames_per_batch` frames go through the network at once, halved when the device
    runs out of memory. `on_progress(done, total)` is called after each batch and may raise to stop.
    """
    _check_images(images)
    _check_settings(resolution, validity, refine_edges)
    frames, source = len(images), (images.shape[1], images.shape[2])
    if mask is not None and (mask.dim() != 3 or len(mask) not in (1, frames)):
        raise ValueError(
            f"The mask came as {tuple(mask.shape)}; (frames, height, width) with 1 or {frames} frames is needed to fit the images."
        )
    if mask is not None and not bool((mask >= 0.5).any()):
        raise ValueError(
            "The mask is empty, so no pixel would be left; leave the mask input unconnected or give it one that is white on "
            "the object (Load Image gives an empty one for a photo without transparency)."
        )
    plan = plan_inference(model, source, resolution)
    size, num_tokens = plan.size, plan.num_tokens
    network_size = _network_size(source, size, num_tokens, model.pixels_per_token_edge)
    refines = refines_edges(model, refine_edges)
    result = _Frames(frames, images.device)
    done, at_once = 0, max(1, frames_per_batch)
    while done < frames:
        chunk = slice(done, min(done + at_once, frames))
        try:
            prediction, image = _predict_chunk(model, images[chunk], size, network_size, num_tokens)
            pointmap = pointmap_from_prediction(prediction, image, model.metric, source, fov_x_degrees, validity)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            if at_once == 1:
                raise MemoryError(
                    f"{model.device} ran out of memory on a single frame at inference resolution {resolution}; lower the "
                    "resolution, choose a smaller model or free memory."
                ) from error
            at_once //= 2
            log.warning("Out of memory with %d frames at once; going on with %d.", at_once * 2, at_once)
            continue
        if refines:
            pointmap = refined_each(pointmap)
        if mask is not None:
            object_mask = resize_mask((mask if len(mask) == 1 else mask[chunk]).to(pointmap.device), size)
            pointmap = pointmap.masked(object_mask)
        result.put(done, pointmap)
        done = chunk.stop
        if on_progress is not None:
            on_progress(done, frames)
    return result.pointmap()


def _overflowed(prediction: Prediction) -> torch.Tensor:
    """Bool (B,): frames with a number that is not finite where there may be geometry, or with such numbers and no geometry."""
    finite = torch.isfinite(prediction.points).all(-1) & torch.isfinite(prediction.mask_probability)
    empty = ~(prediction.mask_probability > MASK_THRESHOLD)
    lost = ~finite & ~(prediction.mask_probability <= MASK_THRESHOLD)
    overflowed = lost.flatten(1).any(1) | (empty.flatten(1).all(1) & ~finite.flatten(1).all(1))
    for value in (prediction.metric_scale, prediction.focal):
        if value is not None:
            overflowed |= ~torch.isfinite(value)
    return overflowed


def _predict(model: GeometryModel, images: torch.Tensor, num_tokens: int) -> Prediction:
    """The model's prediction; frames in which half precision overflows are computed once more, in float32."""
    prediction = model.predict(images, num_tokens)
    if model.compute_dtype == torch.float32:
        return prediction
    overflowed = _overflowed(prediction)
    if not bool(overflowed.any()):
        return prediction
    precision = str(model.compute_dtype).removeprefix("torch.")
    model.on_overflow(
        f"{model.name} gave numbers too large for {precision} on some pictures, so those were computed again in float32, which "
        "takes longer; set precision to fp32 to compute all in it from the start."
    )
    again = model.predict_in_float32(images[overflowed.to(images.device)], num_tokens)
    given = {field.name: getattr(prediction, field.name) for field in fields(prediction)}
    mended = {name: value.clone() for name, value in given.items() if value is not None}
    for name, value in mended.items():
        value[overflowed] = getattr(again, name)
    return replace(prediction, **mended)


def _predict_chunk(
    model: GeometryModel, images: torch.Tensor, size: Size, network_size: Size, num_tokens: int
) -> tuple[Prediction, torch.Tensor]:
    """The prediction for photos (B, H, W, 3) brought to `size`, and the photos at that size, on one device."""
    # antialiased resizing has no kernel on MPS in every supported torch
    device = torch.device("cpu") if model.device.type == "mps" else model.device
    network_images = resize_image(_clean(images.to(device)), network_size)
    prediction = _predict(model, network_images.movedim(-1, 1), num_tokens)
    prediction = Prediction(
        _to_size(prediction.points, size),
        _to_size(prediction.mask_probability, size),
        None if prediction.normals is None else _to_size(prediction.normals, size),
        prediction.metric_scale,
        prediction.focal,
    )
    return prediction, resize_image(network_images, size).to(prediction.points.device)

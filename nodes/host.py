"""The only file that talks to ComfyUI's memory manager, progress bar and model folders; `host_folders` names its files."""

from __future__ import annotations

import logging
import math
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch

from ..sam3d_geometry import models
from ..sam3d_geometry.estimate.inference import plan_inference
from ..sam3d_geometry.geometry.pointmap import Pointmap, require_frames
from ..sam3d_geometry.geometry.resize import Size
from ..sam3d_geometry.models import GeometryModel

log = logging.getLogger(__name__)

CORE_FOLDER = "geometry_estimation"  # ComfyUI's own since 0.22
OWN_FOLDER = "sam3d_geometry"
MODEL_EXTENSIONS = {".safetensors", ".pt", ".pth"}
FRAMES_AT_ONCE = 4
PIXELS_AT_ONCE = 4 * 1920 * 1088  # of the photo: four frames of HD, and of larger ones fewer


def model_folders() -> list[str]:
    """Folders in which models are looked for; the first takes downloads, and extra_model_paths.yaml comes first."""
    import folder_paths

    folders = []
    for key in (CORE_FOLDER, OWN_FOLDER):
        folder_paths.add_model_folder_path(key, os.path.join(folder_paths.models_dir, key))
        paths, extensions = folder_paths.folder_names_and_paths[key]
        # the set of a core key is shared between keys: a new one is assigned, never changed in place
        folder_paths.folder_names_and_paths[key] = (paths, set(extensions) | MODEL_EXTENSIONS)
        folders += paths
    return folders


def compute_device() -> torch.device:
    import comfy.model_management as mm

    return mm.get_torch_device()


_notified: set[str] = set()


def notify_once(summary: str, detail: str) -> None:
    """Tells the user something once per start of ComfyUI: in the log and as a toast in the page."""
    if summary in _notified:
        return
    _notified.add(summary)
    log.warning("%s: %s", summary, detail)
    try:
        from server import PromptServer
    except ImportError:  # nodes run without ComfyUI's server
        return
    server = getattr(PromptServer, "instance", None)
    if server is not None:
        message = {"severity": "warn", "summary": summary, "detail": detail}
        server.send_sync("sam3d_geometry.notice", message, server.client_id)


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int, int], None]]:
    """A callback (done, total) that moves the node's progress bar and raises when the user has pressed cancel."""
    import comfy.model_management as mm
    import comfy.utils

    bar = comfy.utils.ProgressBar(total)

    def on_progress(done: int, total: int) -> None:
        bar.update_absolute(done, total)
        mm.throw_exception_if_processing_interrupted()

    yield on_progress


def by_chunk(
    pointmap: Pointmap, function: Callable[[Pointmap, slice], tuple[torch.Tensor, ...]]
) -> tuple[torch.Tensor, ...]:
    """`function` over a few frames at a time on the compute device; its tensors joined on ComfyUI's intermediate device.

    Working memory stays that of a few frames however long the clip, and the user can cancel in between.
    """
    import comfy.model_management as mm

    device, results = mm.intermediate_device(), None
    pixels = max(math.prod(pointmap.source_size), math.prod(pointmap.size))
    at_once = max(1, min(FRAMES_AT_ONCE, PIXELS_AT_ONCE // pixels))
    with progress_bar(len(pointmap)) as on_progress:
        for start in range(0, len(pointmap), at_once):
            part = slice(start, min(start + at_once, len(pointmap)))
            outputs = function(pointmap[part].to(mm.get_torch_device()), part)
            if results is None:
                results = tuple(
                    torch.empty((len(pointmap), *o.shape[1:]), dtype=o.dtype, device=device) for o in outputs
                )
            for result, output in zip(results, outputs):
                result[part] = output
            on_progress(part.stop, len(pointmap))
    return results


def pointmap_by_chunk(pointmap: Pointmap, function: Callable[[Pointmap, slice], Pointmap]) -> Pointmap:
    """`by_chunk` for a function from a pointmap to a pointmap of as many frames."""
    names, made = ("points", "mask", "intrinsics", "image", "normals"), []

    def tensors(frames: Pointmap, part: slice) -> tuple[torch.Tensor, ...]:
        made[:] = [function(frames, part)]
        return tuple(getattr(made[0], name) for name in names if getattr(made[0], name) is not None)

    results = by_chunk(pointmap, tensors)
    return replace(made[0], **dict(zip(names, results)))


def collected(parts: Iterator[tuple[torch.Tensor, ...]], count: int) -> tuple[torch.Tensor, ...]:
    """Tensors made `count` times, with frames first, joined on ComfyUI's intermediate device as they come."""
    import comfy.model_management as mm

    device, results = mm.intermediate_device(), None
    with progress_bar(count) as on_progress:
        for i, outputs in enumerate(parts):
            if results is None:
                results = tuple(
                    torch.empty((count * len(o), *o.shape[1:]), dtype=o.dtype, device=device) for o in outputs
                )
            for result, output in zip(results, outputs):
                result[i * len(output) : (i + 1) * len(output)] = output
            on_progress(i + 1, count)
    return results


def frames_of(images: torch.Tensor | None, part: slice, device: torch.device) -> torch.Tensor | None:
    """The frames of an optional image or mask input that belong to a chunk; a single one serves all frames."""
    if images is None:
        return None
    return (images if len(images) == 1 else images[part]).to(device)


def by_frame(
    pointmap: Pointmap, function: Callable[[Pointmap, torch.Tensor | None], object], image: torch.Tensor | None = None
) -> list:
    """`function` of every frame, on the compute device, and of its picture (1, H, W, 3) where there are any; one serves all."""
    require_frames("image", image, len(pointmap))
    results = []
    with progress_bar(len(pointmap)) as on_progress:
        for i in range(len(pointmap)):
            part = slice(i, i + 1)
            try:
                made = function(pointmap[part].to(compute_device()), frames_of(image, part, torch.device("cpu")))
            except ValueError as error:
                if len(pointmap) == 1:
                    raise
                raise ValueError(f"Frame {i}: {error}") from error
            results.append(made)
            on_progress(i + 1, len(pointmap))
    return results


class _Box(torch.nn.Module):
    """Holds a network for ComfyUI's ModelPatcher, which sets a `device` that MoGe's own class has as read-only."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network


class HostedModel:
    """A loaded model that ComfyUI's memory manager moves on and off the device."""

    def __init__(self, model: GeometryModel, device: torch.device):
        import comfy.model_management as mm
        import comfy.model_patcher

        # read at call time: ComfyUI swaps the class at start on some set-ups
        patcher_class = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)
        self.model = model
        self.patcher = patcher_class(_Box(model.network), load_device=device, offload_device=mm.unet_offload_device())

    def ready(self, photo_size: Size, resolution: int, frames: int) -> GeometryModel:
        """The model on its device, with room for so many frames (of a photo size (height, width)) at once."""
        import comfy.model_management as mm

        needed = frames * plan_inference(self.model, photo_size, resolution).activation_bytes
        # a partial load would leave some of the plain torch modules on the CPU
        mm.load_models_gpu([self.patcher], memory_required=needed, force_full_load=True)
        return self.model


_hosted: weakref.WeakValueDictionary[tuple, HostedModel] = weakref.WeakValueDictionary()


@dataclass
class ModelHandle:
    """What flows on a SAM3D_GEOMETRY_MODEL wire: which model, and a hold on the shared loaded copy."""

    name: str
    precision: str
    keep_loaded: bool
    compiled: bool = False
    _hold: HostedModel | None = field(default=None, repr=False)

    def load(self) -> HostedModel:
        """The one loaded copy of this model in this precision, read from disk or downloaded if there is none."""
        import comfy.model_management as mm

        device = compute_device()
        key = (self.name, self.precision, self.compiled, str(device))
        hosted = _hosted.get(key)
        if hosted is None:
            with progress_bar(100) as on_progress:
                model = models.load_model(
                    self.name,
                    device=device,
                    weights_device=mm.unet_offload_device(),
                    precision=self.precision,
                    folders=model_folders(),
                    compiled=self.compiled,
                    on_progress=on_progress,
                )
            hosted = _hosted[key] = HostedModel(model, device)
        self._hold = hosted
        return hosted

    def release(self) -> None:
        """Frees the weights unless they are to be kept; the next run reads them again."""
        if not self.keep_loaded:
            import comfy.model_management as mm

            self._hold = None
            mm.soft_empty_cache()


def nothing(reason: str | None = None) -> object:
    """What an output gives that has nothing to give: the nodes behind it do not run, and say the reason if there is one."""
    from comfy_execution.graph_utils import ExecutionBlocker

    return ExecutionBlocker(reason)

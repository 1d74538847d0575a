"""Models in ComfyUI's folders and in the hands of its memory manager."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass, field, replace

import torch

from ..sam3d_geometry import models
from ..sam3d_geometry.estimate.inference import plan_inference
from ..sam3d_geometry.geometry.kept import KEPT
from ..sam3d_geometry.geometry.resize import Size
from ..sam3d_geometry.models import GeometryModel
from .host import compute_device, notify_once, progress_bar

CORE_FOLDER = "geometry_estimation"  # ComfyUI's own since 0.22
OWN_FOLDER = "sam3d_geometry"
MODEL_EXTENSIONS = {".safetensors", ".pt", ".pth"}


def tell_overflow(sentence: str) -> None:
    """Says on the page that half precision was not enough."""
    notify_once("Half precision was not enough", sentence)


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


def model_called(name: str) -> str:
    """The model that a name of the menu stands for now: `auto` is the best that is on this machine."""
    return models.best_on_disk(model_folders()) if name == models.AUTO_MODEL else name


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
        self.model = replace(model, on_overflow=tell_overflow)
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
                    half=mm.should_use_fp16(device),  # knows --force-fp32 and cards on which fp16 is broken
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
            KEPT.clear()
            mm.soft_empty_cache()

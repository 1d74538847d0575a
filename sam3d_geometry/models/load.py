"""From a name to a model that can predict."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from ..geometry.progress import OnProgress
from .catalogue import AUTO_MODEL, PREVIEW, ModelCard, card_named
from .checkpoint import Checkpoint, read_checkpoint
from .download import download
from .find import PIPELINE, SUFFIXES, Folder, best_on_disk, download_name, find_card, find_local, search_folders
from .geometry_model import GeometryModel
from .model_error import ModelError
from .moge import build_moge
from .moge_v3 import RefinedMoGeV3Network
from .precision import compute_dtype, prepare_weights
from .preview import TOKEN_RANGE, load_preview
from .sam3d_objects import REPOSITORY, find_pipeline, is_hub_name, obtain_pipeline, read_pipeline

LONGEST_SHOWN = 200  # characters of a name in a message

logger = logging.getLogger(__name__)


def load_model(
    name: str,
    *,
    device: str | torch.device = "cpu",
    weights_device: str | torch.device | None = None,
    precision: str = "auto",
    half: bool | None = None,
    folders: Sequence[Folder] = (),
    allow_download: bool = True,
    compiled: bool = False,
    on_progress: OnProgress | None = None,
) -> GeometryModel:
    """A model by AUTO_MODEL (`best_on_disk`), its catalogue id, a file in the folders, a path, or a copy of facebook/sam-3d-objects, in eval mode.

    device: where the model is to compute, which sets the type for precision "auto" (fp16 on CUDA, ROCm, MPS), unless
    `half` says whether it is fp16.
    weights_device: where the weights are put now, by default `device`; a memory manager keeps them elsewhere.
    folders: searched in order; the first one receives downloads; none means ~/.cache/sam3d_geometry.
    allow_download: False never asks the network. compiled: as `GeometryModel.with_compilation`. on_progress: called with (bytes done, bytes in all) of a download;
    what it raises stops the download, and the next one continues. Raises ModelError, one sentence, without a model.
    """
    device = torch.device(device)
    dtype = compute_dtype(precision, device, half)
    name = best_on_disk(folders) if name == AUTO_MODEL else name
    if name == PREVIEW:
        # Three million parameters gain nothing from half precision unless it is asked for.
        dtype = torch.float32 if precision == "auto" else dtype
        network = load_preview()
        model = GeometryModel(
            name, network, dtype, metric=False, gives_normals=False, token_range=TOKEN_RANGE, preview=True
        )
    else:
        network = build_moge(_checkpoint(name, folders, allow_download, on_progress))
        dtype = torch.float32 if isinstance(network, RefinedMoGeV3Network) else dtype
        model = GeometryModel(
            name,
            network,
            dtype,
            metric=network.metric,
            gives_normals=network.gives_normals,
            token_range=network.token_range,
        )
    prepare_weights(network, dtype)
    logger.info("Loaded %s in %s on %s", name, str(dtype).removeprefix("torch."), device)
    model = _on_device(model, network, device if weights_device is None else torch.device(weights_device))
    return model.with_compilation() if compiled else model


def _on_device(model: GeometryModel, network: nn.Module, device: torch.device) -> GeometryModel:
    try:
        return model.to(device)
    except (RuntimeError, AssertionError) as error:
        needed = sum(p.numel() * p.element_size() for p in network.parameters()) / 2**20
        raise ModelError(
            f"{model.name} ({needed:,.0f} MiB) cannot be put on {device} ({str(error).splitlines()[0]}): "
            "free memory there, choose a smaller model, or another device."
        ) from error


def _checkpoint(
    name: str,
    folders: Sequence[Folder],
    allow_download: bool,
    on_progress: OnProgress | None,
) -> Checkpoint:
    card = card_named(name)
    if card is not None:
        return _expect(card.version, read_checkpoint(_card_file(card, folders, allow_download, on_progress)))
    if name.lower() == REPOSITORY:
        pipeline = obtain_pipeline(folders, allow_download, on_progress)
    else:
        path = find_local(name, folders)
        if path is None:
            places = ", ".join(map(str, search_folders(folders)))
            raise ModelError(
                f"{_short_name(name)} is neither in the catalogue nor a file in {places}: "
                "choose a model from the menu or put the file there."
            )
        pipeline = find_pipeline(path)
        if pipeline is None:
            return read_checkpoint(_weights_in(path) if path.is_dir() else path)
    depth_model = read_pipeline(pipeline)
    _refuse_pipeline(depth_model.source, pipeline, folders)
    if is_hub_name(depth_model.source) and card_named(depth_model.source) is None:
        repository = depth_model.source
        card = ModelCard(
            name=repository,
            repository=repository,
            filename="model.pt",
            version=depth_model.version,
            parameters="unknown",
            metric=False,
            gives_normals=False,
            licence="unknown",
            note=f"named by {pipeline}",
        )
        return _expect(card.version, read_checkpoint(_card_file(card, folders, allow_download, on_progress)))
    return _expect(depth_model.version, _checkpoint(depth_model.source, folders, allow_download, on_progress))


def _short_name(name: str) -> str:
    """A name as a message says it: its beginning where it is absurdly long."""
    return name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}... ({len(name):,} characters)"


def _refuse_pipeline(source: str, pipeline: Path, folders: Sequence[Folder]) -> None:
    """Raises ModelError where a pipeline.yaml names one again, itself perhaps, in place of weights."""
    local = find_local(source, folders)
    if source.lower() == REPOSITORY or (local is not None and find_pipeline(local) is not None):
        raise ModelError(
            f"{pipeline} names {source} as its depth model, which is a {PIPELINE} again: name the weights there, for example "
            "Ruicheng/moge-vitl."
        )


def _card_file(
    card: ModelCard,
    folders: Sequence[Folder],
    allow_download: bool,
    on_progress: OnProgress | None,
) -> Path:
    found = find_card(card, folders)
    if found is not None:
        return found
    target = search_folders(folders)[0] / download_name(card)
    if not allow_download:
        raise ModelError(
            f"{card.name} is not on this machine and downloading is switched off: allow it, or put {card.filename} "
            f"from {card.url} at {target}."
        )
    return download(card.repository, card.filename, target, on_progress)


def _weights_in(folder: Path) -> Path:
    """The one model file of a directory, such as a hub repository copied whole."""
    for name in ("model.safetensors", "model.pt"):
        if (folder / name).is_file():
            return folder / name
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    if len(files) == 1:
        return files[0]
    raise ModelError(
        f"{folder} holds {len(files)} model files and no pipeline.yaml: "
        f"name the file to load, or a copy of {REPOSITORY}."
    )


def _expect(version: str, checkpoint: Checkpoint) -> Checkpoint:
    if checkpoint.version != version:
        raise ModelError(
            f"{checkpoint.name} holds MoGe {checkpoint.version[1:]} weights where MoGe {version[1:]} was expected: "
            "delete it to download the right file, or choose it by its own name."
        )
    return checkpoint

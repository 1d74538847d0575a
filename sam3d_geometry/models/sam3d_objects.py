"""Finds the depth model that a copy of facebook/sam-3d-objects names, reading its pipeline.yaml as data only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..geometry.progress import OnProgress
from .download import download
from .find import PIPELINE, Folder, find_in_hub_cache, is_there, search_folders
from .model_error import ModelError

REPOSITORY = "facebook/sam-3d-objects"
PIPELINE_IN_REPOSITORY = f"checkpoints/{PIPELINE}"

_PLACES = ("", "checkpoints", "checkpoints/hf", "hf")
_TARGET = re.compile(r"moge\.model\.(v[0-9]+)\.MoGeModel(\.from_pretrained)?")
LONGEST_SOURCE = 1024  # characters of a path or repository; disks take no more
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class DepthModel:
    """The depth model of a SAM 3D Objects pipeline: MoGe version, and hub repository or path of its weights."""

    version: str
    source: str


def find_pipeline(path: Path) -> Path | None:
    """The pipeline.yaml in a local copy of the repository, or the file itself when `path` is one."""
    if path.is_file():
        return path if path.suffix in (".yaml", ".yml") else None
    return next((path / place / PIPELINE for place in _PLACES if (path / place / PIPELINE).is_file()), None)


def obtain_pipeline(
    folders: Sequence[Folder],
    allow_download: bool,
    on_progress: OnProgress | None = None,
) -> Path:
    """pipeline.yaml of facebook/sam-3d-objects: from the folders, the Hugging Face cache, or the gated repository.

    Only this file of a few kilobytes is downloaded. Raises ModelError when it cannot be had.
    """
    searched = search_folders(folders)
    for folder in searched:
        found = find_pipeline(folder / "sam-3d-objects")
        if found is not None:
            return found
    cached = find_in_hub_cache(REPOSITORY, PIPELINE_IN_REPOSITORY)
    if cached is not None:
        return cached
    target = searched[0] / "sam-3d-objects" / "checkpoints" / PIPELINE
    if not allow_download:
        raise ModelError(
            f"{REPOSITORY} is not on this machine and downloading is switched off: allow it, put its {PIPELINE} at "
            f"{target}, or choose `sam-3d-objects (moge-vitl)`, which needs no access."
        )
    return download(REPOSITORY, PIPELINE_IN_REPOSITORY, target, on_progress)


def read_pipeline(path: Path) -> DepthModel:
    """The depth model that a pipeline.yaml names; nothing that the file asks for is imported or built.

    Raises ModelError when the file is not readable YAML or its depth model is not MoGe.
    """
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_plain_loader())
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: choose a copy of {REPOSITORY} that is complete.") from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is not valid YAML: copy {PIPELINE} from {REPOSITORY} again.") from error
    model = _at(content, "depth_model", "model")
    source = _at(model, "pretrained_model_name_or_path")
    if not isinstance(source, str) or not source.strip():
        raise ModelError(
            f"{path} names no depth model at depth_model.model.pretrained_model_name_or_path: "
            f"use the {PIPELINE} of {REPOSITORY}."
        )
    if len(source) > LONGEST_SOURCE or not source.isprintable():
        raise ModelError(
            f"{path} names a depth model by {len(source):,} characters that are no path and no repository: use the {PIPELINE} of "
            f"{REPOSITORY}."
        )
    target = _at(model, "_target_")
    match = _TARGET.fullmatch(target) if isinstance(target, str) else None
    if match is None:
        raise ModelError(
            f"{path} names the depth model {target}, and only MoGe can be loaded: use the {PIPELINE} of {REPOSITORY}."
        )
    return DepthModel(match.group(1), _resolved(source.strip(), path))


def is_hub_name(source: str) -> bool:
    """Whether a source has the form owner/name."""
    return _HUB_NAME.fullmatch(source) is not None


def _resolved(source: str, pipeline: Path) -> str:
    local = pipeline.parent / source
    return str(local) if is_there(local) or not is_hub_name(source) else source


def _at(content: Any, *keys: str) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _plain_loader() -> type:
    """A loader for which every tag it does not know, a Python object for instance, is an empty value."""
    import yaml

    class PlainLoader(yaml.SafeLoader):
        pass

    PlainLoader.add_multi_constructor("", lambda loader, suffix, node: None)
    return PlainLoader

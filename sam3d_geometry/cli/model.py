"""The network that the options ask for: refused before it is loaded where that can be told, then loaded."""

from __future__ import annotations

import argparse
from typing import Any

import torch

from .. import models
from ..models.catalogue import card_named
from .progress import Progress

AUTO_DEVICE = "auto"


def best_device() -> str:
    """A GPU where there is one."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def require_device(name: str) -> None:
    """Raises ModelError, which names the device, where this machine has none of this name."""
    try:
        torch.empty(1, device=name).cpu()
    # what torch raises where it was built without CUDA or that kind of device
    except (RuntimeError, AssertionError, ImportError) as error:
        count = torch.cuda.device_count()
        there = ["cpu", *(f"cuda:{number}" for number in range(count))]
        if torch.backends.mps.is_available():
            there.append("mps")
        raise models.ModelError(
            f"--device {name}: this machine has no such device; choose auto or one of {', '.join(there)}."
        ) from error


def settle_model(args: argparse.Namespace) -> None:
    """Sets the model that `auto` stands for; raises ModelError where one of the catalogue cannot do what the options ask for."""
    if args.model == models.AUTO_MODEL:
        args.model = models.best_on_disk(args.models_dir)
    card = card_named(args.model)
    if card is not None:
        _require_normals(args, card.gives_normals)


def _require_normals(args: argparse.Namespace, gives_normals: bool) -> None:
    if getattr(args, "normal_source", None) == "network" and not gives_normals:
        raise models.ModelError(
            f"{args.model} gives no normals; leave --normal-source out or choose a '-normal' model."
        )


def wanted_model(args: argparse.Namespace) -> dict[str, Any]:
    """What `load_model` takes, by the options."""
    return {
        "name": args.model,
        "device": args.device,
        "precision": args.precision,
        "folders": args.models_dir,
        "allow_download": not args.offline,
    }


def loaded_model(args: argparse.Namespace, progress: Progress) -> models.GeometryModel:
    """The network, downloaded first where it is not on this machine."""
    model = models.load_model(
        **wanted_model(args),
        on_progress=lambda done, total: progress.show(done >> 20, total >> 20, f"MiB of {args.model}"),
    )
    if model.preview:
        progress.say(
            "The built-in preview network is a rough first look; choose a better one with --model, for example "
            f"--model {models.CATALOGUE[1].name}."
        )
    _require_normals(args, model.gives_normals)
    return model

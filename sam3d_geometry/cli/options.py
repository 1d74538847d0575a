"""What the commands for photos and for clips share: the meaning of their exit status, and the device option."""

from __future__ import annotations

import argparse

import torch

DONE, SOME_FAILED, NOT_STARTED, INTERRUPTED = 0, 1, 2, 130


def device_named(name: str) -> str:
    """Type of a --device option: a torch device by its name, the best there is for "auto"."""
    if name != "auto":
        try:
            return str(torch.device(name))
        except RuntimeError as error:
            raise argparse.ArgumentTypeError(
                f"{name!r} is no device; choose auto, cpu, cuda, cuda:1 or mps."
            ) from error
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"

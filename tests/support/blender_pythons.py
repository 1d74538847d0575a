"""Pythons that can `import bpy` (Blender as a package): those that BLENDER_PYTHON names, joined as PATH is, else this one."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy

SUPPORT = Path(__file__).parent


def blender_pythons():
    """Their executables; [] where there is none."""
    named = [path for path in os.environ.get("BLENDER_PYTHON", "").split(os.pathsep) if path]
    return named or ([sys.executable] if importlib.util.find_spec("bpy") else [])


def found_by(python, script, path, target, *more):
    """The arrays that a script of this folder, run by a Blender's Python, writes about a 3D file.

    A process of its own: bpy is built against another NumPy than torch may be.
    """
    command = [python, SUPPORT / script, path, target, *map(str, more)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return numpy.load(target)

"""The extension in a Blender of its own, installed from its zip: calls of its operator, and what a file then holds."""

import json
import os
import subprocess
import sys
import time

from blender_pythons import SUPPORT
from repository import ROOT

from development.blender_extension import build


class InstalledExtension:
    """Runs calls of the operator in a Blender's Python; what it keeps of its own lies in a folder."""

    def __init__(self, python, base):
        self.python, self.base = python, base
        self.archive = base / "extension.zip"
        build(self.archive)

    def __call__(self, *calls, blend=None, name="found", killed_when=None, computed_by=sys.executable):
        """What `blender_extension.py` finds after the calls; None where it was killed when `killed_when(its folder)` held."""
        out = self.base / f"{name}.json"
        command = [self.python, SUPPORT / "blender_extension.py", self.archive, out, computed_by, ROOT]
        process = subprocess.Popen(
            [*command, blend or self.base / f"{name}.blend", *map(json.dumps, calls)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"BLENDER_USER_RESOURCES": str(self.base / "user")},
        )
        if killed_when is not None:
            while process.poll() is None and not killed_when(self.base / "user"):
                time.sleep(0.05)
            process.kill()
        said, complaints = process.communicate(timeout=500)
        if killed_when is not None:
            return None
        assert process.returncode == 0, complaints[-3000:]
        return json.loads(out.read_text(encoding="utf-8")) | {"said": said}

"""Run once by ComfyUI Manager, or by hand with ComfyUI's Python: adds MoGe's code and nothing that could break ComfyUI.

MoGe and its helper are installed without their own requirements, which would bring a web demo and a second OpenCV.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

BARE = Path(__file__).resolve().with_name("requirements-bare.txt")


def installer() -> list[str] | None:
    """The command that installs packages for this Python: pip, or uv where an environment has no pip."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--python", sys.executable] if uv else None


def missing() -> list[list[str]]:
    """What is still to be installed, as arguments for the installer."""
    steps = []
    if importlib.util.find_spec("moge") is None or importlib.util.find_spec("utils3d") is None:
        steps.append(["--no-deps", "-r", str(BARE)])
    if importlib.util.find_spec("cv2") is None:
        # any OpenCV will do, so that one that is there is never replaced; numpy is there already
        steps.append(["--no-deps", "opencv-python-headless"])
    return steps


def main() -> int:
    steps = missing()
    if not steps:
        print("SAM3D Geometry: MoGe is installed already.")
        return 0
    command = installer()
    if command is None:
        print(
            "SAM3D Geometry: this Python has neither pip nor uv, so MoGe was not installed; the built-in preview works."
        )
        return 1
    for step in steps:
        status = subprocess.run([*command, *step], stdin=subprocess.DEVNULL, check=False).returncode
        if status:
            print(
                f"SAM3D Geometry: '{' '.join(step)}' could not be installed (see above), so MoGe models will not load; "
                "the built-in preview works. Run install.py again when the package index can be reached."
            )
            return 1
    print("SAM3D Geometry: MoGe is installed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

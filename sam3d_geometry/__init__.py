"""SAM3D Geometry: one 3D point per pixel of a photo, and depth maps, normal maps and effects from it.

The library takes torch tensors and returns torch tensors; it knows nothing of ComfyUI.

Conventions, used by every function unless its docstring says otherwise:

camera axes      OpenCV: x right, y down, z forward (into the scene). Other frames are made in `geometry/axes.py` only.
intrinsics       (B, 3, 3), normalised by image size: u = fx * x / z + cx with u in [0, 1] across the image.
pixel centres    pixel i of W lies at u = (i + 0.5) / W.
shapes           batch first, channels last: points (B, H, W, 3), depth (B, H, W), mask (B, H, W) bool,
                 normals (B, H, W, 3), image (B, H, W, 3) float32 in [0, 1].
invalid pixels   mask is False (sky, no geometry) and the values there are 0, so that no arithmetic poisons a frame.
units            metres where `metric` is True, otherwise one unknown scale per frame.
transforms       are named target_from_source; angles carry their unit in the name.
"""

import re
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"  # the one place where the version stands
(__version__,) = re.findall(r'^version = "(.+)"$', _PROJECT.read_text(encoding="utf-8"), re.MULTILINE)

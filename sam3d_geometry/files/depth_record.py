"""What a depth file says about itself, as JSON inside it and beside it: camera, unit, range, meaning of the values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from ..geometry.camera import fov_degrees_from_intrinsics
from ..geometry.plain_json import parsed_json
from .depth_file_error import DepthFileError
from .depth_steps import Steps, steps_from

KEY = "sam3d_geometry"  # name of the text chunk in a PNG and of the attribute in an EXR
DEPTH_RECORD_FORMAT = "sam3d-geometry depth 1"
MAX_CHARACTERS = 1 << 16
INVALID_WORDS = {
    "zero": "0",
    "far": "the frame's farthest distance",
    "infinity": "infinity",
}  # of `depth_frame.INVALID_DEPTHS`


def camera_entry(intrinsics: torch.Tensor, size: tuple[int, int]) -> dict[str, Any]:
    """Normalised intrinsics (3, 3) and the picture's (height, width) -> what a JSON says about the camera."""
    height, width = size
    fov_x, fov_y = fov_degrees_from_intrinsics(intrinsics)
    return {
        "fov_x_degrees": float(fov_x),
        "fov_y_degrees": float(fov_y),
        "focal_px": float(intrinsics[0, 0]) * width,
        "principal_point_px": [float(intrinsics[0, 2]) * width, float(intrinsics[1, 2]) * height],
        "intrinsics_normalised": intrinsics.tolist(),
        "axes": "OpenCV: x right, y down, z forward",
    }


def _intrinsics(camera: Any) -> torch.Tensor | None:
    if not isinstance(camera, dict):
        return None
    try:
        matrix = torch.tensor(camera["intrinsics_normalised"], dtype=torch.float32)
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise DepthFileError("its camera is damaged.") from error
    return intrinsics_checked(matrix)


def _finite(end: object) -> float:
    if not isinstance(end, (int, float)) or not math.isfinite(end):
        raise DepthFileError("its range is damaged.")
    return float(end)


def intrinsics_checked(matrix: torch.Tensor) -> torch.Tensor:
    """Normalised intrinsics (3, 3) as they came from a file; DepthFileError where no pinhole camera has them."""
    if tuple(matrix.shape) != (3, 3) or not bool(torch.isfinite(matrix).all()) or bool((matrix.diagonal() <= 0).any()):
        raise DepthFileError("its camera is not a pinhole camera.")
    return matrix


def described_depth(without_geometry: str = "zero") -> str:
    """What a record says of the values, and of those without geometry."""
    return f"distance along the view axis (z); {INVALID_WORDS[without_geometry]} where there is no geometry"


@dataclass(frozen=True)
class DepthRecord:
    """What is known of a depth map besides its pixels.

    intrinsics  (3, 3) float32, normalised by image size, or None where the file does not say
    metric      True when the unit is the metre
    nearest, farthest  of the valid depths, both 0 where there is none
    steps       how depth becomes 16-bit values, None in files of floats
    """

    intrinsics: torch.Tensor | None = None
    metric: bool = False
    nearest: float = 0.0
    farthest: float = 0.0
    steps: Steps | None = None

    def to_dict(self, size: tuple[int, int]) -> dict[str, Any]:
        """As JSON's types, with the camera also in pixels of a picture of `size`."""
        return {
            "format": DEPTH_RECORD_FORMAT,
            "depth": described_depth(),
            "unit": "metre" if self.metric else "unknown",
            "size": [size[1], size[0]],
            "nearest": self.nearest,
            "farthest": self.farthest,
            "values": "floats, the depth itself" if self.steps is None else self.steps.describe(),
            "camera": None if self.intrinsics is None else camera_entry(self.intrinsics, size),
        }

    @staticmethod
    def from_json(text: str) -> DepthRecord | None:
        """The record in a text of ours, None where it is another text; DepthFileError where it is ours and damaged."""
        if len(text) > MAX_CHARACTERS:
            return None
        try:
            entry = parsed_json(text)
        except ValueError:
            return None
        if not isinstance(entry, dict) or entry.get("format") != DEPTH_RECORD_FORMAT:
            return None
        nearest, farthest = (_finite(entry.get(end)) for end in ("nearest", "farthest"))
        values = entry.get("values")
        return DepthRecord(
            _intrinsics(entry.get("camera")),
            entry.get("unit") == "metre",
            nearest,
            farthest,
            steps_from(values) if isinstance(values, dict) else None,
        )

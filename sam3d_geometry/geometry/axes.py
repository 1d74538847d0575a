"""Coordinate frames and normal-map conventions: the only place in the pack where an axis is flipped."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class AxisFrame:
    """Axes of a coordinate frame, written as rows over OpenCV's (right, down, forward)."""

    name: str
    axes: tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]
    handedness: str
    units_per_metre: float = 1.0
    meaning: str = ""


AXIS_FRAMES = {
    frame.name: frame
    for frame in (
        AxisFrame("opencv", ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "right", 1.0, "x right, y down, z forward"),
        AxisFrame(
            "opengl", ((1, 0, 0), (0, -1, 0), (0, 0, -1)), "right", 1.0, "x right, y up, z toward the viewer; glTF too"
        ),
        AxisFrame(
            "pytorch3d", ((-1, 0, 0), (0, -1, 0), (0, 0, 1)), "right", 1.0, "x left, y up, z forward; SAM 3D Objects"
        ),
        AxisFrame("blender", ((1, 0, 0), (0, 0, 1), (0, -1, 0)), "right", 1.0, "x right, y into the scene, z up"),
        AxisFrame("unreal", ((0, 0, 1), (1, 0, 0), (0, -1, 0)), "left", 100.0, "x forward, y right, z up, centimetres"),
        AxisFrame("unity", ((1, 0, 0), (0, -1, 0), (0, 0, 1)), "left", 1.0, "x right, y up, z forward"),
    )
}

# What the red, green and blue of a normal map mean, as signs on the OpenCV normal (visible surfaces have n_z < 0).
NORMAL_MAP_SIGNS = {
    "opengl": (1.0, -1.0, -1.0),  # red right, green up, blue toward the viewer: Blender, Unity, glTF
    "directx": (1.0, 1.0, -1.0),  # red right, green down, blue toward the viewer: Unreal
    "controlnet": (-1.0, -1.0, -1.0),  # red LEFT, green up, blue front: ControlNet 1.1 normalbae
}


def _axis_frame(name: str) -> AxisFrame:
    if name not in AXIS_FRAMES:
        raise ValueError(f"Frame {name!r} is not known; choose one of {', '.join(AXIS_FRAMES)}.")
    return AXIS_FRAMES[name]


def target_from_source(target: str, source: str) -> torch.Tensor:
    """(3, 3) float64 matrix that takes a direction in frame `source` to frame `target`, without change of unit."""
    target_from_opencv = torch.tensor(_axis_frame(target).axes, dtype=torch.float64)
    source_from_opencv = torch.tensor(_axis_frame(source).axes, dtype=torch.float64)
    return target_from_opencv @ source_from_opencv.T


def convert_directions(directions: torch.Tensor, target: str, source: str = "opencv") -> torch.Tensor:
    """Directions or normals (..., 3) in frame `source` -> the same in frame `target`."""
    return directions @ target_from_source(target, source).T.to(directions)


def convert_points(points: torch.Tensor, target: str, source: str = "opencv") -> torch.Tensor:
    """Points (..., 3) in frame `source` and its unit -> the same in frame `target` and its unit (Unreal: centimetres)."""
    scale = _axis_frame(target).units_per_metre / _axis_frame(source).units_per_metre
    return convert_directions(points, target, source) * scale


def flips_winding(target: str, source: str = "opencv") -> bool:
    """Whether triangles must reverse their vertex order to keep facing the same way (handedness changes)."""
    return _axis_frame(target).handedness != _axis_frame(source).handedness


def encode_normals(normals: torch.Tensor, convention: str = "opengl", mask: torch.Tensor | None = None) -> torch.Tensor:
    """Unit normals (B, H, W, 3) in OpenCV axes -> colours (B, H, W, 3) in [0, 1].

    `convention` is "opengl" (green up), "directx" (green down) or "controlnet" (normalbae: red left, green up).
    Where `mask` (B, H, W) is False the colour is that of a surface facing the camera: (0.5, 0.5, 1).
    """
    if convention not in NORMAL_MAP_SIGNS:
        raise ValueError(
            f"Normal map convention {convention!r} is not known; choose one of {', '.join(NORMAL_MAP_SIGNS)}."
        )
    half_signs = torch.tensor(NORMAL_MAP_SIGNS[convention], dtype=normals.dtype, device=normals.device) * 0.5
    # a whole row at once: with three values innermost every operation would start anew at each pixel
    rows = normals.flatten(-2)
    colours = torch.addcmul(normals.new_full((1,), 0.5), rows, half_signs.repeat(normals.shape[-2])).view(normals.shape)
    if mask is not None and not bool(mask.all()):
        invalid = ~mask
        for channel, value in enumerate((0.5, 0.5, 1.0)):
            colours[..., channel].masked_fill_(invalid, value)
    return colours.clamp_(0, 1)


def decode_normals(colours: torch.Tensor, convention: str = "opengl") -> torch.Tensor:
    """Colours (B, H, W, 3) in [0, 1] of a normal map -> unit normals in OpenCV axes; inverse of `encode_normals`."""
    if convention not in NORMAL_MAP_SIGNS:
        raise ValueError(
            f"Normal map convention {convention!r} is not known; choose one of {', '.join(NORMAL_MAP_SIGNS)}."
        )
    normals = (colours * 2 - 1) * colours.new_tensor(NORMAL_MAP_SIGNS[convention])
    return torch.nn.functional.normalize(normals, dim=-1)

"""Socket types, schema and the translation between ComfyUI's payloads and the library's tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from comfy_api.latest import io

GeometryModelType = io.Custom("SAM3D_GEOMETRY_MODEL")
PointmapType = io.Custom("SAM3D_POINTMAP")
PointCloudType = io.Custom("SAM3D_POINT_CLOUD")
LightsType = io.Custom("SAM3D_LIGHTS")

CATEGORY = "SAM3D Geometry"
_SCHEMA_FIELDS = set(io.Schema.__dataclass_fields__)


def schema(**fields) -> io.Schema:
    """io.Schema without the fields that this ComfyUI does not know yet (search_aliases before 0.11, ...)."""
    return io.Schema(**{name: value for name, value in fields.items() if name in _SCHEMA_FIELDS})


def require_option(name: str, value: str, options: Sequence[str]) -> None:
    """Refuses a value that the menu does not have; ComfyUI before 0.8 does not check the menus of such nodes."""
    if value not in options:
        raise ValueError(f"Input {name} came as {value!r}; choose one of {', '.join(options)}.")


DA3_METRIC = "da3-metric"  # of the menu `metric`: meters are made of what that model gives


def metric_of_depth(choice: str, network_edge: int) -> dict[str, bool | int | None]:
    """The menu `metric` with DA3_METRIC in it, as the keywords `metric` and `da3_network_edge` of the library."""
    if choice == DA3_METRIC:
        return {"metric": True, "da3_network_edge": network_edge}
    return {"metric": bool(metric_from_choice(choice)), "da3_network_edge": None}


def metric_from_choice(choice: str) -> bool | None:
    """The menu `metric`: auto is None (as it came), yes and no are what they say."""
    choices = {"auto": None, "yes": True, "no": False}
    require_option("metric", choice, list(choices))
    return choices[choice]


def image_from_scalar(values: torch.Tensor) -> torch.Tensor:
    """(B, H, W) -> IMAGE (B, H, W, 3) of three equal channels that share their memory, as core's MaskToImage does."""
    return values[..., None].expand(-1, -1, -1, 3)


def mask_from_bool(mask: torch.Tensor) -> torch.Tensor:
    """Bool (B, H, W) -> ComfyUI MASK, 1 where there is geometry."""
    return mask.float()

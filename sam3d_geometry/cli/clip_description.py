"""What NAME.json says of a clip's results: source, camera, unit, and how a value of the depth picture becomes a distance."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .. import __version__
from ..files.depth_record import camera_entry
from ..geometry.camera import intrinsics_from_fov_x_degrees
from ..maps.depth import FIXED, depth_formula
from ..video.clip_facts import ClipFacts
from ..video.engine import StreamSettings, Survey
from .clip_job import ClipJob

UNKNOWN_UNIT = "unknown, one for the whole clip"


def described(job: ClipJob, frames: int, survey: Survey, notes: list[str]) -> dict[str, Any]:
    """The entry of a clip that is done, but for the job that it is known again by."""
    facts, settings = job.clip.facts, job.settings
    camera = None
    if survey.fov_x_degrees is not None:
        intrinsics = intrinsics_from_fov_x_degrees(survey.fov_x_degrees, *facts.camera_size)[0]
        source = "estimated" if settings.fov_x_degrees is None else "given"
        # focal length and principal point are in square pixels
        camera = {
            **camera_entry(intrinsics, facts.camera_size),
            "size": list(facts.camera_size[::-1]),
            "source": source,
        }
    return {
        "made_by": f"sam3d-geometry {__version__}",
        "source": {"path": str(job.clip.path.resolve()), **_shape(facts)},
        "frames": frames,
        "frame_rate": str(facts.frame_rate),
        "notes": notes,
        **asdict(survey),
        "camera": camera,
        "depth": _depth(settings, survey),
        "normals": {"convention": settings.look.normal_convention, "space": "camera"},
        "outputs": {product.kind: product.target.name for product in job.products},
    }


def _shape(facts: ClipFacts) -> dict[str, Any]:
    aspect = facts.pixel_aspect
    return {"width": facts.width, "height": facts.height, "pixel_aspect": f"{aspect.numerator}:{aspect.denominator}"}


def _depth(settings: StreamSettings, survey: Survey) -> dict[str, Any]:
    look = settings.look
    near, far = (settings.near, settings.far) if settings.range == FIXED else (survey.near, survey.far)
    value = "1 - value" if look.invert else "value"
    return {
        "metric": survey.metric,
        "unit": "metre" if survey.metric else UNKNOWN_UNIT,
        "range": settings.range,
        "near": near,
        "far": far,
        "curve": look.curve,
        "inverted": look.invert,
        "invalid": look.invalid,
        "meaning": f"nearness = {value}, from 0 (black) to 1 (white); distance along the view axis = {depth_formula(look.curve)}",
    }

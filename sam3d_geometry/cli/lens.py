"""The camera as the command line is told of it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from ..geometry.camera import fov_x_degrees_from_focal_mm, fov_x_degrees_from_focal_pixels

FROM_EXIF = "exif"  # word for --fov
MOST_STOPS = 40  # from the smallest half float to the largest


@dataclass(frozen=True, kw_only=True)
class Lens:
    """Where the field of view comes from; at most one of the first three is given."""

    fov: float | str | None
    focal_mm: float | None
    focal_px: float | None
    sensor_width_mm: float

    @staticmethod
    def of(args: argparse.Namespace) -> Lens:
        """The lens that the options name."""
        return Lens(fov=args.fov, focal_mm=args.focal_mm, focal_px=args.focal_px, sensor_width_mm=args.sensor_width_mm)

    def fov_x_degrees(self, size: tuple[int, int], from_exif: float | None = None) -> tuple[float | None, str]:
        """Horizontal field of view in degrees of a picture of (height, width), None where it is to be found, and a word for the record."""
        width = size[1]
        if self.focal_px is not None:
            return fov_x_degrees_from_focal_pixels(self.focal_px, width), "given"
        if self.focal_mm is not None:
            # the sensor's long side lies along the picture's, however the camera was held
            width_mm = self.sensor_width_mm * width / max(size)
            return fov_x_degrees_from_focal_mm(self.focal_mm, width_mm), "given"
        if isinstance(self.fov, str):  # FROM_EXIF
            return from_exif, "estimated" if from_exif is None else FROM_EXIF
        return self.fov, "estimated" if self.fov is None else "given"


def _stops(text: str) -> float:
    """Type of --exposure."""
    stops = float(text)
    if not abs(stops) <= MOST_STOPS:
        raise argparse.ArgumentTypeError(f"{text} came; it must lie between -{MOST_STOPS} and {MOST_STOPS} stops.")
    return stops


def add_exposure(group: argparse._ArgumentGroup) -> None:
    """How bright pictures of floats are shown to the network."""
    group.add_argument(
        "--exposure",
        type=_stops,
        default=0.0,
        metavar="STOPS",
        help="of EXR and float TIFF, which hold linear light: shown so much brighter or, below 0, darker; at 0 (default) "
        "white is 1, and what is brighter is cut off",
    )

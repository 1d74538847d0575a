"""What a file of the built-in network says of its own architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from ..geometry.plain_json import parsed_json
from .model_error import ModelError

ENCODERS = ("lite0", "lite2")
LAYOUT_KEY = "layout"
LARGEST_LAYOUT_BYTES = 1000
MOST_ATTENTION_BLOCKS, MOST_DETAIL_CHANNELS, MOST_DETAIL_SCALE = 8, 96, 2
MOST_PIXELS_PER_TOKEN = 196  # of the photo itself
LEVELS = 5  # of the decoder, at strides 2, 4, 8, 16, 32
WIDTH_MULTIPLE, LARGEST_WIDTH = 8, 320  # channels of a level


@dataclass(frozen=True)
class PreviewLayout:
    """The parts of a network; the values that stand here are those of version 2, whose file says nothing of them.

    encoder           EfficientNet-Lite of this size
    widths            channels of the decoder's levels, the finest first
    attention         transformer blocks at the coarsest level
    residual          whether every level of the decoder has a residual block
    detail            channels of the branch that adds what the picture shows in detail; 0: none, the answer ends at half size
    pixels_per_token  pixels of the encoder's picture for each token that inference asks for
    detail_scale      sides of the picture that the branch sees, and of the answer, in those of the picture of the encoder
    """

    encoder: str = "lite0"
    widths: tuple[int, ...] = (40, 56, 80, 112, 160)
    attention: int = 0
    residual: bool = False
    detail: int = 0
    detail_scale: int = 1
    pixels_per_token: int = 30

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            raise ValueError(f"encoder is {self.encoder!r}, needed is one of {', '.join(ENCODERS)}")
        whole = isinstance(self.widths, tuple) and all(type(width) is int for width in self.widths)
        if not (whole and len(self.widths) == LEVELS and all(_is_width(width) for width in self.widths)):
            raise ValueError(
                f"widths is {self.widths!r}, needed are {LEVELS} multiples of {WIDTH_MULTIPLE} up to {LARGEST_WIDTH}"
            )
        if type(self.residual) is not bool:
            raise ValueError(f"residual is {self.residual!r}, needed is true or false")
        limits = {
            "attention": (0, MOST_ATTENTION_BLOCKS),
            "detail": (0, MOST_DETAIL_CHANNELS),
            "detail_scale": (1, MOST_DETAIL_SCALE),
            "pixels_per_token": (1, MOST_PIXELS_PER_TOKEN),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} is {value!r}, needed is a whole number from {least} to {most}")
        if self.detail == 0 and self.detail_scale != 1:
            raise ValueError("detail_scale is 2 without a detail branch")


def _is_width(width: int) -> bool:
    return 0 < width <= LARGEST_WIDTH and width % WIDTH_MULTIPLE == 0


VERSION_2 = PreviewLayout()
VERSION_3 = PreviewLayout(attention=2, residual=True, detail=24, detail_scale=2)


def read_layout(metadata: Mapping[str, str] | None, file_name: str) -> PreviewLayout:
    """The layout in a weight file's metadata. Raises ModelError where it is none."""
    text = (metadata or {}).get(LAYOUT_KEY)
    if text is None:
        return VERSION_2
    try:
        if len(text) > LARGEST_LAYOUT_BYTES:
            raise ValueError(f"it has {len(text)} characters")
        values = parsed_json(text)
        names = {field.name for field in fields(PreviewLayout)}
        if not isinstance(values, dict) or not set(values) <= names:
            raise ValueError(f"known are {', '.join(sorted(names))}")
        if isinstance(values.get("widths"), list):
            values["widths"] = tuple(values["widths"])
        return PreviewLayout(**values)
    except ValueError as error:
        raise ModelError(
            f"{file_name} holds a network whose layout this version of the pack does not know ({error}): "
            "install the pack again."
        ) from error

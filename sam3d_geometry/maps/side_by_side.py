"""Two pictures or clips next to each other."""

from __future__ import annotations

import torch

from ..geometry.picture_forms import plain_image
from ..geometry.resize import resize_image
from .blend import match_frames

HORIZONTAL, VERTICAL = ARRANGEMENTS = ("horizontal", "vertical")


def side_by_side(first: torch.Tensor, second: torch.Tensor, direction: str = HORIZONTAL, gap: int = 0) -> torch.Tensor:
    """Two batches (B, H, W, 3) -> one (B, H, W, 3): left and right, or top and bottom with "vertical".

    The second is scaled to the first one's height ("horizontal") or width; `gap` black pixels lie in between. A single frame
    stands beside every frame of the other.
    """
    if direction not in ARRANGEMENTS:
        raise ValueError(f"Direction {direction!r} is not known; choose one of {', '.join(ARRANGEMENTS)}.")
    first, second = plain_image("first", first)[..., :3], plain_image("second", second)[..., :3]
    axis = 2 if direction == HORIZONTAL else 1
    shared = 3 - axis
    if first.shape[shared] != second.shape[shared]:
        scale = first.shape[shared] / second.shape[shared]
        size = [max(1, round(side * scale)) for side in second.shape[1:3]]
        size[shared - 1] = first.shape[shared]
        second = resize_image(second, (size[0], size[1]))
    first, second = match_frames(first, second, ("first", "second"))
    shape = list(first.shape)
    shape[axis] = gap
    return torch.cat([first, first.new_zeros(shape), second.to(first)], axis)

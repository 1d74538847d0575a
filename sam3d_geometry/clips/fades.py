"""Fades from one shot to another through black, white or any one colour: the picture pales where it is, and another one comes out.

The frames of a fade are the shot's own in another exposure, so nothing in them tells a fade that comes back to the same place from
one that comes out elsewhere; only what stands before and after does. The flat frames of the middle tell nothing at all.
"""

from __future__ import annotations

import torch

from .likeness import likeness, patterns, same_place

PALE = 0.25  # of the contrast of both shots, to which a fade falls
FAINT = 0.1  # of it, below which noise is as strong as what a picture shows
CLEARLY_SHOWN = 0.3  # of the shot's contrast from which its frames still show what it shows
FULLY_SHOWN = 0.8  # of it that counts as not yet, or no longer, paled
SAME_WHILE_FADING = 0.7  # correlation of a paled frame with its shot; a pan into a wall or the sky has less
JUST_BACK = 8  # frames since the picture is full again: later it may have moved on by itself
STILL_COMING = 1.05  # growth of the contrast from frame to frame from which a picture is still coming out


def comes_out(looks: torch.Tensor) -> bool:
    """Whether the last of thumbnails (N, 48, 48, 3) is on its way out of a pale picture: what it shows is not settled yet."""
    contrast = patterns(looks[-2:]).norm(dim=1)
    return len(contrast) > 1 and bool(contrast[1] > STILL_COMING * contrast[0])


def is_pale(looks: torch.Tensor) -> bool:
    """Whether one of the first and the last of thumbnails (N, 48, 48, 3) is a faded picture beside the other."""
    first, last = patterns(looks[[0, -1]]).norm(dim=1)
    return bool(torch.minimum(first, last) < FAINT * torch.maximum(first, last))


def fades_in(looks: torch.Tensor) -> bool:
    """Whether with the last of thumbnails (N, 48, 48, 3) a fade ends that began in another shot, which the first ones show."""
    contrast = patterns(looks).norm(dim=1)
    before = contrast.cummax(0).values
    flat = torch.nonzero(contrast < PALE * before.clamp_max(contrast[-1]))[:, 0].tolist()
    if not flat:
        return False
    first, last = int(contrast[: flat[0]].argmax()), len(contrast) - 1
    going = [i for i in range(first, flat[0]) if contrast[i] >= CLEARLY_SHOWN * contrast[first]]
    coming = [i for i in range(flat[-1] + 1, last + 1) if contrast[i] >= CLEARLY_SHOWN * contrast[last]]
    if not coming:
        return False
    whole = max(i for i in going if contrast[i] >= FULLY_SHOWN * contrast[first])
    back = min(i for i in coming if contrast[i] >= FULLY_SHOWN * contrast[last])
    if last - back > JUST_BACK or same_place(looks[whole], looks[last]):
        return False
    return all(likeness(looks[a], looks[b], 1) > SAME_WHILE_FADING for a, b in ((whole, going[-1]), (back, coming[0])))

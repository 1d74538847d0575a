"""Whether what rises from a large plane stands on it: things touch the floor they stand on, and hover in front of a wall.

Geometry alone cannot tell a floor seen from above from a wall seen frontally. But a cup, a box or a chair leaves its floor
at a contact, where height grows from 0 without a jump, while a face in front of a wall has a jump all around.
"""

from __future__ import annotations

import torch

from .pointmap import Pointmap

CONTACT_PICTURE_SIDE = 128  # pixels along the longer side: contacts are as long as things are wide
ON_PLANE = 0.02  # of the plane's distance: what a network's flat surface undulates by
NOISY = 6.0  # times the median height off the plane that noise alone may reach
WITHOUT_JUMP = 0.045  # of the distance that the height may grow by from one pixel to the next at a contact
LEAST_OUTLINE = 6  # pixels of outline that say anything


def _enclosed(on: torch.Tensor) -> torch.Tensor:
    """Pixels (H, W) that have one of `on` at both sides in their row or in their column."""
    seen = on.int()
    left, above = seen.cummax(1).values, seen.cummax(0).values
    right, under = seen.flip(1).cummax(1).values.flip(1), seen.flip(0).cummax(0).values.flip(0)
    return ((left & right) | (above & under)).bool()


def standing_share(frame: Pointmap, normal: torch.Tensor, distance: float) -> tuple[int, int]:
    """Pixels of outline between a plane and what rises from it in a pointmap of one frame, and how many of them touch it.

    The plane has the unit normal (3,), facing the camera, and lies `distance` from it in units of the median depth.
    """
    stride = -(-max(frame.size) // CONTACT_PICTURE_SIDE)
    points, mask = frame.points[0, ::stride, ::stride].cpu(), frame.mask[0, ::stride, ::stride].cpu()
    if not bool(mask.any()):
        return 0, 0
    distance = distance * float(points[..., 2][mask].median())
    height = (points @ normal.to(points) + distance) / max(distance, 1e-30)
    about = height.abs()[mask & (height.abs() < 4 * ON_PLANE)]
    tolerance = max(ON_PLANE, NOISY * float(about.median())) if len(about) else ON_PLANE
    on = mask & (height.abs() < tolerance)
    raised = mask & (height >= tolerance) & (height < 1) & _enclosed(on)
    outline = touching = 0
    for dim in (0, 1):
        length = height.shape[dim] - 1
        pairs = [(values.narrow(dim, 0, length), values.narrow(dim, 1, length)) for values in (on, raised, height)]
        (on_a, on_b), (up_a, up_b), (height_a, height_b) = pairs
        between = (on_a & up_b) | (up_a & on_b)
        outline += int(between.sum())
        touching += int((between & ((height_a - height_b).abs() < WITHOUT_JUMP - ON_PLANE + tolerance)).sum())
    return outline, touching

"""Where a surface goes on from one pixel to the next and where it ends: jumps of depth that its slope does not explain.

On a plane inverse depth is linear in the pixel position, so its steps from pixel to pixel are equal; at a crease they
change once, at an occlusion they are larger than on both sides. So a jump is what a step has in excess of the median of
itself and the steps a little before and after it: 0 on planes at any tilt and at creases.
"""

from __future__ import annotations

import torch

# Relative jump of depth, beyond what the slope explains, that counts as an edge. Networks and depth cameras err by 1 to 3
# percent from pixel to pixel; things that stand in front of each other are rarely less than a tenth of their distance apart.
DEPTH_EDGE = 0.05
# between the normals of two neighbours: a sharper crease, of 37 degrees, parts two faces of a surface
CREASE_COSINE = 0.8
RAMP = 3  # pixels over which a network may have smeared a jump


def _in_excess(steps: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """What `steps` have in excess of the median of themselves and two others of the same shape."""
    return steps - steps.clamp(torch.minimum(before, after), torch.maximum(before, after))


def excess(steps: torch.Tensor, dim: int, reach: int) -> torch.Tensor:
    """What each value has in excess of the median of itself and the ones `reach` before and after it along `dim`.

    Beyond the border the outermost value repeats, so what stands there alone has no excess.
    """
    at = torch.arange(steps.shape[dim], device=steps.device)
    before = steps.index_select(dim, (at - reach).clamp_min(0))
    after = steps.index_select(dim, (at + reach).clamp_max(steps.shape[dim] - 1))
    return _in_excess(steps, before, after)


def inverse_depth(depth: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """1 / depth (B, H, W), 0 where invalid: sky is infinitely far."""
    return torch.where(mask, 1 / depth.clamp_min(torch.finfo(depth.dtype).tiny), 0)


def extended(values: torch.Tensor, dim: int, reach: int) -> torch.Tensor:
    """A map with `reach` more places at both ends of `dim`, where it goes on straight: a plane stays a plane."""
    length = values.shape[dim]
    at = torch.arange(-reach, length + reach, device=values.device)
    edge = values.index_select(dim, at.clamp(0, length - 1))
    mirrored = torch.where(at < 0, -at, torch.where(at >= length, 2 * (length - 1) - at, at)).clamp(0, length - 1)
    outside = ((at < 0) | (at >= length)).view([-1 if d == dim else 1 for d in range(values.dim())])
    inner = values.index_select(dim, mirrored)
    return torch.where(outside, 2 * edge - inner, inner)


def _reflected(values: torch.Tensor, dim: int, reach: int) -> torch.Tensor:
    """A map with `reach` more places at both ends of `dim`, which mirror those inside about the outermost one."""
    last = values.shape[dim] - 1
    away = torch.arange(1, reach + 1, device=values.device).clamp_max(last)
    return torch.cat([values.index_select(dim, away.flip(0)), values, values.index_select(dim, last - away)], dim)


def inverse_jumps(inverse: torch.Tensor, dim: int) -> torch.Tensor:
    """Relative jump of depth between each place of a map of 1 / depth and the next along `dim`, beyond its slope.

    One less along `dim`; inf where one of the two is 0. The outermost steps have one side to be compared with, and are.
    """
    length = inverse.shape[dim] - 1
    steps = inverse.diff(dim=dim)
    if length == 0:
        return steps
    wide = _reflected(steps, dim, RAMP)
    jumps = torch.zeros_like(steps)
    for reach in range(1, RAMP + 1):
        before, after = wide.narrow(dim, RAMP - reach, length), wide.narrow(dim, RAMP + reach, length)
        jumps = torch.maximum(jumps, _in_excess(steps, before, after).abs_())
    farther = torch.minimum(inverse.narrow(dim, 0, length), inverse.narrow(dim, 1, length))
    return torch.where(farther > 0, jumps / farther.clamp_min(torch.finfo(inverse.dtype).tiny), torch.inf)


def depth_jumps(depth: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    """`inverse_jumps` of a depth map (B, H, W) along its rows (dim 1) or columns (dim 2); inf at invalid pixels."""
    return inverse_jumps(inverse_depth(depth, mask), dim)


def surface_links(
    depth: torch.Tensor, mask: torch.Tensor, edge: float = DEPTH_EDGE
) -> tuple[torch.Tensor, torch.Tensor]:
    """True where a pixel and the next one lie on one surface: down the rows (B, H-1, W), along the columns (B, H, W-1)."""
    inverse = inverse_depth(depth, mask)
    return inverse_jumps(inverse, 1) <= edge, inverse_jumps(inverse, 2) <= edge


def smooth_links(
    depth: torch.Tensor, mask: torch.Tensor, normals: torch.Tensor, edge: float = DEPTH_EDGE
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `surface_links`, and False also where unit normals (B, H, W, 3) turn as at a crease."""
    links = surface_links(depth, mask, edge)
    for dim, joined in zip((1, 2), links):
        length = joined.shape[dim]
        first, second = normals.narrow(dim, 0, length), normals.narrow(dim, 1, length)
        joined.logical_and_((first * second).sum(-1) >= CREASE_COSINE)
    return links


def ends_of(links: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Bool (B, H, W): pixels that links, down (B, H-1, W) and along (B, H, W-1), do not join to one of their four neighbours."""
    down, along = links
    ends = torch.zeros(len(down), along.shape[1], down.shape[2], dtype=torch.bool, device=down.device)
    for dim, joined in zip((1, 2), links):
        length = joined.shape[dim]
        ends.narrow(dim, 0, length).logical_or_(~joined)
        ends.narrow(dim, 1, length).logical_or_(~joined)
    return ends


def depth_edges(depth: torch.Tensor, mask: torch.Tensor, edge: float = DEPTH_EDGE) -> torch.Tensor:
    """Bool (B, H, W): invalid pixels and those that `surface_links` does not join to one of their four neighbours."""
    return ends_of(surface_links(depth, mask, edge)).logical_or_(~mask)


def _sum_along(planes: torch.Tensor, joined: torch.Tensor, dim: int, step: int) -> torch.Tensor:
    """Half of planes (B, C, H, W) and a quarter of those `step` before and after along `dim`, where `joined` links them."""
    length = planes.shape[dim] - step
    gate = joined[:, None].to(planes.dtype) * 0.25
    first, second = planes.narrow(dim, 0, length), planes.narrow(dim, step, length)
    total = planes * 0.5
    total.narrow(dim, step, length).addcmul_(first, gate)
    total.narrow(dim, 0, length).addcmul_(second, gate)
    return total


def _balanced_along(planes: torch.Tensor, joined: torch.Tensor, dim: int, step: int) -> torch.Tensor:
    """As `_sum_along`, but a pixel that is not linked on both sides keeps its value."""
    inner = planes.shape[dim] - 2 * step
    if inner <= 0:
        return planes
    both = joined.narrow(dim - 1, 0, inner) & joined.narrow(dim - 1, step, inner)
    before, this, after = (planes.narrow(dim, start, inner) for start in (0, step, 2 * step))
    mean = (before + after).mul_(0.25).add_(this, alpha=0.5)
    result = planes.clone()
    result.narrow(dim, step, inner).copy_(torch.where(both[:, None], mean, this))
    return result


def average_linked(
    values: torch.Tensor, links: tuple[torch.Tensor, torch.Tensor], radius: int, balanced: bool = False
) -> torch.Tensor:
    """Map (B, H, W) or (B, H, W, C) averaged over about `radius` pixels of the same surface, never across an edge.

    Passes of weights 1, 2, 1 with holes that double (the a trous algorithm, Holschneider et al. 1989); two pixels 2s
    apart are joined only if the two steps of s between them are. Sums of values and of weights go through the passes side
    by side and are divided at the end (normalized convolution, Knutsson and Westin 1993): a pixel counts by how many are
    joined to it, so one that noise cuts off moves the others least. With `balanced` a pixel that has a neighbour on one
    side only keeps its value instead, so that what is linear stays so up to its end.
    """
    planes = values[:, None] if values.dim() == 3 else values.movedim(-1, 1)
    if not balanced:
        planes = torch.cat([planes, torch.ones_like(planes[:, :1])], 1)
    along = _balanced_along if balanced else _sum_along
    gates, step = {2: links[0], 3: links[1]}, 1
    while step <= radius:
        for dim, joined in gates.items():
            if joined.shape[dim - 1] > 0:
                planes = along(planes, joined, dim, step)
        for dim, joined in gates.items():
            shorter = max(0, joined.shape[dim - 1] - step)
            start = joined.shape[dim - 1] - shorter
            gates[dim] = joined.narrow(dim - 1, 0, shorter) & joined.narrow(dim - 1, start, shorter)
        step *= 2
    if not balanced:
        planes = planes[:, :-1] / planes[:, -1:]
    return planes[:, 0] if values.dim() == 3 else planes.movedim(1, -1)


def average_on_surfaces(
    values: torch.Tensor, depth: torch.Tensor, mask: torch.Tensor, radius: int, balanced: bool = False
) -> torch.Tensor:
    """`average_linked` over the surfaces of a depth map (B, H, W), which go on straight beyond the border.

    Without that the passes would stop short of the border one after the other, and show as a frame.
    """
    (height, width), reach = depth.shape[1:], 2 * radius
    inverse = extended(extended(inverse_depth(depth, mask), 1, reach), 2, reach)
    rows, columns = (torch.arange(-reach, n + reach, device=depth.device).clamp(0, n - 1) for n in (height, width))
    wide = mask.index_select(1, rows).index_select(2, columns) & (inverse > 0)
    links = surface_links(inverse_depth(inverse, wide), wide)
    # what is balanced is linear and goes on straight; normals beside a crease would overshoot, so they repeat
    if balanced:
        values = extended(extended(values, 1, reach), 2, reach)
    else:
        values = values.index_select(1, rows).index_select(2, columns)
    averaged = average_linked(values, links, radius, balanced)
    return averaged[:, reach : reach + height, reach : reach + width]


def linked_difference(values: torch.Tensor, links: torch.Tensor, dim: int) -> torch.Tensor:
    """Derivative per pixel of a map (B, H, W, C) along `dim`: central on a surface, one-sided at its end, else 0."""
    gate = links.unsqueeze(-1).to(values.dtype)
    steps = values.diff(dim=dim) * gate
    total, count = torch.zeros_like(values), torch.zeros_like(values[..., :1])
    length = values.shape[dim] - 1
    total.narrow(dim, 0, length).add_(steps)
    total.narrow(dim, 1, length).add_(steps)
    count.narrow(dim, 0, length).add_(gate)
    count.narrow(dim, 1, length).add_(gate)
    return total / count.clamp_min(1)

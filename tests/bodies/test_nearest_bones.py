"""The bone that a point is nearest to, against the plain distance to every place along every bone."""

import torch

from sam3d_geometry.bodies.nearest_bones import POINTS_AT_ONCE, nearest_bones


def test_points_find_the_bone_that_is_nearest_and_where_along_it():
    generator = torch.Generator().manual_seed(0)
    starts, ends = (torch.randn(9, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    points = 2 * torch.randn(POINTS_AT_ONCE + 50, 3, generator=generator, dtype=torch.float64)
    nearest, share = nearest_bones(points, starts, ends)
    along = torch.linspace(0, 1, 401, dtype=torch.float64)
    places = torch.lerp(starts[:, None], ends[:, None], along[:, None])
    for chosen in (slice(0, 50), slice(POINTS_AT_ONCE, POINTS_AT_ONCE + 50)):
        least = (points[chosen, None, None] - places).norm(dim=-1).flatten(1).amin(1)
        at = torch.lerp(starts[nearest[chosen]], ends[nearest[chosen]], share[chosen, None])
        off = (points[chosen] - at).norm(dim=-1)
        assert (off <= least + 1e-12).all() and (least - off).max() < 1e-3


def test_a_bone_without_length_is_its_place():
    point = torch.tensor([[0.0, 0.0, 1.0]])
    nearest, share = nearest_bones(
        point, torch.tensor([[0.0, 0.0, 2.0], [0.0, 0.0, 5.0]]), torch.tensor([[0.0, 0.0, 2.0], [0.0, 0.0, 6.0]])
    )
    assert (nearest.tolist(), share.tolist()) == ([0], [0.0])

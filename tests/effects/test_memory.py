"""How a tensor lies in memory changes no result: turned and thinned out pointmaps give what contiguous ones give."""

import pytest
import torch
from effect_runs import EFFECTS, uneven_scene

from sam3d_geometry.shapes.surface import surface_from_pointmap

RUNS = {
    **EFFECTS,
    "mesh": surface_from_pointmap,
    "reduced mesh": lambda scene: surface_from_pointmap(scene, triangles=300),
}
SIZE = (36, 48)


def turned(tensor):
    """The same values with rows and columns exchanged in memory."""
    return tensor.transpose(1, 2).contiguous().transpose(1, 2)


def thinned(tensor):
    """The same values as every second one of a larger tensor."""
    every_second = (slice(None, None, 2),) * tensor.dim()
    larger = tensor.new_zeros([2 * side for side in tensor.shape])
    larger[every_second] = tensor
    return larger[every_second]


def tensors(result):
    if hasattr(result, "__dataclass_fields__"):
        result = [getattr(result, name) for name in result.__dataclass_fields__]
    if isinstance(result, (list, tuple)):
        return [tensor for part in result for tensor in tensors(part)]
    return [result] if isinstance(result, torch.Tensor) else []


@pytest.mark.parametrize("memory", [turned, thinned])
@pytest.mark.parametrize("name", RUNS)
def test_memory_changes_no_result(name, memory):
    scene = uneven_scene(size=SIZE)
    laid_out = scene._map(memory)
    assert not laid_out.points.is_contiguous() and torch.equal(laid_out.points, scene.points)
    expected, got = tensors(RUNS[name](scene)), tensors(RUNS[name](laid_out))
    assert len(expected) == len(got) > 0
    for one, other in zip(expected, got):
        assert one.shape == other.shape
        assert torch.allclose(one.float(), other.float(), rtol=1e-4, atol=1e-4, equal_nan=True)

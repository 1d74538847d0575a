"""The library stands alone: nothing of ComfyUI in it, imports in one direction, a frozen surface, readable files."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parent.parent / "sam3d_geometry"
FILES = sorted(LIBRARY.rglob("*.py"))
HOST = ("comfy", "folder_paths", "nodes", "server", "execution")
HEAVY = ("moge", "kornia", "cv2", "scipy", "trimesh", "huggingface_hub", "cmap", "PIL", "matplotlib")
# a file imports only from files further left
ORDER = (
    "frames transfer camera focal pointmap resize cuts depth depth_to_pointmap normals gravity colormap flow ego_motion "
    "flicker align temporal motion_smoothing image_smoothing blend side_by_side crop transform measure summary inspection "
    "islands triangulation mesh closing decimation surface displaced_plane point_cloud files effects models inference "
    "progress output photo products run command overlap video sound video_writer video_product journal stages engine "
    "stream ray_engine video_cli cli __main__"
).split()
MAX_LINES = 350

PUBLIC = {
    "frames": "FRAMES Frame NORMAL_MAP_SIGNS convert_directions convert_points decode_normals encode_normals "
    "flips_winding target_from_source",
    "transfer": "linear_from_srgb srgb_from_linear",
    "camera": "diagonal_focal_from_fov_x_degrees fov_degrees_from_intrinsics fov_x_degrees_from_focal_mm "
    "fov_x_degrees_from_focal_pixels intrinsics_from_diagonal_focal intrinsics_from_focal "
    "intrinsics_from_fov_x_degrees project unproject view_plane_axes",
    "focal": "MAX_EVALUATIONS SAMPLES TOLERANCE recover_focal_and_shift",
    "pointmap": "Pointmap",
    "resize": "DEPTH_EDGE GeometryResize Size depth_edges pointmap_at_image require_same_shape resize_depth resize_image resize_mask "
    "size_for_long_edge",
    "depth": "ADAPTION CURVES DepthRange INVALID_FILL MAX_SAMPLES RANGE_MODES RangeState adaptive_range "
    "depth_at_nearness depth_picture depth_range fixed_range normalise_depth true_depth",
    "depth_to_pointmap": "FEW_LEVELS MEANINGS distance_from_depth nearness_image pointmap_from_depth",
    "normals": "INVALID NOISE SAME_SURFACE_COSINE SOURCES STRIP_VALUES geometric_normals normals_from_pointmap "
    "smooth_normals",
    "gravity": "CONE_DEGREES MAX_SAMPLES MINIMUM_SHARE level_world world_from_camera world_from_pitch_roll",
    "colormap": "COLORMAPS LUMINANCE TABLE_SIZE apply_colormap legend luminance",
    "cuts": "CUT_THRESHOLD HISTOGRAM_BINS THUMBNAIL frame_changes shots shots_between thumbnails",
    "flow": "RECENT_FLOWS WHOLE_RESOLUTION_BELOW flows_agree followed grey_frames import_opencv inside optical_flow pixel_positions sample_at",
    "ego_motion": "EDGE Fit ITERATIONS LEAST_DEPTH_NOISE LEAST_PIXEL_NOISE MINIMUM_SAMPLES Match Motion SAMPLES "
    "SHIFT_PRIOR View WINDOW fit_frame match pixels_of rays_through spread",
    "flicker": "STILL_PIXELS frame_flicker",
    "align": "AlignState Alignment GAUGE_STEP KEYFRAME_EVERY KEYFRAME_OVERLAP Keyframe LEAST_DEPTH MAX_CHANGE MAX_KEYFRAMES "
    "align_sequence with_focal",
    "motion_smoothing": "DIRECTIONS EDGE History LEAST_NOISE LONGEST_MEMORY MOVING_MEMORY MotionState STILL_PIXELS TOLERANCE WINDOW "
    "check_direction memory_of smooth_along_motion windowed_mean",
    "image_smoothing": "ImageMotionState LEAST_NOISE MOST_NOISE OUTLYING TOLERANCE smooth_images_along_motion",
    "temporal": "MAX_STRENGTH TemporalState check_guide check_strength smooth_images smooth_pointmap",
    "blend": "MODES SIZE_MATCH blend match_frames",
    "side_by_side": "DIRECTIONS side_by_side",
    "crop": "Window crop_pointmap resize_pointmap window_between window_of_mask",
    "transform": "TURNS mirror_pointmap scale_pointmap shift_depth turn_pointmap with_fov_x",
    "measure": "HEIGHT_BAND LEVEL_COSINE MINIMUM_GROUND Pixel camera_heights length_between metric_pointmap point_at",
    "summary": "Summary describe summarise",
    "islands": "small_islands",
    "triangulation": "BENT_SHARE FLAT GRAZING_DEGREES LONE_CORNERS REACH ROWS_OF_VALUES Triangulation triangulate",
    "mesh": "Mesh face_normals vertex_normals",
    "closing": "BACKS THICKNESS border_edges close_back",
    "decimation": "MINIMUM TRIALS decimate sample_picture",
    "surface": "PAINTS only_masked surface_from_pointmap",
    "displaced_plane": "SUBDIVISIONS displaced_plane",
    "point_cloud": "NEIGHBOURS PointCloud point_cloud_from_pointmap remove_outliers thin_by_voxel",
    "inspection": "CLIP_PERCENT COLOURS CURVE DEFLATE_LEVEL JPEG_QUALITY MAGIC MAX_PIXELS NO_NORMAL OCTAHEDRON_STEPS VERSION "
    "encode_inspection evenly_chosen octahedral_from_normals",
    "inference": "MASK_THRESHOLD PIXELS_PER_TOKEN infer_pointmap pointmap_from_prediction tokens_for_size",
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def absolute_imports(path: Path) -> set[str]:
    """Top-level names of the packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def rooms(path: Path) -> set[str]:
    """Names in ORDER that a file imports from; a file below models/ counts as models."""
    depth = len(path.relative_to(LIBRARY).parts)
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names} & set(ORDER)
    return found


def in_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=LIBRARY.parent, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_every_file_loads_nothing_of_comfyui_and_nothing_heavy():
    modules = [
        ".".join(f.relative_to(LIBRARY.parent).with_suffix("").parts)
        for f in FILES
        if f.name not in ("__init__.py", "__main__.py")
    ]
    code = (
        "import sys, importlib, torch\n"  # torch loads what it finds, such as numpy
        "before = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(' '.join(sorted({n.split('.')[0] for n in set(sys.modules) - before})))"
    )
    loaded = in_a_new_process(code).split()
    assert "sam3d_geometry" in loaded
    assert not [n for n in loaded if n in HOST or n.startswith("comfy")]
    core = [m for m in modules if m.split(".")[1] in PUBLIC]
    loaded = in_a_new_process(code.replace(repr(modules), repr(core))).split()
    assert "sam3d_geometry" in loaded and not set(loaded) & set(HEAVY)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_no_file_names_comfyui_in_an_import(path):
    assert not [n for n in absolute_imports(path) if n in HOST or n.startswith("comfy")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_imports_go_one_way(path):
    name = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    if name == "__init__":
        return
    assert name in ORDER, f"{name} has no place in the order of imports"
    later = {other for other in rooms(path) if ORDER.index(other) > ORDER.index(name)}
    assert not later, f"{name} imports {', '.join(sorted(later))}, which come after it"


def test_the_direction_of_imports_would_be_noticed(tmp_path, monkeypatch):
    (tmp_path / "frames.py").write_text("from .camera import project\nimport comfy.utils\n", encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "LIBRARY", tmp_path)
    assert rooms(tmp_path / "frames.py") == {"camera"} and "comfy" in absolute_imports(tmp_path / "frames.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_files_are_ascii_and_of_readable_length(path):
    text = path.read_text(encoding="utf-8")
    assert text.isascii()
    assert len(text.splitlines()) <= MAX_LINES


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_surface_is_frozen(name):
    found = set()
    for node in tree(LIBRARY / f"{name}.py").body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    assert {n for n in found if not n.startswith("_") and n != "log"} == set(PUBLIC[name].split())


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_and_types_say_what_they_are(name):
    named = [node for node in tree(LIBRARY / f"{name}.py").body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert not [n.name for n in named if not n.name.startswith("_") and not ast.get_docstring(n)]


def test_nothing_prints_or_catches_everything():
    for path in FILES:
        for node in ast.walk(tree(path)):
            caught = node.type if isinstance(node, ast.ExceptHandler) else node
            broad = caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))
            broad = broad and isinstance(node, ast.ExceptHandler)
            # a handler that cleans up and raises again catches nothing
            assert not broad or any(isinstance(n, ast.Raise) for n in ast.walk(node)), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                assert path.stem in ("cli", "video_cli", "__main__", "progress", "run"), f"{path.name}:{node.lineno}"


def test_what_is_on_a_device_comes_to_the_cpu_before_it_becomes_float64():
    """Apple's graphics have no float64: `x.double().cpu()` fails there, `x.cpu().double()` does not."""
    assert not [path.name for path in FILES if ".double().cpu()" in path.read_text(encoding="utf-8")]

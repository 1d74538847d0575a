"""Frames are rotations or one mirror apart, every pair round-trips, and a normal map's colours mean what they say."""

import itertools

import pytest
import torch

from sam3d_geometry.geometry.axes import (
    AXIS_FRAMES,
    NORMAL_MAP_SIGNS,
    convert_directions,
    convert_points,
    decode_normals,
    encode_normals,
    flips_winding,
    target_from_source,
)

PAIRS = list(itertools.permutations(AXIS_FRAMES, 2))


@pytest.mark.parametrize("name", AXIS_FRAMES)
def test_stated_handedness_is_the_determinant(name):
    determinant = torch.linalg.det(target_from_source(name, "opencv"))
    assert determinant == (1 if AXIS_FRAMES[name].handedness == "right" else -1)


@pytest.mark.parametrize(("target", "source"), PAIRS)
def test_every_pair_round_trips(target, source):
    points = torch.randn(5, 7, 3, dtype=torch.float64)
    there = convert_points(points, target, source)
    assert torch.allclose(convert_points(there, source, target), points)
    assert flips_winding(target, source) == (torch.linalg.det(target_from_source(target, source)) < 0)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_conversions_compose(a, b):
    assert torch.equal(target_from_source(a, b) @ target_from_source(b, "opencv"), target_from_source(a, "opencv"))


@pytest.mark.parametrize(
    ("frame", "right", "up", "forward"),
    [
        ("opencv", (1, 0, 0), (0, -1, 0), (0, 0, 1)),
        ("opengl", (1, 0, 0), (0, 1, 0), (0, 0, -1)),
        ("pytorch3d", (-1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ("blender", (1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ("unity", (1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ("unreal", (0, 1, 0), (0, 0, 1), (1, 0, 0)),
    ],
)
def test_right_up_and_forward_point_where_each_program_says(frame, right, up, forward):
    in_opencv = torch.tensor([[1.0, 0, 0], [0, -1, 0], [0, 0, 1]])
    assert convert_directions(in_opencv, frame).tolist() == [list(map(float, v)) for v in (right, up, forward)]


def test_unreal_counts_in_centimetres_and_directions_have_no_unit():
    assert convert_points(torch.tensor([0.0, 0, 1]), "unreal").tolist() == [100, 0, 0]
    assert convert_directions(torch.tensor([0.0, 0, 1]), "unreal").tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("surface", "normal", "opengl", "directx", "controlnet"),
    [
        ("facing the camera", (0, 0, -1), (0.5, 0.5, 1), (0.5, 0.5, 1), (0.5, 0.5, 1)),
        ("floor", (0, -1, 0), (0.5, 1, 0.5), (0.5, 0, 0.5), (0.5, 1, 0.5)),
        ("looking left", (-1, 0, 0), (0, 0.5, 0.5), (0, 0.5, 0.5), (1, 0.5, 0.5)),
        ("looking right", (1, 0, 0), (1, 0.5, 0.5), (1, 0.5, 0.5), (0, 0.5, 0.5)),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_colours_of_known_surfaces(surface, normal, opengl, directx, controlnet):
    n = torch.tensor(normal, dtype=torch.float32).view(1, 1, 1, 3)
    for convention, colour in (("opengl", opengl), ("directx", directx), ("controlnet", controlnet)):
        assert encode_normals(n, convention).flatten().tolist() == pytest.approx(colour)


@pytest.mark.parametrize("convention", NORMAL_MAP_SIGNS)
def test_normal_maps_decode_to_what_was_encoded(convention):
    normals = torch.nn.functional.normalize(torch.randn(2, 5, 6, 3), dim=-1)
    assert torch.allclose(decode_normals(encode_normals(normals, convention), convention), normals, atol=1e-6)


def test_invalid_pixels_look_flat_in_every_convention():
    mask = torch.zeros(1, 2, 2, dtype=torch.bool)
    for convention in NORMAL_MAP_SIGNS:
        assert encode_normals(torch.zeros(1, 2, 2, 3), convention, mask)[0, 0, 0].tolist() == [0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    "call", [lambda: target_from_source("maya", "opencv"), lambda: encode_normals(torch.zeros(1, 1, 1, 3), "gl")]
)
def test_unknown_names_are_refused_with_the_choices(call):
    with pytest.raises(ValueError, match="choose one of"):
        call()

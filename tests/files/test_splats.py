"""Files of splats, read back by their layouts alone."""

import gzip
import io
import struct

import numpy
import pytest
import torch

from sam3d_geometry.files import save_files
from sam3d_geometry.files.splats import colour_from_sh, sh_from_colour, splat_writers
from sam3d_geometry.shapes.splats import Splats


def splats(count=500, reach=6.0, metric=True):
    random = torch.Generator().manual_seed(4)
    values = lambda *shape: torch.rand(*shape, generator=random)  # noqa: E731
    return Splats(
        (values(count, 3) * 2 - 1) * reach,
        (values(count, 3) * 6 - 8).exp(),
        torch.nn.functional.normalize(values(count, 4) - 0.5, dim=-1),
        values(count) * 0.9 + 0.05,
        values(count, 3),
        metric,
    )


def written(model, file_format):
    file = io.BytesIO()
    splat_writers(model, file_format)[f".{file_format}"](file)
    return file.getvalue()


def ply_columns(data):
    """The floats of a PLY's vertices by name, by its own header."""
    head, _, body = data.partition(b"end_header\n")
    lines = head.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    names = [line.split()[2] for line in lines if line.startswith("property float ")]
    (count,) = (int(line.split()[2]) for line in lines if line.startswith("element vertex "))
    rows = numpy.frombuffer(body, "<f4").reshape(count, len(names))
    return dict(zip(names, torch.from_numpy(rows.copy()).T)), lines


def same_turn(one, other, tolerance):
    return ((one * other).sum(-1).abs() > 1 - tolerance).all()


def test_a_ply_holds_every_number_in_the_layout_of_3d_gaussian_splatting():
    model = splats()
    columns, lines = ply_columns(written(model, "ply"))
    wanted = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
    assert list(columns) == wanted.split()
    several = lambda *names: torch.stack([columns[name] for name in names], -1)  # noqa: E731
    assert torch.equal(several("x", "y", "z"), model.centres)
    assert torch.allclose(several("scale_0", "scale_1", "scale_2").exp(), model.scales, rtol=1e-5)
    assert torch.allclose(columns["opacity"].sigmoid(), model.opacities, atol=1e-6)
    dc = several("f_dc_0", "f_dc_1", "f_dc_2")
    assert torch.allclose(dc * 0.28209479177387814 + 0.5, model.colours, atol=1e-6)
    assert torch.equal(several("rot_0", "rot_1", "rot_2", "rot_3"), model.rotations)
    assert "comment unit: metre" in lines and "comment axes: x right, y down, z forward" in lines


def test_a_splat_of_full_opacity_has_a_finite_logit():
    model = splats()
    opaque = Splats(model.centres, model.scales, model.rotations, torch.ones(500), model.colours)
    columns, _ = ply_columns(written(opaque, "ply"))
    assert torch.isfinite(columns["opacity"]).all() and columns["opacity"].sigmoid().min() > 0.999


def test_a_splat_file_has_32_bytes_each_and_the_largest_first():
    model = splats()
    data = written(model, "splat")
    assert len(data) == 32 * 500
    kind = numpy.dtype([("xyz", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("wxyz", "u1", 4)])
    rows = numpy.frombuffer(data, kind)
    size = rows["scale"][:, 0] * rows["scale"][:, 1] * rows["rgba"][:, 3]
    assert (size[:-1] >= size[1:] * 0.95).all()
    order = [int((model.centres == torch.from_numpy(xyz.copy())).all(-1).nonzero()) for xyz in rows["xyz"]]
    assert sorted(order) == list(range(500))
    assert torch.equal(torch.from_numpy(rows["scale"].copy()), model.scales[order])
    wanted = torch.cat([model.colours, model.opacities[:, None]], 1)[order]
    assert (torch.from_numpy(rows["rgba"].copy()) / 255 - wanted).abs().max() <= 0.5 / 255 + 1e-6
    turns = torch.nn.functional.normalize((torch.from_numpy(rows["wxyz"].copy()).float() - 128) / 128, dim=-1)
    assert same_turn(turns, model.rotations[order], 1e-4)


@pytest.mark.parametrize("reach", [0.4, 6.0, 3000.0])
def test_an_spz_unpacks_to_the_same_splats(reach):
    model = splats(reach=reach)
    data = written(model, "spz")
    assert data == written(model, "spz")
    raw = gzip.decompress(data)
    magic, version, count, degree, fraction, flags, reserved = struct.unpack_from("<IIIBBBB", raw)
    assert (magic, version, count, degree, flags, reserved) == (0x5053474E, 2, 500, 0, 0, 0)
    rest = numpy.frombuffer(raw, numpy.uint8, offset=16)
    assert len(rest) == 500 * 19
    positions, alphas, colours, scales, turns = numpy.split(rest.astype(numpy.int64), [4500, 5000, 6500, 8000])
    words = positions.reshape(500, 3, 3) @ [1, 256, 65536]
    words = numpy.where(words >= 1 << 23, words - (1 << 24), words)
    assert numpy.abs(words / 2**fraction - model.centres.double().numpy()).max() <= 0.5001 / 2**fraction
    # no bit that the scene leaves is lost
    assert fraction == 16 or numpy.abs(words).max() >= 1 << 22
    assert numpy.abs(alphas / 255 - model.opacities.numpy()).max() < 0.51 / 255
    stored = torch.from_numpy((colours.reshape(500, 3) / 255 - 0.5) / 0.15).float()
    assert (colour_from_sh(stored) - model.colours).abs().max() < 0.004
    assert numpy.abs(scales.reshape(500, 3) / 16 - 10 - model.scales.log().numpy()).max() < 0.51 / 16
    xyz = torch.from_numpy(turns.reshape(500, 3) / 127.5 - 1).float()
    w = (1 - xyz.square().sum(-1, keepdim=True)).clamp_min(0).sqrt()
    assert same_turn(torch.nn.functional.normalize(torch.cat([w, xyz], -1), dim=-1), model.rotations, 3e-3)


def test_what_an_spz_cannot_hold_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="holds less than 8388608"):
        save_files(tmp_path / "far", splat_writers(splats(reach=3e7), "spz"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="'glb'; splats are saved as one of ply, splat, spz"):
        splat_writers(splats(), "glb")


def test_colours_go_to_the_constant_harmonic_and_back():
    colours = torch.rand(20, 3)
    assert torch.allclose(colour_from_sh(sh_from_colour(colours)), colours, atol=1e-6)
    assert sh_from_colour(torch.full((1, 3), 0.5)).abs().max() == 0

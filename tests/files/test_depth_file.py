"""Depth files of every kind are read back bit for bit, whatever they hold; what lies or is damaged gives one sentence."""

import json
import struct

import numpy
import pytest
import torch
from depth_frames import frame, save
from PIL import Image

from sam3d_geometry.files import arrays, png_tiff
from sam3d_geometry.files import exr as exr_module
from sam3d_geometry.files.depth_file import DEPTH_FORMATS, check_one_clip, numbered_from, read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError
from sam3d_geometry.files.depth_steps import UnitSteps

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")


@pytest.mark.parametrize("name", ["exr 32-bit", "tiff 32-bit"])
def test_floats_come_back_bit_for_bit_with_their_camera(tmp_path, name):
    held = frame()
    back = read_depth(save(tmp_path / f"a{DEPTH_FORMATS[name].suffix}", held, name))
    assert torch.equal(back.depth, held.depth) and torch.equal(back.mask, held.mask)
    assert 0 < held.mask.float().mean() < 1
    assert torch.equal(back.record.intrinsics, held.record.intrinsics)
    assert (back.record.metric, back.record.nearest, back.record.farthest) == (
        True,
        held.record.nearest,
        held.record.farthest,
    )


def test_the_json_beside_serves_where_the_file_itself_says_nothing(tmp_path):
    held = frame(UnitSteps(256.0))
    stored = held.record.steps.encode(held.depth, held.mask)
    Image.fromarray(stored).save(tmp_path / "a.png")
    assert torch.equal(read_depth(tmp_path / "a.png", steps_per_unit=5000).depth, UnitSteps(5000).decode(stored))
    assert read_depth(tmp_path / "a.png").record.intrinsics is None
    (tmp_path / "a.json").write_text(json.dumps(held.description()), encoding="utf-8")
    back = read_depth(tmp_path / "a.png")
    assert torch.equal(back.depth, UnitSteps(256).decode(stored)) and torch.equal(
        back.record.intrinsics, held.record.intrinsics
    )


def test_numbered_files_are_one_clip(tmp_path):
    for number in (8, 9, 10, 12):
        (tmp_path / f"shot2_{number:05d}_.exr").touch()
    first = tmp_path / "shot2_00008_.exr"
    assert [p.name[6:11] for p in numbered_from(first, 0)] == ["00008", "00009", "00010"]
    assert len(numbered_from(first, 2)) == 2 and numbered_from(first, 1) == [first]
    with pytest.raises(DepthFileError, match=r"4 files were asked for and there is no shot2_00011_\.exr"):
        numbered_from(first, 4)
    with pytest.raises(DepthFileError, match="has no number"):
        numbered_from(tmp_path / "shot.exr", 2)
    assert numbered_from(tmp_path / "shot.exr", 0) == [tmp_path / "shot.exr"]
    small, large = read_depth_of(tmp_path, 4), read_depth_of(tmp_path, 5)
    with pytest.raises(DepthFileError, match="read files of one size together"):
        check_one_clip([first, first], [small, large])


def read_depth_of(folder, height):
    numpy.save(folder / "one.npy", numpy.ones((height, 6), numpy.float32))
    return read_depth(folder / "one.npy")


def _png(width, height, data=b""):
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def _npy(shape, descr="<f4"):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"\0" * 64


HOSTILE = {
    "empty.exr": b"",
    "text.exr": b"not a picture at all",
    "empty.png": b"",
    "huge.png": _png(100_000, 100_000),
    "lies.png": _png(9_000, 9_000, b"\0" * 100),
    "empty.tif": b"",
    "text.tiff": b"II*\0\xff\xff\xff\xff",
    "huge.npy": _npy((2_000_000, 2_000_000)),
    "lies.npy": _npy((4_000, 4_000)),
    "deep.npy": _npy((2,) * 30),
    "minus.npy": _npy((-4, 4)),
    "object.npy": _npy((2, 2), "|O"),
    "code.npy": b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').getcwd()".ljust(32),
    "open.npy": b"\x93NUMPY\x01\x00\x20\x00" + b"{'descr': '<f4', 'shape': ((".ljust(32),
    "text.npz": b"PK\x03\x04 not an archive",
    "huge.pfm": b"Pf\n2000000 2000000\n-1.0\n",
    "lies.pfm": b"Pf\n4000 4000\n-1.0\n\0\0\0\0",
    "colour.pfm": b"PF\n1 1\n-1.0\n" + b"\0" * 12,
    "words.pfm": b"Pf\nwide high\n-1.0\n",
    "other.gif": b"GIF89a",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_lies_or_is_damaged_gives_one_sentence(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(DepthFileError) as raised:
        read_depth(path)
    said = str(raised.value)
    assert said.startswith(f"{name}: ") and said.endswith(".") and "\n" not in said


@pytest.mark.parametrize("name", ["a.exr", "a.png", "a.tiff", "b.tiff"])
def test_a_file_cut_short_or_with_flipped_bytes_is_an_error_or_a_depth_map(tmp_path, name):
    kind = {"a.exr": "exr 32-bit", "a.png": "png 16-bit", "a.tiff": "tiff 32-bit", "b.tiff": "tiff 16-bit"}[name]
    path = save(tmp_path / name, frame(UnitSteps() if "16" in kind else None), kind)
    whole = path.read_bytes()
    generator, refused = numpy.random.default_rng(1), 0
    cuts = [whole[: int(len(whole) * share)] for share in (0.02, 0.3, 0.6, 0.95)]
    flipped = []
    for i in range(60):
        damaged = bytearray(whole)
        # the header is where it hurts
        for at in generator.integers(0, len(whole) if i % 2 else min(600, len(whole)), 4):
            damaged[at] = generator.integers(0, 256)
        flipped.append(bytes(damaged))
    for data in cuts + flipped:
        path.write_bytes(data)
        try:
            back = read_depth(path)
        except DepthFileError as error:
            refused += 1
            assert "\n" not in str(error) and str(error).startswith(f"{name}: ")
        else:
            assert bool(torch.isfinite(back.depth).all()) and bool((back.depth[~back.mask] == 0).all())
    assert refused >= 4


@pytest.mark.parametrize("name", ["a.exr", "a.png", "a.tiff", "a.npy", "a.npz", "a.pfm"])
def test_a_mistake_of_ours_is_not_said_to_be_damage_of_the_file(tmp_path, monkeypatch, name):
    path = tmp_path / name
    depth = frame().depth.numpy()
    if name == "a.pfm":
        path.write_bytes(b"Pf\n80 45\n-1.0\n" + depth[::-1].tobytes())
    elif name.startswith("a.np"):
        (numpy.save if name == "a.npy" else numpy.savez)(path, depth)
    else:
        kind = {"a.exr": "exr 32-bit", "a.png": "png 16-bit", "a.tiff": "tiff 32-bit"}[name]
        save(path, frame(UnitSteps() if "16" in kind else None), kind)
    assert read_depth(path).mask.any()
    for function in ("clean_frame", "check_size"):
        for mistake in (KeyError("ours"), TypeError("ours"), IndexError("ours"), ValueError("ours")):

            def wrong(*arguments, mistake=mistake, **options):
                raise mistake

            with monkeypatch.context() as patched:
                for module in (arrays, exr_module, png_tiff):
                    patched.setattr(module, function, wrong)
                with pytest.raises(type(mistake), match="^'?ours'?$"):
                    read_depth(path)

"""What depth files hold is read back bit for bit, by this pack and by the programs that others use."""

import io
import json
import os
import struct

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it first opens an EXR

import closed_form
import cv2
import numpy
import pytest
import skimage.io
import torch
from PIL import Image

from sam3d_geometry.files import arrays, png_tiff
from sam3d_geometry.files import exr as exr_module
from sam3d_geometry.files.depth_file import DEPTH_FORMATS, check_one_clip, depth_writer, numbered_from, read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError
from sam3d_geometry.files.depth_frame import INVALID_DEPTHS, frame_from_pointmap, pointmap_from_frames
from sam3d_geometry.files.depth_record import FORMAT, KEY, DepthRecord
from sam3d_geometry.files.depth_series import POINTMAP, RANGE, DepthSeries, read_series
from sam3d_geometry.files.depth_steps import LAST, RangeSteps, UnitSteps
from sam3d_geometry.files.exr import ExrLayers
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.colour import linear_from_srgb
from sam3d_geometry.geometry.normals import normals_from_pointmap

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")

STEPS = [
    UnitSteps(1000.0),
    UnitSteps(256.0),
    RangeSteps(0.5, 20.0, "linear"),
    RangeSteps(0.5, 20.0, "disparity"),
    RangeSteps(0.5, 20.0, "log"),
    RangeSteps(0.0, 7.25, "disparity"),
]


def pointmap(height=45, width=80, metric=True):
    """A ball under open sky with every photo value of 8 bits."""
    torch.manual_seed(0)
    depth, _ = closed_form.sphere(height, width)
    image = torch.randint(0, 256, (1, height, width, 3)) / 255
    return closed_form.pointmap(depth, image=image, metric=metric)


def frame(steps=None, normals=True):
    made = pointmap()
    return frame_from_pointmap(made, steps, normals_from_pointmap(made)[0] if normals else None)


def save(path, held, name, **options):
    with path.open("wb") as file:
        depth_writer(held, DEPTH_FORMATS[name], ExrLayers(**options))(file)
    return path


@pytest.fixture
def exr(tmp_path):
    return save(tmp_path / "a.exr", frame(), "exr 32-bit", position=True)


@pytest.mark.parametrize("name", ["exr 32-bit", "tiff 32-bit"])
def test_floats_come_back_bit_for_bit_with_their_camera(tmp_path, name):
    held = frame()
    back = read_depth(save(tmp_path / f"a{DEPTH_FORMATS[name].suffix}", held, name))
    assert torch.equal(back.depth, held.depth) and torch.equal(back.mask, held.mask)
    assert 0 < held.mask.float().mean() < 1
    assert torch.equal(back.record.intrinsics, held.record.intrinsics)
    assert (back.record.metric, back.record.near, back.record.far) == (True, held.record.near, held.record.far)


@pytest.mark.parametrize("steps", STEPS, ids=str)
def test_every_16_bit_value_stands_for_a_depth_that_becomes_this_value_again(steps):
    values = numpy.arange(LAST + 1, dtype=numpy.uint16).reshape(256, 256)
    depth = steps.decode(values)
    assert numpy.array_equal(steps.encode(depth, torch.from_numpy(values > 0)), values)
    order = depth.reshape(-1)[1:].diff()
    assert bool((order > 0).all()) if isinstance(steps, UnitSteps) else bool((order < 0).all())


@pytest.mark.parametrize("name", ["png 16-bit", "tiff 16-bit"])
@pytest.mark.parametrize("steps", STEPS[1:4], ids=str)
def test_16_bit_files_keep_their_values_and_depth_to_half_a_step(tmp_path, name, steps):
    held = frame(steps)
    path = save(tmp_path / f"a{DEPTH_FORMATS[name].suffix}", held, name)
    stored = steps.encode(held.depth, held.mask)
    back = read_depth(path)
    assert torch.equal(back.depth, steps.decode(stored)) and torch.equal(back.mask, held.mask)
    assert back.record.steps == steps and torch.equal(back.record.intrinsics, held.record.intrinsics)
    at_most = (
        0.51 / 256 if isinstance(steps, UnitSteps) else 0.51 * (20 if steps.curve == "linear" else 25) / 65534 * 16
    )
    assert float((back.depth - held.depth).abs().max()) < at_most
    # a second round changes nothing
    again = read_depth(save(tmp_path / f"b{path.suffix}", back, name))
    assert torch.equal(again.depth, back.depth)
    # what others read is what was stored
    for read in (
        lambda: numpy.asarray(Image.open(path)),
        lambda: cv2.imread(str(path), -1),
        lambda: skimage.io.imread(path),
    ):
        seen = read()
        assert seen.dtype == numpy.uint16 and numpy.array_equal(seen, stored)


def test_a_float_tiff_is_the_same_in_pillow_opencv_and_skimage(tmp_path):
    held = frame()
    path = save(tmp_path / "a.tiff", held, "tiff 32-bit")
    for seen in (numpy.asarray(Image.open(path)), cv2.imread(str(path), -1), skimage.io.imread(path)):
        assert seen.dtype == numpy.float32 and numpy.array_equal(seen, held.depth.numpy())


def test_openexr_reads_every_channel_as_it_was(exr):
    held = frame()
    opened = OpenEXR.File(str(exr), separate_channels=True)
    channels = {name: channel.pixels for name, channel in opened.channels().items()}
    points = unproject(held.depth[None], held.record.intrinsics[None])[0]
    light = linear_from_srgb(held.image)
    expected = {"Z": held.depth, "mask": held.mask.half()}
    expected |= {f"N.{axis}": held.normals[..., i] for i, axis in enumerate("XYZ")}
    expected |= {f"P.{axis}": points[..., i] for i, axis in enumerate("XYZ")}
    expected |= {axis: light[..., i] for i, axis in enumerate("RGB")}
    assert set(channels) == set(expected)
    for name, values in expected.items():
        assert numpy.array_equal(channels[name], values.numpy()), name
        assert channels[name].dtype == (numpy.float16 if name == "mask" else numpy.float32)
    header = opened.header()
    assert header["unit"] == "metre" and header["near"] == pytest.approx(held.record.near)
    assert json.loads(header[KEY])["camera"]["axes"].startswith("OpenCV")


@pytest.mark.skipif("OpenEXR:                     NO" in cv2.getBuildInformation(), reason="cv2 was built without EXR")
@pytest.mark.parametrize("picture", ["depth", "photo"])
def test_opencv_sees_the_depth_or_the_photo_in_an_exr(tmp_path, picture):
    held = frame()
    seen = cv2.imread(str(save(tmp_path / "a.exr", held, "exr 32-bit", picture=picture)), cv2.IMREAD_UNCHANGED)
    wanted = held.depth[..., None].expand(-1, -1, 3) if picture == "depth" else linear_from_srgb(held.image)
    assert numpy.array_equal(seen[..., ::-1], wanted.numpy())


def test_ffmpeg_reads_the_depth_of_an_exr(tmp_path):
    av = pytest.importorskip("av")
    held = frame()
    with av.open(str(save(tmp_path / "a.exr", held, "exr 32-bit", picture="depth"))) as opened:
        plane = next(opened.decode(video=0)).planes[0]
    seen = numpy.frombuffer(plane, numpy.float32).reshape(plane.height, -1)[:, : plane.width]
    assert numpy.array_equal(seen, held.depth.numpy())


def test_an_exr_gives_back_the_whole_pointmap(exr):
    made, back = pointmap(), pointmap_from_frames([read_depth(exr)])
    assert torch.equal(back.points, made.points) and torch.equal(back.mask, made.mask)
    assert torch.equal(back.intrinsics, made.intrinsics) and back.metric
    assert torch.equal(back.normals, normals_from_pointmap(made)[0] * made.mask[..., None])
    assert torch.equal((back.image * 255).round(), (made.image * 255).round())


@pytest.mark.parametrize("invalid_depth", INVALID_DEPTHS)
def test_sky_is_written_as_it_is_wanted_and_reads_back_as_sky(tmp_path, invalid_depth):
    held = frame()
    path = save(tmp_path / "a.exr", held, "exr 32-bit", invalid_depth=invalid_depth, picture="depth")
    channels = {n: c.pixels for n, c in OpenEXR.File(str(path), separate_channels=True).channels().items()}
    wanted = {"zero": 0.0, "far": float(held.depth.max()), "infinity": numpy.inf}[invalid_depth]
    sky = ~held.mask.numpy()
    assert sky.any() and (channels["Z"][sky] == wanted).all() and (channels["R"][sky] == wanted).all()
    assert numpy.array_equal(channels["Z"][~sky], held.depth.numpy()[~sky])
    back = read_depth(path)
    assert torch.equal(back.depth, held.depth) and torch.equal(back.mask, held.mask)
    series = DepthSeries(invalid_depth=invalid_depth)
    said = {"zero": "; 0 where", "far": "; the frame's farthest", "infinity": "; infinity where"}[invalid_depth]
    assert (
        said in series.description(held)["depth"] and said in json.loads(OpenEXR.File(str(path)).header()[KEY])["depth"]
    )


def test_an_unknown_depth_for_sky_is_refused():
    with pytest.raises(ValueError, match="invalid_depth came as 'gone'; choose one of zero, far, infinity"):
        DepthSeries(invalid_depth="gone")


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


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pfm"])
def test_arrays_of_others_are_read_as_they_are(tmp_path, suffix):
    held, path = frame(), tmp_path / f"a{suffix}"
    depth = held.depth.numpy()
    if suffix == ".pfm":
        cv2.imwrite(str(path), depth)
    elif suffix == ".npy":
        numpy.save(path, numpy.asfortranarray(depth[None].astype(numpy.float64)))
    else:
        numpy.savez_compressed(path, depth=depth, mask=held.mask.numpy(), intrinsics=held.record.intrinsics.numpy())
    back = read_depth(path)
    assert torch.equal(back.depth, held.depth) and torch.equal(back.mask, held.mask)
    if suffix == ".npz":
        assert torch.equal(back.record.intrinsics, held.record.intrinsics)


@pytest.mark.parametrize("name", ["ViewLayer.Depth.Z", "depth.Z", "depth", "Y", "Z"])
def test_depth_of_other_programs_is_found_in_an_exr(tmp_path, name):
    depth = numpy.random.default_rng(0).uniform(1, 9, (20, 30)).astype(numpy.float32)
    depth[0, :3] = numpy.inf, numpy.nan, 1e10  # nothing was hit there
    path = tmp_path / "a.exr"
    channels = {name: depth, "ViewLayer.Combined.R": numpy.zeros_like(depth)}
    OpenEXR.File({"compression": OpenEXR.PIZ_COMPRESSION, "type": OpenEXR.scanlineimage}, channels).write(str(path))
    back = read_depth(path)
    assert not bool(back.mask[0, :3].any()) and bool(back.mask[1:].all()) and not bool(back.depth[0, :3].any())
    assert torch.equal(back.depth[1:], torch.from_numpy(depth[1:]))


def test_a_picture_of_equal_channels_is_depth_and_one_in_colours_is_not(tmp_path):
    depth = numpy.random.default_rng(0).uniform(1, 9, (20, 30)).astype(numpy.float32)
    path, kind = tmp_path / "a.exr", {"type": OpenEXR.scanlineimage}
    OpenEXR.File(kind, dict.fromkeys("RGB", depth)).write(str(path))
    assert torch.equal(read_depth(path).depth, torch.from_numpy(depth))
    OpenEXR.File(kind, {"R": depth, "G": depth, "B": depth + 1}).write(str(path))
    with pytest.raises(DepthFileError, match=r"a\.exr: none of its channels is depth by name: B, G, R"):
        read_depth(path)
    assert torch.equal(read_depth(path, channel="B").depth, torch.from_numpy(depth + 1))


def test_a_cropped_exr_is_put_where_it_belongs(tmp_path):
    depth = numpy.random.default_rng(0).uniform(1, 9, (4, 5)).astype(numpy.float32)
    corners = {
        "dataWindow": (numpy.array([3, 2], numpy.int32), numpy.array([7, 5], numpy.int32)),
        "displayWindow": (numpy.array([0, 0], numpy.int32), numpy.array([11, 8], numpy.int32)),
    }
    OpenEXR.File({"type": OpenEXR.scanlineimage, **corners}, {"Z": depth}).write(str(tmp_path / "a.exr"))
    back = read_depth(tmp_path / "a.exr")
    assert back.depth.shape == (9, 12) and torch.equal(back.depth[2:6, 3:8], torch.from_numpy(depth))
    assert int(back.mask.sum()) == 20


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


@pytest.mark.parametrize("name", DEPTH_FORMATS)
@pytest.mark.parametrize("seen", ["nothing", "one pixel"])
def test_masks_of_nothing_and_of_one_pixel(tmp_path, name, seen):
    depth = torch.zeros(1, 3, 5)
    depth[0, 1, 2] = 2.5 if seen == "one pixel" else 0
    series = DepthSeries(depth_format=name, steps_of=RANGE)
    (held,) = series.frames(closed_form.pointmap(depth))
    path = tmp_path / f"a{series.suffix}"
    with path.open("wb") as file:
        series.writer(held)(file)
    back = read_depth(path)
    assert torch.equal(back.depth, depth[0]) and torch.equal(back.mask, depth[0] > 0)
    assert (back.record.near, back.record.far) == ((2.5, 2.5) if seen == "one pixel" else (0, 0))


class TestSeries:
    def clip(self):
        depth, _ = closed_form.sphere(30, 40)
        return closed_form.pointmap(torch.cat([depth, depth * 2]), source_size=(60, 80))

    def test_one_range_for_all_frames_that_holds_them_all(self):
        frames = list(DepthSeries(depth_format="png 16-bit", steps_of=RANGE).frames(self.clip()))
        ranges = {(f.record.steps.near, f.record.steps.far) for f in frames}
        assert ranges == {(min(f.record.near for f in frames), max(f.record.far for f in frames))}

    def test_size_of_the_photo_of_an_image_and_of_the_pointmap(self):
        clip = self.clip()
        assert [tuple(f.depth.shape) for f in DepthSeries().frames(clip)] == [(60, 80)] * 2
        image = torch.rand(1, 90, 120, 3)
        assert [tuple(f.normals.shape) for f in DepthSeries().frames(clip, image)] == [(90, 120, 3)] * 2
        held = list(DepthSeries(output_size=POINTMAP).frames(clip, image))
        assert torch.equal(torch.stack([f.depth for f in held]), clip.depth)

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"depth_format": "gif"}, "Depth format 'gif' is not known"),
            ({"steps_of": "steps"}, "Input steps_of came as 'steps'"),
            ({"depth_format": "png 16-bit", "steps_per_unit": 1e5}, "set steps_per_unit to at most"),
            ({"depth_format": "png 16-bit", "steps_of": RANGE, "near": 3, "far": 2}, "near 3, far 2"),
            ({"depth_format": "png 16-bit", "steps_per_unit": 0}, "must be greater than 0"),
        ],
        ids=str,
    )
    def test_what_does_not_go_is_refused_in_a_sentence(self, options, sentence):
        with pytest.raises(ValueError, match=sentence) as raised:
            series = DepthSeries(**options)
            for held in series.frames(self.clip()):
                series.writer(held)(io.BytesIO())
        assert str(raised.value).endswith(".")

    def test_the_steps_that_are_advised_fit(self):
        (held, _) = DepthSeries(depth_format="png 16-bit", steps_per_unit=16000).frames(self.clip())
        with pytest.raises(ValueError, match="at most") as raised:
            UnitSteps(30000).encode(held.depth, held.mask)
        advised = float(str(raised.value).split("at most ")[1].split(",")[0])
        assert UnitSteps(advised).encode(held.depth, held.mask).max() >= LAST - 2


def test_without_openexr_one_sentence_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(
        ImportError, match=r'^EXR files need the Python package OpenEXR; install it with: pip install "OpenEXR>=3\.5"$'
    ):
        DepthSeries()
    DepthSeries(depth_format="tiff 32-bit")


class TestRecord:
    def test_a_text_of_others_is_none_of_ours(self):
        for text in ("", "{", "[]", '{"format": 1}', "[" * 60000, json.dumps({"format": FORMAT}) + " " * 70000):
            assert DepthRecord.from_json(text) is None

    @pytest.mark.parametrize(
        "damage",
        [
            {"near": "x"},
            {"far": float("inf")},
            {"camera": {"intrinsics_normalised": [[1]]}},
            {"camera": {"intrinsics_normalised": [[0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]}},
            {"camera": {"intrinsics_normalised": "1" * 20}},
            {"camera": {}},
            {"values": {"steps_per_unit": -1}},
            {"values": {"near": 1}},
            {"values": {"near": 1, "far": 2, "curve": "gone"}},
        ],
        ids=str,
    )
    def test_a_damaged_record_is_said_and_not_guessed(self, tmp_path, damage):
        entry = {**frame(UnitSteps()).description(), **damage}
        with pytest.raises(ValueError, match=r"\w+"):
            DepthRecord.from_json(json.dumps(entry))
        numpy.save(tmp_path / "a.npy", numpy.ones((2, 2)))
        (tmp_path / "a.json").write_text(json.dumps(entry), encoding="utf-8")
        with pytest.raises(DepthFileError, match=r"^a\.npy: the JSON beside it is damaged: .*[^.]\.$"):
            read_depth(tmp_path / "a.npy")


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


def test_an_exr_cut_short_is_never_taken_for_whole(exr):
    whole = exr.read_bytes()
    for share in (0.5, 0.9, 0.999):
        exr.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DepthFileError, match=r"^a\.exr: its pixels are damaged or cut short\.$"):
            read_depth(exr)


def test_an_exr_that_announces_far_more_than_it_holds_takes_no_memory(tmp_path, exr):
    resource = pytest.importorskip("resource")
    data = exr.read_bytes()
    at = data.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    display = data.index(b"displayWindow\0box2i\0") + len(b"displayWindow\0box2i\0") + 4
    for side, sentence in ((1_000_000, "at most"), (6_000, "damaged")):
        lying = bytearray(data)
        for place in (at, display):
            lying[place : place + 16] = struct.pack("<4i", 0, 0, side - 1, side - 1)
        exr.write_bytes(lying)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(DepthFileError, match=sentence):
            read_depth(exr)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_a_picture_of_8_bits_or_in_colour_is_sent_to_load_image(tmp_path):
    grey = numpy.full((4, 6), 7, numpy.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    cv2.imwrite(str(tmp_path / "b.png"), numpy.dstack([grey.astype(numpy.uint16) * 200] * 3))
    for name in ("a.png", "b.png"):
        with pytest.raises(DepthFileError, match="open it with Load Image and give it to Depth To Pointmap"):
            read_depth(tmp_path / name)


def test_an_archive_of_pickles_is_not_opened(tmp_path):
    numpy.savez(tmp_path / "a.npz", depth=numpy.array([{"a": 1}], dtype=object))
    with pytest.raises(DepthFileError, match="which is not depth"):
        read_depth(tmp_path / "a.npz")


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


def test_frames_of_a_depth_video_are_read_as_those_of_save_depth(tmp_path):
    from sam3d_geometry.video.writer import format_named as video_format
    from sam3d_geometry.video.writer import quantise, write_picture

    held, chosen = frame(), video_format("exr 32-bit files")
    save(tmp_path / "saved_1.exr", held, "exr 32-bit")
    save(tmp_path / "saved_2.exr", held, "exr 32-bit")
    for number in (1, 2):
        write_picture(tmp_path / f"video_{number}.exr", quantise(held.depth[None], chosen)[0], chosen)
    saved, video = (read_series(numbered_from(tmp_path / f"{name}_1.exr", 0)) for name in ("saved", "video"))
    assert len(video.depth) == 2
    assert torch.equal(saved.depth, video.depth)
    assert torch.equal(saved.mask, video.mask)
    assert (saved.near, saved.far) == (video.near, video.far)

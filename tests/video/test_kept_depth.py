"""A stream draws what the same frames give as one batch, picture for picture, in every range and steadied in every way."""

from dataclasses import replace
from functools import cache

import clips
import numpy
import pytest
import torch
from clips import decode

from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.depth import depth_picture, depth_range
from sam3d_geometry.video import stream
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.engine import RANGES, GeometryChunk, StreamSettings, read_chunks
from sam3d_geometry.video.kept_depth import KeptDepth, KeptDepthWriter, range_of_clip
from sam3d_geometry.video.product import Look, VideoProduct
from sam3d_geometry.video.stages import STREAM_STEADYINGS, steadying
from sam3d_geometry.video.stream import stream_clip
from sam3d_geometry.video.writer import format_named, quantise

pytest.importorskip("av", reason="PyAV is not installed")
pytest.importorskip("cv2", reason="OpenCV is not installed")

FRAMES, FORMAT, LOOK = 22, "ffv1 16-bit mkv", Look(normal_convention="directx")
INTRINSICS = torch.tensor([[1.0, 0, 0.5], [0, 1.5, 0.5], [0, 0, 1]])


class UnalignedEngine:
    """Stands in for a network without metres: each frame has a scale of its own, from 0.4 to 2.4, and a sky."""

    model_name = "unaligned"
    device = torch.device("cpu")

    def __init__(self, normals):
        self._normals = normals

    def infer(self, images):
        numbers = torch.tensor([clips.number(image) for image in images.numpy()])
        scale = 0.4 + (numbers * 7 % 11) / 5
        photos = images.float() / 255
        depth = scale[:, None, None] * (2 + photos[..., 1] + torch.linspace(6, 0, images.shape[1])[:, None])
        mask = torch.ones_like(depth, dtype=torch.bool)
        mask[:, :8, ::3] = False
        depth = torch.where(mask, depth, 0)
        intrinsics = INTRINSICS.expand(len(images), 3, 3).clone()
        normals = None
        if self._normals:
            normals = torch.nn.functional.normalize(
                torch.cat([photos[..., :2] - 0.5, -torch.ones_like(photos[..., :1])], -1), dim=-1
            )
            normals = torch.where(mask[..., None], normals, 0)
        size = (2 * images.shape[1], 2 * images.shape[2])
        return Pointmap(
            unproject(depth, intrinsics), mask, intrinsics, photos, normals=normals, metric=False, source_size=size
        )

    def sample(self, clip, settings):
        return Pointmap.cat([self.infer(torch.from_numpy(pixels)[None]) for pixels in clip.samples(16)])

    def geometry(self, clip, settings, survey, after, overlap):
        for chunk in read_chunks(clip, settings.frames_per_chunk, after):
            pointmap = replace(self.infer(chunk.images), source_size=(clip.facts.height, clip.facts.width))
            yield GeometryChunk(chunk.positions, pointmap)


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(stream, "SEGMENT_FRAMES", 8)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A clip of 22 frames with a cut before the 13th."""
    path = tmp_path_factory.mktemp("clips") / "source.mp4"
    original = clips.picture

    def with_cut(index, *size):
        pixels = original(index, *size)
        if index >= 12:
            pixels[clips.BAR_HEIGHT :] = 255 - pixels[clips.BAR_HEIGHT :] // 4
        return pixels

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clips, "picture", with_cut)
        clips.make_clip(path, FRAMES)
    return path


@cache
def batch(source, steady_by, normals):
    images = torch.stack([torch.from_numpy(frame.pixels) for frame in open_clip(source).frames()])
    pointmap = replace(UnalignedEngine(normals).infer(images), source_size=tuple(images.shape[1:3]))
    steps = None
    for stage in steadying(steady_by, 0.5):
        pointmap, _, steps = stage(pointmap, None, steps)
    return pointmap


def streamed(source, folder, settings, steady_by="off", normals=False, **options):
    products = [VideoProduct(kind, FORMAT, folder / f"{kind}.mkv") for kind in ("depth", "coloured depth", "normals")]
    products.append(VideoProduct("depth", "png 16-bit files", folder / "frames"))
    survey = stream_clip(
        UnalignedEngine(normals), open_clip(source), products, settings, steadying(steady_by, 0.5), **options
    )[1]
    return survey, decode(folder / "depth.mkv")[1], decode(folder / "normals.mkv", "gbrp16le")[1]


@pytest.mark.parametrize("normals", [False, True], ids=["depth only", "network normals"])
@pytest.mark.parametrize("steady_by", STREAM_STEADYINGS)
@pytest.mark.parametrize("mode", RANGES)
def test_streamed_is_batch_picture_for_picture(source, tmp_path, mode, steady_by, normals):
    settings = StreamSettings(range=mode, near=0.7, far=12, frames_per_chunk=3, look=LOOK)
    survey, depths, normal_maps = streamed(source, tmp_path, settings, steady_by, normals)
    pointmap = batch(source, steady_by, normals)
    shown = depth_range(pointmap, mode, settings.near, settings.far, settings.clip_percent)
    expected = quantise(depth_picture(pointmap, shown)[0], format_named(FORMAT)).astype(int)
    assert len(depths) == FRAMES
    assert numpy.abs(numpy.stack(depths).astype(int) - expected).max() <= 2  # of 65535
    vectors, mask = normals_from_pointmap(pointmap, "auto", 0)
    expected = quantise(encode_normals(vectors, "directx", mask), format_named(FORMAT)).astype(int)
    assert numpy.abs(numpy.stack(normal_maps).astype(int) - expected).max() <= 2
    if mode == "whole clip":
        assert (survey.near, survey.far) == pytest.approx(shown.limits, rel=1e-6)


def test_the_range_is_that_of_the_steadied_frames(source, tmp_path):
    settings = StreamSettings(look=LOOK)
    _, depths, _ = streamed(source, tmp_path, settings, "motion")
    greys = numpy.stack(depths) / 65535
    assert greys.max() > 0.95  # the nearest is white, whatever scales the frames came with
    assert depth_range(UnalignedEngine(False).infer(_images(source))).limits != pytest.approx(
        depth_range(batch(source, "motion", False)).limits, rel=0.1
    )


def _images(source):
    return torch.stack([torch.from_numpy(frame.pixels) for frame in open_clip(source).frames()])


class Killed(Exception):
    pass


@pytest.mark.parametrize("overlap", [True, False])
def test_killed_while_drawing_it_draws_the_rest(source, tmp_path, monkeypatch, overlap):
    settings = StreamSettings(look=LOOK)
    streamed(source, tmp_path / "whole", settings, overlap=overlap)
    done, calls = [], []
    drawing = stream.Drawing

    class Counted(drawing):
        def pictures(self, product, segment):
            calls.append(segment.name)
            yield from super().pictures(product, segment)
            if len(calls) == 2 and not done:
                done.append(segment)
                raise Killed

    monkeypatch.setattr(stream, "Drawing", Counted)
    with pytest.raises(Killed):
        streamed(source, tmp_path / "killed", settings, overlap=overlap)
    calls.clear()
    seen = []
    streamed(source, tmp_path / "killed", settings, overlap=overlap, on_progress=lambda n, total: seen.append(n))
    assert set(seen) == {FRAMES}  # no frame went through the network again
    assert calls[0] == "000001_0.segment"  # the first one was drawn
    names = {p.relative_to(tmp_path / "whole") for p in (tmp_path / "whole").rglob("*")}
    assert names == {p.relative_to(tmp_path / "killed") for p in (tmp_path / "killed").rglob("*")}
    for name in ("depth.mkv", "coloured depth.mkv", "frames/000021.png"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_kept_depths_come_back_untouched(tmp_path):
    depth = torch.rand(5, 7, 9) * 1e6
    depth[:, 2:4] = -1
    writer = KeptDepthWriter(tmp_path / "kept")
    for i in range(5):
        writer.write(depth[i].numpy(), 1001 * i)
    assert not (tmp_path / "kept").exists()
    writer.close()
    kept = KeptDepth.read(tmp_path / "kept")
    values, mask = kept.frames(slice(1, 4))
    assert kept.times == tuple(1001 * i for i in range(5))
    assert torch.equal(values, depth[1:4].clamp_min(0))
    assert torch.equal(mask, depth[1:4] >= 0)
    shown = range_of_clip([tmp_path / "kept"], 0)
    assert (float(shown.near), float(shown.far)) == (float(depth[depth > 0].min()), float(depth.max()))


def test_an_abandoned_segment_leaves_nothing(tmp_path):
    writer = KeptDepthWriter(tmp_path / "kept")
    writer.write(numpy.ones((3, 4), numpy.float32), 0)
    writer.abandon()
    assert list(tmp_path.iterdir()) == []

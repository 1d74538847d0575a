"""Writing pictures: values are as deep as the format, times come along, files are whole or absent."""

import os
from dataclasses import replace
from fractions import Fraction

import numpy
import pytest
import torch
from clips import RATE, TIME_BASE, decode
from PIL import Image
from written_videos import FACTS, HEIGHT, TIMES, VIDEOS, WIDTH, ramps, write

from sam3d_geometry.video.clip_facts import ClipFacts
from sam3d_geometry.video.writer import (
    Segment,
    SegmentWriter,
    format_named,
    join_segments,
    quantise,
    write_quantised,
)

av = pytest.importorskip("av", reason="PyAV is not installed")


@pytest.mark.parametrize("name", VIDEOS)
class TestVideo:
    def test_frames_keep_their_times_across_segments(self, tmp_path, name):
        times, _ = decode(write(tmp_path, name, ramps()))
        tolerance = 15 if name.endswith("mkv") else 0  # matroska counts in milliseconds
        assert len(times) == len(TIMES)
        assert max(abs(a - b) for a, b in zip(times, TIMES)) <= tolerance

    def test_grey_comes_back_as_deep_as_the_format_is(self, tmp_path, name):
        _, pictures = decode(write(tmp_path, name, ramps()), "gray16le")
        error = numpy.abs(numpy.stack(pictures) / 65535 - ramps().numpy())
        steps = {8: 1 / 219, 10: 1 / 876, 16: 1 / 65535}[format_named(name).bits]
        assert error.mean() < 1.5 * steps
        assert len(numpy.unique(pictures[0])) >= min(WIDTH, 0.8 / steps) * 0.9

    def test_colours_come_back(self, tmp_path, name):
        torch.manual_seed(0)
        patches = torch.rand(8, 3, 3, 8).repeat_interleave(16, 1).repeat_interleave(16, 3).movedim(2, 3)
        _, pictures = decode(write(tmp_path, name, patches), "rgb24")
        middle = (slice(None), slice(6, None, 16), slice(6, None, 16))
        error = numpy.abs(numpy.stack(pictures)[middle] / 255 - patches.numpy()[middle])
        assert error.max() < 0.04

    @pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(10, 11)])
    def test_pixels_keep_their_shape(self, tmp_path, name, aspect):
        facts = replace(FACTS, pixel_aspect=aspect)
        with av.open(str(write(tmp_path, name, ramps(), facts=facts))) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (WIDTH, HEIGHT)
            found = stream.sample_aspect_ratio
            # Matroska has the size that is shown, in whole pixels
            assert found == aspect if not name.startswith("ffv1") else abs(float(found / aspect) - 1) < 0.01

    def test_odd_sizes_can_be_written(self, tmp_path, name):
        odd = ramps()[:, :45, :101]
        facts = ClipFacts(45, 101, RATE, TIME_BASE, None, False)
        _, pictures = decode(write(tmp_path, name, odd, facts=facts))
        assert pictures[0].shape[0] in (45, 46)
        assert pictures[0].shape[1] in (101, 102)
        assert numpy.abs(pictures[0][:45, :101] / 65535 - odd[0].numpy()).mean() < 0.01


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not say which cores to use")
@pytest.mark.parametrize("name", VIDEOS)
def test_the_same_pictures_give_the_same_bytes_on_any_number_of_cores(tmp_path, name):
    cores = os.sched_getaffinity(0)
    pictures = torch.cat([ramps()] * 6, 1)  # high enough that an encoder would cut it into slices
    written = []
    try:
        for use in (cores, {min(cores)}):
            os.sched_setaffinity(0, use)
            folder = tmp_path / str(len(written))
            folder.mkdir()
            written.append(write(folder, name, pictures).read_bytes())
    finally:
        os.sched_setaffinity(0, cores)
    assert written[0] == written[1]


@pytest.mark.parametrize("name", [name for name in VIDEOS if name.startswith("h264")])
def test_h264_is_written_without_the_step_that_reads_stray_memory(tmp_path, name):
    content = write(tmp_path, name, ramps()).read_bytes()
    assert b"x264" in content  # the encoder writes its settings into the file
    assert b"mbtree=0" in content


def test_sixteen_bits_in_ffv1_are_exact(tmp_path):
    values = quantise(ramps(), format_named("ffv1 16-bit mkv"))
    _, pictures = decode(write(tmp_path, "ffv1 16-bit mkv", ramps()))
    assert numpy.array_equal(numpy.stack(pictures), values)


def test_apple_players_find_the_tag_they_take(tmp_path):
    with av.open(str(write(tmp_path, "h265 10-bit mp4", ramps()))) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_the_frame_rate_is_kept(tmp_path):
    chosen = format_named("h264 8-bit mp4")
    writer = SegmentWriter(tmp_path / "0.segment", chosen, True, FACTS)
    for i, values in enumerate(quantise(ramps(), chosen)):
        writer.write(values, 1001 * i)
    writer.close()
    join_segments([Segment(tmp_path / "0.segment", 0)], tmp_path / "out.mp4", FACTS)
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert Fraction(stream.average_rate) == RATE
        assert stream.duration * Fraction(stream.time_base) == 8 / RATE


class TestPictures:
    def test_png_holds_sixteen_bits(self, tmp_path):
        chosen = format_named("png 16-bit files")
        values = quantise(ramps(), chosen)[3]
        write_quantised(tmp_path / "grey.png", values, chosen)
        with Image.open(tmp_path / "grey.png") as image:
            assert numpy.array_equal(numpy.asarray(image).astype(numpy.uint16), values)

    def test_png_holds_sixteen_bits_of_each_colour(self, tmp_path):
        chosen = format_named("png 16-bit files")
        colours = quantise(torch.rand(1, 11, 13, 3), chosen)[0]
        write_quantised(tmp_path / "colour.png", colours, chosen)
        assert numpy.array_equal(decode_one(tmp_path / "colour.png", "rgb48le"), colours)

    def test_pixels_keep_their_shape(self, tmp_path):
        chosen = format_named("png 16-bit files")
        write_quantised(tmp_path / "frame.png", quantise(ramps(), chosen)[0], chosen, Fraction(64, 45))
        with av.open(str(tmp_path / "frame.png")) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(64, 45)


def decode_one(path, pixels):
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format=pixels)


def test_a_size_that_the_encoder_does_not_take_is_refused_in_a_sentence_and_leaves_no_file(tmp_path):
    facts = replace(FACTS, height=40, width=2)
    sentence = (
        r"^Pictures of 2 x 40 pixels cannot be written with libx265, which takes larger ones; choose files of PNG"
    )
    with pytest.raises(ValueError, match=sentence):
        SegmentWriter(tmp_path / "0.mkv", format_named("h265 10-bit mp4"), True, facts)
    assert not list(tmp_path.iterdir())
    SegmentWriter(tmp_path / "0.mkv", format_named("ffv1 16-bit mkv"), True, facts).abandon()


def test_unknown_formats_are_refused():
    with pytest.raises(ValueError, match="'gif' is not known; choose one of h265"):
        format_named("gif")


@pytest.mark.parametrize("name", VIDEOS)
def test_texts_are_tags_of_the_file_and_the_pictures_are_the_same(tmp_path, name):
    plain = write(tmp_path, name, ramps())
    texts = {"prompt": '{"4": {"inputs": {"x": "\u6df1\u5ea6"}}}', "workflow": '{"nodes": []}'}
    told = tmp_path / f"told{plain.suffix}"
    join_segments([Segment(plain, 0)], told, FACTS, texts=texts)
    with av.open(str(told)) as container:
        tags = {name.lower(): text for name, text in container.metadata.items()}
    assert {name: tags.get(name) for name in texts} == texts
    assert numpy.array_equal(decode(told)[1], decode(plain)[1])

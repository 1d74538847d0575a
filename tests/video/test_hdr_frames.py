"""HDR clips come out as pictures in sRGB: the same scene alike from PQ, HLG and SDR, and tables as exact as the formulas."""

import numpy
import pytest
import torch

from sam3d_geometry.geometry.colour import (
    eight_bit,
    light_from_pq,
    pq_from_light,
    scene_light_from_hlg,
    srgb_from_linear,
)
from sam3d_geometry.geometry.tone_mapping import (
    HLG,
    PQ,
    SRGB_FROM_WIDE,
    WIDE_LUMINANCE,
    toned,
)
from sam3d_geometry.video.hdr_frames import SIGNAL_OF_TRC, srgb_pixels
from sam3d_geometry.video.video_file import VideoFile

av = pytest.importorskip("av", reason="PyAV is not installed")


def screen_light_from_hlg(signal):
    """HLG signals (..., 3) in [0, 1] -> light (..., 3) in cd/m2 on a screen of 1,000, with BT.2100's system gamma of 1.2."""
    scene = scene_light_from_hlg(signal)
    return 1000 * (scene @ scene.new_tensor(WIDE_LUMINANCE))[..., None] ** 0.2 * scene


def shown_in_srgb(light):
    """Light (..., 3) in cd/m2 in BT.2020 -> sRGB (..., 3) in [0, 1], by the formulas."""
    return srgb_from_linear((toned(light) @ light.new_tensor(SRGB_FROM_WIDE).T).clamp(0, 1))


LIGHT_ON_SCREEN = {PQ: light_from_pq, HLG: screen_light_from_hlg}


@pytest.mark.parametrize("kind", [PQ, HLG])
def test_tables_are_as_exact_as_the_formulas(kind):
    signal = numpy.random.default_rng(0).integers(0, 65536, (60, 80, 3)).astype(numpy.uint16)
    light = LIGHT_ON_SCREEN[kind](torch.from_numpy(signal / 65535))
    exact = 255 * shown_in_srgb(light)
    assert numpy.abs(srgb_pixels(signal, kind) - exact.numpy()).max() < 0.6


def test_hlg_lights_a_screen_as_the_standard_says():
    # ITU-R BT.2408: 75 % is 203 cd/m2 on a screen of 1,000
    assert screen_light_from_hlg(torch.full((3,), 0.75)).tolist() == pytest.approx([203] * 3, rel=2e-3)
    assert screen_light_from_hlg(torch.ones(3)).tolist() == pytest.approx([1000] * 3, rel=1e-5)


def test_other_signals_are_refused():
    with pytest.raises(ValueError, match="'SLog3' is not known; choose one of PQ, HLG"):
        srgb_pixels(numpy.zeros((1, 1, 3), numpy.uint16), "SLog3")


def wide_light():
    """Patches (4, 6, 3) of light in cd/m2 in BT.2020, dark to bright, gray and coloured."""
    level = torch.logspace(-0.3, 2.6, 24, dtype=torch.float64).reshape(4, 6, 1)
    tint = torch.ones(4, 6, 3, dtype=torch.float64)
    tint[1], tint[2] = torch.tensor([1.0, 0.7, 0.5]), torch.tensor([0.5, 0.8, 1.0])
    return level * tint


def hlg_from_light(light):
    """The signal of light on a screen of 1,000 cd/m2: the inverse of the system gamma, and the OETF of BT.2100."""
    luminance = (light @ light.new_tensor(WIDE_LUMINANCE))[..., None] / 1000
    scene = light / 1000 * luminance ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return torch.where(scene <= 1 / 12, (3 * scene).sqrt(), a * (12 * scene - b).clamp_min(1e-9).log() + c)


def hdr_clip(path, kind, frames=3):
    signal = pq_from_light(wide_light()) if kind == PQ else hlg_from_light(wide_light())
    pixels = (signal * 65535).round().numpy().astype(numpy.uint16).repeat(16, 0).repeat(16, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p10le"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_range = 9, 9, 1
        context.color_trc = next(number for number, name in SIGNAL_OF_TRC.items() if name == kind)
        frame = av.VideoFrame.from_ndarray(pixels, "rgb48le")
        frame = frame.reformat(format="yuv444p10le", dst_colorspace=9, dst_color_range="MPEG")
        for i in range(frames):
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("kind", [PQ, HLG])
def test_a_clip_shows_the_light_that_it_holds(tmp_path, kind):
    clip = VideoFile(hdr_clip(tmp_path / "hdr.mkv", kind))
    wanted = eight_bit(shown_in_srgb(wide_light())).numpy()
    for pixels in (*(frame.pixels for frame in clip.frames()), *clip.samples(1)):
        error = numpy.abs(pixels[8::16, 8::16].astype(int) - wanted)
        assert pixels.dtype == numpy.uint8
        assert error.max() <= 4 and error.mean() < 1.5  # 10 bits of luma and chroma

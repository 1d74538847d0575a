"""Clips made for tests: every frame carries its own number as bars that survive compression."""

from fractions import Fraction
from pathlib import Path

import numpy

BARS, BAR_WIDTH, BAR_HEIGHT = 12, 8, 12
RATE = Fraction(30000, 1001)
TIME_BASE = Fraction(1, 30000)


def picture(index, height=54, width=96):
    """Frame `index` (height, width, 3) uint8: its number in 12 bars on top, a moving ramp below."""
    y, x = numpy.mgrid[:height, :width]
    pixels = numpy.stack([(x + 2 * index) % 200 + 20, (2 * y + index) % 200 + 20, numpy.full_like(x, 90)], -1).astype(
        numpy.uint8
    )
    for bar in range(BARS):
        pixels[:BAR_HEIGHT, bar * BAR_WIDTH : (bar + 1) * BAR_WIDTH] = 255 if index >> bar & 1 else 0
    return pixels


def number(pixels):
    """The number that a picture (H, W) or (H, W, 3) carries."""
    top = numpy.asarray(pixels, dtype=float)[2 : BAR_HEIGHT - 2, : BARS * BAR_WIDTH]
    level = top.reshape(top.shape[0], BARS, BAR_WIDTH, -1)[:, :, 2:-2].mean((0, 2, 3))
    return sum(1 << bar for bar in range(BARS) if level[bar] > (level.max() + top.min()) / 2 and level[bar] > 1)


def make_clip(
    path, frames=40, *, times=None, sound=None, rotation=0, gop=12, size=(54, 96), b_frames=2, matrix=None, aspect=1,
    sound_starts=0,
):  # fmt: skip
    """An H.264 file of `picture`s, at `times` in units of TIME_BASE (30000/1001 frames a second if not given).

    `matrix` are the first four whole numbers (a, b, c, d) of a display matrix, `aspect` is the width of a pixel over its height;
    sound starts at a time in TIME_BASE.
    """
    import av

    times = times or [i * 1001 for i in range(frames)]
    options = {"crf": "10", "preset": "ultrafast", "g": str(gop), "bf": str(b_frames)}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        if rotation:
            stream.set_display_rotation(rotation)
        if matrix:
            a, b, c, d = (number << 16 for number in matrix)
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        track = container.add_stream(sound, rate=48000) if sound else None
        if track is not None:
            track.layout = "mono"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, *size), "rgb24")
            frame.pts, frame.time_base = times[index], TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if track is not None:
            _add_tone(container, track, sound_starts * TIME_BASE, seconds=frames / RATE)
    return times


def _add_tone(container, track, begin, seconds):
    import av

    samples = int(48000 * seconds)
    tone = (numpy.sin(numpy.arange(samples) * 0.06) * 0.5).astype(numpy.float32)
    for start in range(0, samples, 1024):
        frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, round(begin * 48000) + start, Fraction(1, 48000)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def make_folder(path, frames=10, pattern="shot_{:d}.png"):
    """A folder of `picture`s as PNG files."""
    from PIL import Image

    path.mkdir()
    for index in range(frames):
        Image.fromarray(picture(index)).save(path / pattern.format(index))
    return path


def decode(path, pixels="gray16le"):
    """(times in units of TIME_BASE, pictures) of a video."""
    import av

    with av.open(str(Path(path))) as container:
        decoded = list(container.decode(video=0))
    times = [round(f.pts * Fraction(f.time_base) / TIME_BASE) for f in decoded]
    return times, [f.to_ndarray(format=pixels) for f in decoded]

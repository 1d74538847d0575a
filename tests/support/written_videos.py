"""Ramps that climb, written as videos in two segments."""

from dataclasses import replace

import torch
from clips import RATE, TIME_BASE

from sam3d_geometry.video.clip_facts import ClipFacts
from sam3d_geometry.video.writer import (
    FORMATS,
    Segment,
    SegmentWriter,
    format_named,
    join_segments,
    quantise,
)

HEIGHT, WIDTH = 48, 128


VIDEOS = [name for name, chosen in FORMATS.items() if not chosen.sequence]


TIMES = [0, 1001, 2002, 2500, 5000, 5001, 7007, 9009]


FACTS = ClipFacts(HEIGHT, WIDTH, RATE, TIME_BASE, None, False)


def ramps():
    """(8, H, W) in [0, 1]: a ramp that climbs a little with every frame."""
    ramp = torch.linspace(0, 0.9, WIDTH).expand(HEIGHT, WIDTH)
    return torch.stack([ramp + 0.01 * i for i in range(8)])


def write(folder, name, pictures, target=None, sound=None, facts=FACTS):
    """The pictures in two segments, joined."""
    chosen, parts = format_named(name), []
    facts = replace(facts, height=pictures.shape[1], width=pictures.shape[2])
    values = quantise(pictures, chosen)
    for number, part in enumerate((slice(0, 3), slice(3, 8))):
        path = folder / f"{number}.segment"
        writer = SegmentWriter(path, chosen, pictures.dim() == 3, facts)
        for picture, time in zip(values[part], TIMES[part]):
            writer.write(picture, time)
        assert not path.exists()
        writer.close()
        assert path.exists()
        parts.append(Segment(path, TIMES[part][0]))
    target = target or folder / f"joined{chosen.suffix}"
    join_segments(parts, target, facts, sound)
    assert [p.name for p in folder.iterdir() if ".part" in p.name] == []
    return target

"""Interlaced frames as whole pictures: FFmpeg's bwdif filter, one picture for each frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from .clip_facts import import_av

BWDIF = "mode=send_frame:parity=auto:deint=interlaced"  # frames that say that they are whole stay as they are


def deinterlaced(frames: Iterator, time_base: Fraction) -> Iterator:
    """Decoded frames, each of which is filled up from its two fields and the frames beside it; their times stay."""
    av = import_av()
    graph, times = None, deque()
    for frame in frames:
        if graph is None:
            graph = _bwdif(frame, time_base)
        times.append(frame.pts)
        graph.vpush(frame)
        yield from _pulled(graph, times, av)
    if graph is not None:
        graph.vpush(None)
        yield from _pulled(graph, times, av)


def _bwdif(frame, time_base: Fraction):
    """The filter for frames such as this one."""
    graph = import_av().filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    graph.link_nodes(source, graph.add("bwdif", BWDIF), graph.add("buffersink")).configure()
    return graph


def _pulled(graph, times: deque, av) -> Iterator:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        frame.pts = times.popleft()  # the filter counts in halves of the time base
        yield frame

"""The record of a clip says its camera in square pixels, its unit, and what is shown, whatever the range."""

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from sam3d_geometry.cli.clip_description import UNKNOWN_UNIT, described
from sam3d_geometry.video.clip_facts import ClipFacts
from sam3d_geometry.video.engine import StreamSettings, Survey


def entry(survey, settings=None, aspect=Fraction(1)):
    facts = ClipFacts(576, 720, Fraction(25), Fraction(1, 25), 9, False, pixel_aspect=aspect)
    clip = SimpleNamespace(facts=facts, path=Path("clip.mp4"))
    product = SimpleNamespace(kind="depth", target=Path("out/clip_depth.mp4"))
    job = SimpleNamespace(clip=clip, settings=settings or StreamSettings(), products=[product])
    return described(job, 9, survey, ["a note"])


def test_an_anamorphic_clip_s_camera_is_in_square_pixels():
    made = entry(Survey(90.0, 1.0, 5.0, metric=True), aspect=Fraction(64, 45))
    assert made["camera"]["size"] == [1024, 576] and made["camera"]["focal_px"] == pytest.approx(512)
    assert made["source"]["pixel_aspect"] == "64:45"
    assert made["depth"]["unit"] == "metre"
    assert (made["frames"], made["notes"], made["outputs"]) == (9, ["a note"], {"depth": "clip_depth.mp4"})


def test_a_camera_for_each_frame_is_none_of_the_clip():
    made = entry(Survey(None, None, None, metric=False), StreamSettings(one_camera=False, range="per frame"))
    assert made["camera"] is None and made["depth"]["near"] is None
    assert made["depth"]["unit"] == UNKNOWN_UNIT


def test_a_fixed_range_is_the_one_that_is_shown():
    depth = entry(Survey(60.0), StreamSettings(range="fixed", near=2.0, far=7.0))["depth"]
    assert (depth["near"], depth["far"], depth["range"]) == (2.0, 7.0, "fixed")

"""What a file of the built-in network says of its architecture is read as data: what is not known is refused."""

import json
from dataclasses import asdict

import pytest

from sam3d_geometry.models import ModelError
from sam3d_geometry.models.preview_layout import LAYOUT_KEY, VERSION_2, VERSION_3, PreviewLayout, read_layout


@pytest.mark.parametrize("metadata", [None, {}, {"version": "2"}], ids=str)
def test_a_file_that_says_nothing_holds_version_2(metadata):
    assert read_layout(metadata, "preview.safetensors") == VERSION_2


@pytest.mark.parametrize(
    "layout", [VERSION_2, VERSION_3, PreviewLayout("lite2", (48, 72, 104, 152, 224), detail=96)], ids=str
)
def test_what_was_written_is_read(layout):
    assert read_layout({LAYOUT_KEY: json.dumps(asdict(layout))}, "x") == layout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"encoder": "lite9"}',
        '{"encoder": ["lite0"]}',
        '{"widths": [40, 56, 80, 112]}',
        '{"widths": [40, 56, 80, 112, 161]}',
        '{"widths": [40, 56, 80, 112, 0]}',
        '{"widths": [40, 56, 80, 112, 16000]}',
        '{"widths": [40, 56, 80, 112, "160"]}',
        '{"widths": 40}',
        '{"attention": -1}',
        '{"attention": 100}',
        '{"attention": true}',
        '{"attention": 1.5}',
        '{"residual": 1}',
        '{"detail": 1e999}',
        '{"detail": 100000}',
        '{"detail_scale": 2}',
        '{"detail": 24, "detail_scale": 3}',
        '{"unknown": 1}',
        '{"attention": ' + "9" * 400 + "}",
        "[" * 100_000,
        '{"encoder": "lite0"' + " " * 2000 + "}",
    ],
    ids=lambda text: text[:40],
)
def test_anything_else_is_refused_in_a_sentence(text):
    with pytest.raises(
        ModelError, match=r"preview\.safetensors holds a network whose layout .*: install the pack again"
    ):
        read_layout({LAYOUT_KEY: text}, "preview.safetensors")

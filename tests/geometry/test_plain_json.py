"""JSON of others gives what it says or a ValueError, however deep it is and however long its numbers are."""

import json
import math

import pytest

from sam3d_geometry.geometry.plain_json import parsed_json

CONTENT = {"a": [1, -2, 2.5, None, True, "é"], "b": {"c": 10**300}}


@pytest.mark.parametrize("text", [json.dumps(CONTENT), json.dumps(CONTENT).encode("utf-8")], ids=["text", "bytes"])
def test_it_says_what_was_written(text):
    found = parsed_json(text)
    assert found == CONTENT and isinstance(found["a"][0], int)


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe\x00\x80", "[" * 100000, '{"a":' * 5000 + "1" + "}" * 5000])
def test_anything_else_is_a_value_error(text):
    with pytest.raises(ValueError, match="."):
        parsed_json(text)


@pytest.mark.parametrize("digits", [309, 400, 5000])
def test_a_number_beyond_floats_is_infinite(digits):
    found = parsed_json(f"[{'9' * digits}, -{'9' * digits}]")
    assert found == [math.inf, -math.inf] and all(isinstance(number, float) for number in found)

"""Half precision becomes float32 on the way into a function, and everything else stays the very tensor."""

import inspect

import pytest
import torch

from sam3d_geometry.geometry.number_format import not_in_half


@not_in_half
def given_back(first, *, second=None):
    return first, second


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_becomes_float32(dtype):
    for given in given_back(torch.tensor([1.5, 2.0], dtype=dtype), second=torch.tensor([1.5, 2.0], dtype=dtype)):
        assert given.dtype == torch.float32 and given.tolist() == [1.5, 2.0]


@pytest.mark.parametrize("given", [torch.ones(3, dtype=d) for d in (torch.float32, torch.float64, torch.bool)] + ["x"])
def test_others_stay(given):
    assert given_back(given, second=given) == (given, given) or given_back(given)[0] is given


def test_the_function_keeps_its_name_and_arguments():
    assert given_back.__name__ == "given_back" and list(inspect.signature(given_back).parameters) == ["first", "second"]

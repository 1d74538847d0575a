"""Precision is chosen by device, and weights end up where it says."""

import logging

import pytest
import torch
from torch import nn

from sam3d_geometry.models import PRECISIONS, ModelError
from sam3d_geometry.models.precision import compute_dtype, cpu_has_bf16, prepare_weights

HALF, BRAIN, SINGLE = torch.float16, torch.bfloat16, torch.float32


@pytest.mark.parametrize(
    ("precision", "device", "expected"),
    [
        ("auto", "cpu", SINGLE),
        ("auto", "cuda", HALF),
        ("auto", "cuda:1", HALF),
        ("auto", "mps", HALF),
        ("auto", "xpu", SINGLE),
        ("fp32", "cuda", SINGLE),
        ("fp16", "cuda", HALF),
        ("bf16", "cuda", BRAIN),
        ("bf16", "cpu", BRAIN),
        ("fp16", "cpu", SINGLE),
    ],
)
def test_dtype_by_device(precision, device, expected):
    assert compute_dtype(precision, torch.device(device)) == expected


@pytest.mark.parametrize("half", [True, False])
def test_a_host_that_knows_its_card_decides_what_auto_is(half):
    for device in ("cuda", "cpu", "xpu"):
        assert compute_dtype("auto", torch.device(device), half) == (HALF if half else SINGLE)
        assert compute_dtype("bf16", torch.device(device), half) == BRAIN


def test_fp16_on_a_cpu_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        compute_dtype("fp16", torch.device("cpu"))
        assert "fp32 is used" in caplog.text
        caplog.clear()
        compute_dtype("auto", torch.device("cpu"))
        assert not caplog.text


@pytest.mark.parametrize("supported", [True, False])
def test_bf16_on_a_cpu_without_it_says_so(caplog, monkeypatch, supported):
    monkeypatch.setattr("sam3d_geometry.models.precision.cpu_has_bf16", lambda: supported)
    with caplog.at_level(logging.WARNING):
        compute_dtype("bf16", torch.device("cpu"))
    assert ("no bf16 instructions" in caplog.text) != supported


def test_unknown_precision():
    with pytest.raises(ModelError, match=f"'fp8' is unknown: choose one of {', '.join(PRECISIONS)}"):
        compute_dtype("fp8", torch.device("cpu"))


def test_cpu_has_bf16_is_a_plain_answer():
    assert cpu_has_bf16() in (True, False)


def test_products_are_rounded_and_norms_are_not():
    network = nn.Sequential(nn.Conv2d(4, 8, 3), nn.LayerNorm(8), nn.Linear(8, 2), nn.GroupNorm(1, 2))
    network.scale = nn.Parameter(torch.ones(3, dtype=HALF))
    before = list(network.parameters())
    prepare_weights(network, BRAIN)
    assert [network[i].weight.dtype for i in range(4)] == [
        BRAIN,
        SINGLE,
        BRAIN,
        BRAIN,
    ] and network.scale.dtype == SINGLE
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not {p.data_ptr() for p in before} & {p.data_ptr() for p in network.parameters()}
    assert not any(p.requires_grad for p in network.parameters())

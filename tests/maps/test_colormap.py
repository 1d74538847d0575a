"""The tables are matplotlib's, smooth between its 256 colours, and the legend says which colour is which value."""

import pytest
import torch

from sam3d_geometry.geometry.colour import luminance
from sam3d_geometry.maps.colormap import COLORMAPS, apply_colormap, legend

MATPLOTLIB = {"grayscale": "gray", "spectral": "Spectral"}


@pytest.mark.parametrize("name", COLORMAPS)
def test_equal_to_matplotlib(name):
    matplotlib = pytest.importorskip("matplotlib")
    table = torch.tensor(matplotlib.colormaps[MATPLOTLIB.get(name, name)](range(256)))[:, :3]
    ours = apply_colormap(torch.linspace(0, 1, 256)[None, None], name)[0, 0]
    assert (ours - table).abs().max() < 1 / 255


@pytest.mark.parametrize("name", COLORMAPS)
def test_no_8_bit_banding(name):
    ours = apply_colormap(torch.linspace(0, 1, 4096)[None, None], name)[0, 0]
    assert len(ours.unique(dim=0)) > 3000 and ours.diff(dim=0).abs().max() < 0.01


@pytest.mark.parametrize("name", COLORMAPS)
def test_invert_runs_backwards(name):
    values = torch.rand(2, 5, 6)
    assert torch.allclose(apply_colormap(values, name, invert=True), apply_colormap(1 - values, name), atol=2e-3)


def test_out_of_range_and_nan_are_clamped_and_the_input_is_left_alone():
    values = torch.tensor([[[-1.0, 2.0, torch.nan, torch.inf]]])
    before = values.clone()
    colours = apply_colormap(values, "viridis")[0, 0]
    ends = apply_colormap(torch.tensor([[[0.0, 1.0]]]), "viridis")[0, 0]
    assert torch.equal(colours, ends[[0, 1, 0, 1]])
    assert torch.equal(values.nan_to_num(7), before.nan_to_num(7))


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="choose one of magma"):
        apply_colormap(torch.zeros(1, 1, 1), "jet")


def test_grey_pictures_keep_their_exact_values():
    grey = torch.rand(2, 4, 5, 1).expand(-1, -1, -1, 3)
    assert torch.equal(luminance(grey), grey[..., 0])
    assert luminance(torch.tensor([[[[0.0, 1.0, 0.0]]]])).item() == pytest.approx(0.7152)


@pytest.mark.parametrize("height", [1, 20, 480])
def test_legend_has_the_tables_ends_at_top_and_bottom(height):
    bar = legend("viridis", height, ("1", "2", "3"))
    assert bar.shape[0] == 1 and bar.shape[1] == height and bar.shape[3] == 3
    if height > 100:
        column = bar[0, :, 20]
        top, bottom = apply_colormap(torch.tensor([[[1.0, 0.0]]]), "viridis")[0, 0]
        assert (column - top).abs().sum(-1).min() < 0.02 and (column - bottom).abs().sum(-1).min() < 0.02
        first = (column - top).abs().sum(-1).argmin()
        assert first < height // 2 < (column - bottom).abs().sum(-1).argmin()

"""One interface for every network: it follows the network between devices and refuses what is no batch of images."""

import shutil
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from sam3d_geometry.models import GeometryModel, ModelError, Prediction


class Spy(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, images, num_tokens):
        self.seen = images, num_tokens
        points = images.permute(0, 2, 3, 1) * self.weight
        return Prediction(points, points[..., 0])


@pytest.fixture
def model():
    return GeometryModel("spy", Spy(), torch.float32, metric=False, gives_normals=False, token_range=(1, 2))


def test_predict_hands_over_float32_and_whole_tokens(model):
    prediction = model.predict(torch.rand(2, 3, 4, 5, dtype=torch.float64), 7.9)
    images, tokens = model.network.seen
    assert images.dtype == torch.float32 and tokens == 7 and prediction.points.shape == (2, 4, 5, 3)


def test_prediction_can_be_changed_by_who_gets_it(model):
    prediction = model.predict(torch.rand(1, 3, 4, 5), 1)
    assert not prediction.points.requires_grad and not prediction.points.is_inference()
    prediction.points.add_(1)


def test_follows_the_parameters(model):
    assert model.device.type == "cpu" and model.to("meta") is model and model.device.type == "meta"
    assert model.predict(torch.rand(1, 3, 4, 5), 1).points.device.type == "meta"


def test_a_host_may_keep_the_network_in_a_box_that_sets_a_device(model):
    box = nn.Module()
    box.network, box.device = model.network, torch.device("cpu")
    box.to("meta")
    assert model.device.type == "meta"


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 4, 5), (0, 3, 4, 5), (1, 3, 0, 5), (1, 4, 5, 3)], ids=str)
def test_not_a_batch_of_images(model, shape):
    with pytest.raises(ValueError, match=r"needed is a batch \(B, 3, H, W\)"):
        model.predict(torch.zeros(shape), 1)


def test_no_tokens(model):
    with pytest.raises(ValueError, match="num_tokens is 0"):
        model.predict(torch.rand(1, 3, 4, 5), 0)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(3, 3)

    def forward(self, images, num_tokens):
        points = torch.sin(self.mix(images.permute(0, 2, 3, 1))) * num_tokens
        return Prediction(points, points[..., 0])


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("g++"), reason="there is no C++ compiler (g++)")
def test_a_compiled_model_predicts_the_same_and_shares_its_weights():
    model = GeometryModel("small", Small(), torch.float32, metric=False, gives_normals=False, token_range=(1, 2))
    compiled, images = model.with_compilation(), torch.rand(1, 3, 6, 7)
    assert torch.allclose(compiled.predict(images, 2).points, model.predict(images, 2).points, atol=1e-5)
    with torch.no_grad():
        model.network.mix.bias.add_(1)
    assert torch.allclose(compiled.predict(images, 2).points, model.predict(images, 2).points, atol=1e-5)


def test_a_failed_compilation_says_what_to_do(model):
    def failing(images, num_tokens):
        raise torch._dynamo.exc.TorchDynamoException("no compiler found")

    with pytest.raises(ModelError, match=r"could not be compiled \(no compiler found\): switch compile off"):
        replace(model, compiled=failing).predict(torch.rand(1, 3, 4, 5), 1)

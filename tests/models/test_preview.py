"""The built-in network: definition and weights belong together, sizes follow tokens, and points lie on their rays."""

from dataclasses import replace

import pytest
import torch

from sam3d_geometry.models import ModelError
from sam3d_geometry.models.precision import prepare_weights
from sam3d_geometry.models.preview import TOKEN_RANGE, WEIGHTS, PreviewNetwork, load_preview, working_size
from sam3d_geometry.models.preview_layout import VERSION_2, VERSION_3, PreviewLayout

pytestmark = pytest.mark.skipif(not WEIGHTS.exists(), reason="the pack's preview.safetensors is not there")


@pytest.fixture(scope="module")
def network():
    return prepare_weights(load_preview(), torch.float32)


def predict(network, images, tokens=600):
    with torch.no_grad():
        return network(images, tokens)


def photo(height=120, width=160, batch=1):
    """A bright sky above a textured ground, enough of a scene for a network to say something about."""
    picture = torch.linspace(0.9, 0.2, height)[:, None].expand(height, width).clone()
    picture[height // 2 :] += 0.1 * torch.rand(height - height // 2, width, generator=torch.Generator().manual_seed(0))
    return picture.clamp(0, 1).expand(batch, 3, -1, -1).clone()


def test_weights_are_small_enough_to_ship():
    assert WEIGHTS.stat().st_size < 20_000_000
    assert 3_000_000 < sum(p.numel() for p in load_preview().parameters()) < 10_000_000


def grown_from(start, layout=VERSION_3):
    """A network of another layout with the weights of `start` where it has them."""
    torch.manual_seed(0)
    other = PreviewNetwork(layout)
    other.load_state_dict(start.state_dict(), strict=False)
    return other.eval().requires_grad_(False)


def of_version_2():
    """An untrained network of version 2 whose answer varies over a photo."""
    torch.manual_seed(1)
    return PreviewNetwork().eval().requires_grad_(False)


@pytest.mark.parametrize(
    "layout",
    [VERSION_3, PreviewLayout(attention=1), PreviewLayout(residual=True), PreviewLayout(detail=8)],
    ids=str,
)
def test_a_grown_network_starts_with_the_answer_of_the_old_one(layout):
    old = of_version_2()
    new, images = grown_from(old, layout), photo(90, 130)
    for one, other in zip(vars(predict(old, images)).values(), vars(predict(new, images)).values()):
        assert (one is None and other is None) or torch.allclose(one, other, rtol=1e-4, atol=1e-5)


def test_the_file_says_how_large_the_network_works(monkeypatch):
    seen = []
    for pixels in (30, 120):
        network = grown_from(of_version_2(), PreviewLayout(pixels_per_token=pixels))
        monkeypatch.setattr(
            network, "estimate", lambda *given, of=network.estimate: seen.append(given[0]) or of(*given)
        )
        predict(network, photo(120, 160), 893)
    assert [tuple(picture.shape[-2:]) for picture in seen[::2]] == [(128, 192), (288, 384)]


def test_detail_reaches_the_answer_at_twice_the_size_of_the_encoders_picture():
    network = grown_from(of_version_2())
    torch.nn.init.normal_(network.detail.maps.weight, std=0.3)
    coarse, fine = network.pictures(photo(128, 192), (64, 96))
    assert coarse.shape[-2:] == (64, 96) and fine.shape[-2:] == (128, 192)
    with torch.no_grad():
        answer = network.estimate(coarse, fine)
    assert answer.log_depth.shape == (1, 32, 48) and answer.detail.shape == (1, 5, 128, 192)
    length = answer.normals.norm(dim=1)
    assert answer.normals.shape == (1, 3, 64, 96) and torch.allclose(length, torch.ones_like(length), atol=1e-5)
    finest = answer.maps((128, 192))[0]
    without = replace(answer, detail=None).maps((128, 192))[0][0]
    step = (without[:, 1:] - without[:, :-1]).abs().mean()
    assert (finest[..., 1:] - finest[..., :-1]).abs().mean() > 1.5 * step


def test_mean_with_the_mirrored_answer_turns_normals():
    network = grown_from(of_version_2())
    for part in (network.detail.maps, network.detail.normals):
        torch.nn.init.normal_(part.weight, std=0.3)
    pictures = network.pictures(photo(64, 96), (64, 96))
    with torch.no_grad():
        one, other = network.estimate(*pictures), network.estimate(*(picture.flip(-1) for picture in pictures))
    there, back = one.averaged(other), other.averaged(one)
    assert torch.allclose(there.normals[:, 0], -back.normals[:, 0].flip(-1), atol=1e-5)
    assert torch.allclose(there.normals[:, 1:], back.normals[:, 1:].flip(-1), atol=1e-5)
    for size in ((64, 96), (50, 70)):
        assert torch.allclose(there.maps(size)[0], back.maps(size)[0].flip(-1), atol=1e-4)


@pytest.mark.parametrize("layout", [VERSION_3, PreviewLayout("lite2", detail=16)], ids=str)
def test_a_file_of_any_layout_is_read_as_it_says(tmp_path, layout):
    from development.training.export import save_weights

    torch.manual_seed(0)
    network = PreviewNetwork(layout)
    save_weights(network.state_dict(), tmp_path / "new.safetensors", layout)
    loaded = load_preview(tmp_path / "new.safetensors")
    assert loaded.layout == layout and loaded.context.weight.dtype == torch.float16
    assert torch.equal(loaded.context.weight.float(), network.context.weight.half().float())


def test_a_file_whose_layout_is_not_that_of_its_weights_is_refused(tmp_path):
    from development.training.export import save_weights

    save_weights(PreviewNetwork().state_dict(), tmp_path / "preview.safetensors", VERSION_3)
    with pytest.raises(ModelError, match="another version of the pack"):
        load_preview(tmp_path / "preview.safetensors")


@pytest.mark.parametrize(
    ("size", "tokens", "expected"),
    [
        ((512, 512), 1337, (192, 192)),
        ((512, 512), 450, (128, 128)),
        ((1080, 1920), 1337, (160, 256)),
        ((1, 4000), 600, (32, 8480)),
        ((1, 1), 600, (128, 128)),
    ],
)
def test_working_size(size, tokens, expected):
    assert working_size(*size, tokens * VERSION_2.pixels_per_token) == expected
    assert all(side % 32 == 0 for side in expected)


def test_token_range_bounds_the_working_size():
    assert [working_size(1000, 1000, tokens * VERSION_2.pixels_per_token)[0] for tokens in TOKEN_RANGE] == [128, 224]


@pytest.mark.parametrize("size", [(1, 1), (37, 61), (64, 512), (300, 40)], ids=str)
def test_any_size(network, size):
    prediction = predict(network, torch.rand(2, 3, *size))
    assert prediction.points.shape == (2, *size, 3) and prediction.mask_probability.shape == (2, *size)
    assert prediction.points.isfinite().all() and (prediction.points[..., 2] > 0).all()
    assert prediction.focal.shape == (2,) and (prediction.focal > 0).all()
    assert prediction.normals is None and prediction.metric_scale is None
    assert ((prediction.mask_probability >= 0) & (prediction.mask_probability <= 1)).all()


def test_points_project_to_their_pixels(network):
    height, width = 48, 96
    prediction = predict(network, photo(height, width))
    x, y, z = prediction.points[0].unbind(-1)
    aspect_ratio, focal = width / height, prediction.focal[0]
    fx, fy = focal / 2 * (1 + aspect_ratio**2) ** 0.5 / aspect_ratio, focal / 2 * (1 + aspect_ratio**2) ** 0.5
    u, v = fx * x / z + 0.5, fy * y / z + 0.5
    assert torch.allclose(u, ((torch.arange(width) + 0.5) / width).expand(height, -1), atol=1e-5)
    assert torch.allclose(v, ((torch.arange(height) + 0.5) / height)[:, None].expand(-1, width), atol=1e-5)


def test_sees_something(network):
    depth = predict(network, photo()).points[0, ..., 2]
    assert depth.std() / depth.mean() > 0.05


def test_batch_equals_one_by_one(network):
    images = torch.rand(3, 3, 64, 80)
    together = predict(network, images).points
    assert torch.allclose(
        together, torch.cat([predict(network, image[None]).points for image in images]), rtol=1e-4, atol=1e-5
    )


def test_flip_averaging_is_symmetric(network, monkeypatch):
    monkeypatch.setattr(PreviewNetwork, "flip_averaging", True)
    images = torch.rand(1, 3, 96, 96)
    depth, mirrored = (predict(network, picture).points[..., 2] for picture in (images, images.flip(-1)))
    assert torch.allclose(depth, mirrored.flip(2), rtol=1e-4)
    monkeypatch.setattr(PreviewNetwork, "flip_averaging", False)
    assert not torch.allclose(depth, predict(network, images).points[..., 2], rtol=1e-4)


def test_bf16_stays_near_fp32(network):
    exact = predict(network, photo(), 100).points[..., 2].log()
    rounded = predict(prepare_weights(load_preview(), torch.bfloat16), photo(), 100).points[..., 2].log()
    assert rounded.dtype == torch.float32 and (exact - rounded).abs().mean() < 0.1


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "missing or damaged"), (b"", "missing or damaged"), (b"{}", "missing or damaged")]
)
def test_damaged_weights(tmp_path, content, reason):
    path = tmp_path / "preview.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=f"{reason}.*install the pack again"):
        load_preview(path)


def test_weights_of_another_definition(tmp_path):
    from safetensors.torch import save_file

    save_file({"head.0.weight": torch.zeros(1)}, tmp_path / "preview.safetensors")
    with pytest.raises(ModelError, match="another version of the pack"):
        load_preview(tmp_path / "preview.safetensors")

"""Laws of the preview network's training: pictures, augmentation, loss, scores, the weight file."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from safetensors import safe_open

from development.training.dataset import PER_SHARD, SKY, Example, write_shard
from development.training.export import save_weights
from development.training.losses import training_loss
from development.training.train import PicturePool


def frame(seed: int = 0):
    """Log depth, logit, log focal and the same as truth, with a strip of sky."""
    generator = torch.Generator().manual_seed(seed)
    log_depth = torch.rand(2, 16, 24, generator=generator) * 2
    valid = torch.ones(2, 16, 24, dtype=torch.bool)
    valid[:, :3] = False
    return log_depth, torch.where(valid, 20.0, -20.0), torch.zeros(2), log_depth.clone(), valid, torch.zeros(2)


def test_the_loss_is_nothing_at_the_truth_whatever_the_scale():
    log_depth, logit, focal, truth, valid, true_focal = frame()
    _, exact = training_loss(log_depth, logit, focal, truth, valid, true_focal)
    _, scaled = training_loss(log_depth + math.log(7), logit, focal, truth, valid, true_focal)
    assert max(exact.values()) < 1e-5 and max(scaled.values()) < 1e-5


def test_every_part_of_the_loss_sees_its_own_error_and_none_sees_the_sky():
    log_depth, logit, focal, truth, valid, true_focal = frame()
    ramp = torch.linspace(0, 1, 24).expand_as(log_depth)
    _, tilted = training_loss(log_depth + ramp, logit, focal, truth, valid, true_focal)
    assert tilted["depth"] > 0.1 and tilted["disparity"] > 0.01 and tilted["edges"] > 0.01
    _, other = training_loss(log_depth, -logit, focal + 0.3, truth, valid, true_focal)
    assert other["validity"] > 5 and other["focal"] == pytest.approx(0.3)
    sky = torch.where(valid, log_depth, log_depth + 50)
    _, unchanged = training_loss(sky, logit, focal, truth, valid, true_focal)
    assert unchanged["depth"] < 1e-5 and unchanged["edges"] < 1e-5


def test_a_crop_knows_its_own_focal_length_and_keeps_pixels_and_depth_together(tmp_path):
    height, width, focal = 176, 240, 1.1
    column = np.broadcast_to(np.linspace(0, 1, width), (height, width))
    log_depth = np.where(column < 0.25, SKY, column).astype(np.float32)
    image = np.repeat((column * 255).astype(np.uint8)[..., None], 3, -1)
    write_shard(tmp_path / "0.npz", [Example(image, log_depth, focal, k) for k in range(PER_SHARD)])
    pool = PicturePool(tmp_path, seed=0)
    for _ in range(6):
        images, log_depths, valid, log_focals = pool.batch(4)
        assert images.shape[-2] == 2 * log_depths.shape[-2] and images.shape[-1] == 2 * log_depths.shape[-1]
        half_angle = torch.atan(torch.exp(-log_focals))
        whole = math.atan(1 / focal)
        assert (half_angle < whole + 0.06).all() and (half_angle > 0.5 * whole).all()
        for picture, depth, seen in zip(images, log_depths, valid):
            grey = torch.nn.functional.avg_pool2d(picture.mean(0)[None], 2)[0]
            order = torch.corrcoef(torch.stack([grey[seen], depth[seen]]))[0, 1]
            assert order > 0.9


def test_the_same_seed_gives_the_same_batches(tmp_path):
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (176, 240, 3)).astype(np.uint8)
    depth = random.random((176, 240)).astype(np.float32)
    write_shard(tmp_path / "0.npz", [Example(image, depth, 1.0, 0)])
    first, second = (PicturePool(tmp_path, seed=3).batch(3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second))


def test_a_weight_file_says_what_it_is_and_refuses_what_float16_cannot_hold(tmp_path):
    save_weights({"a": torch.ones(3)}, tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert {"network", "version", "date"} <= set(file.metadata())
        assert file.get_tensor("a").dtype == torch.float16
    with pytest.raises(ValueError, match="a are not finite"):
        save_weights({"a": torch.tensor([1e6])}, tmp_path / "x.safetensors")
    assert not (tmp_path / "x.safetensors").exists()


def test_scores_do_not_depend_on_the_scale_and_shift_of_disparity():
    evaluate = pytest.importorskip("development.training.evaluate")
    truth = np.random.default_rng(0).uniform(5, 60, (80, 90))
    valid = truth > 8
    rank, delta1, error = evaluate.score(0.02 * truth + 3, truth, valid)
    assert rank == pytest.approx(1) and delta1 == 1 and error < 1e-6
    assert evaluate.score(-truth, truth, valid)[0] == pytest.approx(-1)
    noise = np.random.default_rng(1).random(truth.shape)
    assert abs(evaluate.score(noise, truth, valid)[0]) < 0.3


def test_rank_correlation_shares_ranks_among_equals():
    stats = pytest.importorskip("scipy.stats")
    evaluate = pytest.importorskip("development.training.evaluate")
    random = np.random.default_rng(2)
    a, b = random.integers(0, 9, 400), random.integers(0, 9, 400)
    assert evaluate.rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b)[0])


def test_the_shipped_network_beats_row_number_and_an_untrained_network_on_a_real_photo():
    pytest.importorskip("skimage", reason="the photo with measured depth ships in scikit-image")
    from development.training import evaluate
    from sam3d_geometry.models.preview import PreviewNetwork

    photo, truth, valid = evaluate.motorcycle()
    rows = np.repeat(np.linspace(0, 1, photo.shape[0])[:, None], photo.shape[1], 1)
    torch.manual_seed(0)
    untrained = evaluate.predict(PreviewNetwork().eval(), photo, 224, False)[0]
    shipped = evaluate.score(evaluate.shipped_disparity(photo), truth, valid)
    for other in (rows, untrained):
        rank, delta1, _ = evaluate.score(other, truth, valid)
        assert shipped[0] > rank and shipped[1] > delta1

"""Laws of the preview network's training: pictures, augmentation, loss, scores, the weight file, going on after an end."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from development.scenes.layouts import random_scene
from development.training.dataset import PER_SHARD, SKY, Example, as_snapshot, write_shard
from development.training.export import save_weights
from development.training.imagenet import encoder_state
from development.training.losses import Answer, Truth, training_loss
from development.training.pool import PicturePool, batches, through_jpeg
from development.training.scores import Known, edge_f1, normal_error, rank_correlation, score, scores_of
from development.training.train import Plan, Trainer, grown, train
from sam3d_geometry.models.preview import PreviewNetwork, load_preview
from sam3d_geometry.models.preview_encoder import PreviewEncoder
from sam3d_geometry.models.preview_layout import LAYOUT_KEY, VERSION_2, VERSION_3, PreviewLayout


def frame(seed: int = 0) -> tuple[Answer, Truth]:
    """An answer that is the truth: a smooth surface with a step in it, below a strip of sky."""
    generator = torch.Generator().manual_seed(seed)
    waves = (
        torch.rand(2, 1, 1, generator=generator) * torch.linspace(0, 1, 48).sin() + torch.linspace(1, 0, 32)[:, None]
    )
    log_depth = waves + (torch.arange(48) >= 20) * 0.8
    valid = torch.ones(2, 32, 48, dtype=torch.bool)
    valid[:, :4] = False
    answer = Answer(log_depth.clone(), torch.where(valid, 20.0, -20.0), torch.zeros(2))
    return answer, Truth(log_depth, valid, torch.zeros(2))


def parts_of(answer: Answer, truth: Truth) -> dict[str, float]:
    return training_loss(answer, truth)[1]


def test_the_loss_is_nothing_at_the_truth_whatever_the_scale():
    answer, truth = frame()
    scaled = replace(answer, log_depth=answer.log_depth + math.log(7))
    assert max(parts_of(answer, truth).values()) < 1e-5 and max(parts_of(scaled, truth).values()) < 1e-5


def test_every_part_of_the_loss_sees_its_own_error_and_none_sees_the_sky():
    answer, truth = frame()
    ramp = torch.linspace(0, 1, 48).expand_as(answer.log_depth)
    tilted = parts_of(replace(answer, log_depth=answer.log_depth + ramp), truth)
    assert tilted["depth"] > 0.1 and tilted["disparity"] > 0.01 and tilted["edges"] > 0.01 and tilted["slant"] > 0.01
    other = parts_of(replace(answer, logit=-answer.logit, log_focal=answer.log_focal + 0.3), truth)
    assert other["validity"] > 5 and other["focal"] == pytest.approx(0.3)
    sky = torch.where(truth.valid, answer.log_depth, answer.log_depth + 50)
    unchanged = parts_of(replace(answer, log_depth=sky), truth)
    assert max(unchanged[name] for name in ("depth", "edges", "boundary", "slant")) < 1e-5


def test_a_soft_step_costs_at_the_boundary_and_a_wrong_shade_elsewhere_does_not():
    answer, truth = frame()
    soft = answer.log_depth.clone()
    soft[:, :, 17:23] = torch.lerp(soft[:, :, 16:17], soft[:, :, 23:24], torch.linspace(0.1, 0.9, 6))
    elsewhere = answer.log_depth.clone()
    elsewhere[:, :, 35:] += 0.07
    costs = [parts_of(replace(answer, log_depth=depth), truth)["boundary"] for depth in (soft, elsewhere)]
    assert costs[0] > 0.3 and costs[1] < 1e-5


def test_normals_and_the_expected_error_are_right_where_they_cost_least():
    answer, truth = frame()
    wrong = replace(answer, log_depth=answer.log_depth + 0.3 * torch.linspace(-1, 1, 48))
    cost = {
        error: parts_of(replace(wrong, log_error=torch.full_like(wrong.log_depth, error)), truth)["likelihood"]
        for error in (-4.0, math.log(0.15), 1.0)
    }
    assert min(cost, key=cost.get) == math.log(0.15)
    towards = torch.zeros(2, 3, 16, 24)
    towards[:, 2] = -1
    flat = Truth(torch.zeros(2, 32, 48), torch.ones(2, 32, 48, dtype=torch.bool), torch.zeros(2))
    exact = Answer(flat.log_depth, torch.full((2, 32, 48), 20.0), flat.log_focal, normals=towards)
    turned = replace(exact, normals=torch.nn.functional.normalize(towards + 1, dim=1))
    assert parts_of(exact, flat)["normals"] < 1e-6 < 0.1 < parts_of(turned, flat)["normals"]


def test_a_crop_knows_its_own_focal_length_and_keeps_pixels_and_depth_together(tmp_path):
    height, width, focal = 176, 240, 1.1
    column = np.broadcast_to(np.linspace(0, 1, width), (height, width))
    log_depth = np.where(column < 0.25, SKY, column).astype(np.float32)
    image = np.repeat((column * 255).astype(np.uint8)[..., None], 3, -1)
    write_shard(tmp_path / "0.npz", [Example(image, log_depth, focal, k) for k in range(PER_SHARD)])
    pool = PicturePool(tmp_path, seed=0)
    pool.refresh()
    for number, size in enumerate(((128, 192), (160, 128), (192, 256)) * 2):
        images, truth = pool.batch(number, 4, size)
        assert images.shape == (4, 3, *size) and truth.log_depth.shape == (4, *size)
        half_angle = torch.atan(torch.exp(-truth.log_focal))
        whole = math.atan(1 / focal)
        assert (half_angle < whole + 0.06).all() and (half_angle > 0.5 * whole).all()
        for picture, depth, seen in zip(images, truth.log_depth, truth.valid):
            order = torch.corrcoef(torch.stack([picture.mean(0)[seen], depth[seen]]))[0, 1]
            assert order > 0.85


def small_pool(folder, seed=3):
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (96, 128, 3)).astype(np.uint8)
    depth = random.random((96, 128)).astype(np.float32)
    write_shard(folder / "0.npz", [Example(image, depth, 1.0, 0)])
    pool = PicturePool(folder, seed)
    pool.refresh()
    return pool


def test_a_batch_is_that_of_its_number_made_ahead_or_not(tmp_path):
    pool = small_pool(tmp_path)
    made = []
    for loaders in (0, 2):
        stream = batches(pool, 5, 3, [(64, 64), (96, 64)], loaders)
        made.append([next(stream) for _ in range(3)])
        stream.close()
    for (one, true), (other, same) in zip(*made):
        assert torch.equal(one, other) and torch.equal(true.log_depth, same.log_depth)
    assert not torch.equal(made[0][0][0][:, :, :64, :64], made[0][1][0][:, :, :64, :64])


def test_an_empty_folder_is_waited_for_only_while_something_is_rendered(tmp_path):
    with pytest.raises(FileNotFoundError, match="run training.dataset first"):
        PicturePool(tmp_path, 0).wait(still_rendering=False)


def test_jpeg_changes_a_picture_a_little():
    picture = torch.rand(3, 40, 56)
    after = through_jpeg(picture, 60)
    assert after.shape == picture.shape and 0.001 < (after - picture).abs().mean() < 0.3


def test_a_snapshot_has_more_photos_on_it_and_the_same_solids():
    scene = random_scene(3, "room")
    taken = [as_snapshot(scene, np.random.default_rng(seed), 50) for seed in range(8)]
    shown = [sum(body.material.photo_weight > 0 for body in one.bodies) for one in (scene, taken[0])]
    assert shown[1] > shown[0] + 0.15 * len(scene.bodies)
    assert [(b.shape, b.position, b.half_size) for b in taken[0].bodies] == [
        (b.shape, b.position, b.half_size) for b in scene.bodies
    ]
    tilted = [not np.allclose(one.camera.world_from_camera, scene.camera.world_from_camera) for one in taken]
    assert 0 < sum(tilted) < 8
    for one in taken:  # held askew where it stood, looking the same way
        assert np.allclose(one.camera.world_from_camera[:, 2:], scene.camera.world_from_camera[:, 2:])


def test_a_weight_file_says_what_it_is_and_refuses_what_float16_cannot_hold(tmp_path):
    save_weights({"a": torch.ones(3)}, tmp_path / "w.safetensors", VERSION_3)
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert {"network", "version", "date", LAYOUT_KEY} <= set(file.metadata())
        assert file.metadata()["version"] == "3" and file.get_tensor("a").dtype == torch.float16
    with pytest.raises(ValueError, match="a are not finite"):
        save_weights({"a": torch.tensor([1e6])}, tmp_path / "x.safetensors", VERSION_3)
    with pytest.raises(ValueError, match="at most"):
        save_weights({"a": torch.zeros(11_000_000)}, tmp_path / "x.safetensors", VERSION_3)
    assert not (tmp_path / "x.safetensors").exists()


def trained_for(folder, minutes, name="new.safetensors"):
    pool = small_pool(folder)
    torch.manual_seed(0)
    start = load_preview()
    network = grown(start, PreviewLayout(detail=8))
    seconds = itertools.count()
    plan = Plan(
        minutes, batch_size=2, sizes=[(32, 64)], late_sizes=[(64, 64)], clock=lambda: 0.2 * next(seconds)
    )  # every look at the clock is 0.2 s later
    return train(network, set(start.state_dict()), pool, plan, folder / name)


def test_training_learns_and_goes_on_from_its_checkpoint(tmp_path):
    first = trained_for(tmp_path, 0.02)
    assert first.progress.step == 6
    loaded = load_preview(tmp_path / "new.safetensors")
    assert loaded.layout == PreviewLayout(detail=8)
    assert loaded.detail.maps.weight.abs().max() > 0
    ended = trained_for(tmp_path, 0.02)
    assert ended.progress.step == first.progress.step  # its time was over
    longer = trained_for(tmp_path, 0.04)
    assert longer.progress.step == 12 and longer.progress.seconds == pytest.approx(2.4)
    other = Trainer(PreviewNetwork(), Plan(), tmp_path / "new.safetensors", set())
    with pytest.raises(ValueError, match="choose another output"):
        other.resume()


def test_early_weights_of_a_trained_encoder_stay(tmp_path):
    trainer = trained_for(tmp_path, 0.01)
    before, now = load_preview().float(), trainer.network
    assert torch.equal(now.encoder.stem.weight, before.encoder.stem.weight)
    assert torch.equal(now.encoder.stages[1][0].project.weight, before.encoder.stages[1][0].project.weight)
    assert not torch.equal(now.encoder.stages[4][0].project.weight, before.encoder.stages[4][0].project.weight)


def test_only_what_holds_the_old_network_can_grow_from_it():
    with pytest.raises((ValueError, RuntimeError)):
        grown(PreviewNetwork(VERSION_3), VERSION_2)
    with pytest.raises((ValueError, RuntimeError)):
        grown(PreviewNetwork(VERSION_2), PreviewLayout("lite2"))


def as_published(size: str) -> tuple[PreviewEncoder, dict[str, torch.Tensor]]:
    """An encoder, and the same function as convolutions and batch norms under the names of the PyPI packages."""
    torch.manual_seed(0)
    encoder, weights, number = PreviewEncoder(size), {}, 0

    def part(convolution, name, norm):
        channels = len(convolution.bias)
        gain, mean, variance = torch.rand(channels) + 0.5, torch.randn(channels), torch.rand(channels) + 0.1
        deviation = (variance + 1e-3).sqrt()
        weights[f"{name}.weight"] = convolution.weight.detach() * (deviation / gain)[:, None, None, None]
        weights[f"{norm}.weight"], weights[f"{norm}.bias"] = gain, convolution.bias.detach() + mean * gain / deviation
        weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"] = mean, variance

    part(encoder.stem, "_conv_stem", "_bn0")
    for stage in encoder.stages:
        for block in stage:
            if block.expand is not None:
                part(block.expand, f"_blocks.{number}._expand_conv", f"_blocks.{number}._bn0")
            part(block.depthwise, f"_blocks.{number}._depthwise_conv", f"_blocks.{number}._bn1")
            part(block.project, f"_blocks.{number}._project_conv", f"_blocks.{number}._bn2")
            number += 1
    return encoder, weights


@pytest.mark.parametrize("size", ["lite0", "lite2"])
def test_published_weights_become_the_encoders(size):
    encoder, weights = as_published(size)
    state = encoder_state(weights, size)
    assert state.keys() == encoder.state_dict().keys()
    for name, value in encoder.state_dict().items():
        assert torch.allclose(state[name], value, rtol=1e-4, atol=1e-5), name


def test_scores_do_not_depend_on_the_scale_and_shift_of_disparity():
    truth = np.random.default_rng(0).uniform(5, 60, (80, 90))
    valid = truth > 8
    rank, delta1, error = score(0.02 * truth + 3, truth, valid)
    assert rank == pytest.approx(1) and delta1 == 1 and error < 1e-6
    assert score(-truth, truth, valid)[0] == pytest.approx(-1)
    noise = np.random.default_rng(1).random(truth.shape)
    assert abs(score(noise, truth, valid)[0]) < 0.3


def step_scene() -> Known:
    """A card in front of a slanted wall."""
    height, width = 60, 80
    depth = 3 + np.broadcast_to(np.linspace(0, 1, width), (height, width)).copy()
    depth[20:40, 30:50] = 1.5
    intrinsics = np.array([[1.0, 0, 0.5], [0, width / height, 0.5], [0, 0, 1]])
    photo = np.zeros((height, width, 3), np.uint8)
    return Known("card", photo, 1 / depth, depth, np.ones(depth.shape, bool), intrinsics)


def test_the_truth_has_full_scores_and_a_blurred_one_loses_its_edges():
    known = step_scene()
    exact = scores_of(2 * known.disparity, known)
    assert (exact.rank, exact.delta1, exact.edges) == (pytest.approx(1), 1, pytest.approx(1))
    assert exact.abs_rel < 1e-6 and exact.normals < 0.1
    tensor = torch.from_numpy(known.disparity)[None, None]
    soft = torch.nn.functional.avg_pool2d(tensor, 9, 1, 4, count_include_pad=False)[0, 0].numpy()
    blurred = scores_of(soft, known)
    assert blurred.edges < 0.3 and blurred.normals > 3 and blurred.rank > 0.8


def test_edges_count_both_misses_and_inventions_and_nothing_where_there_are_none():
    known = step_scene()
    doubled = known.depth.copy()
    doubled[:, 60:] *= 2
    assert 0.4 < edge_f1(doubled, known.depth, known.valid) < 0.95
    assert 0.4 < edge_f1(known.depth, doubled, known.valid) < 0.95
    assert math.isnan(edge_f1(known.depth, np.ones_like(known.depth), known.valid))
    assert edge_f1(known.depth[::-1, 8:], known.depth[:, :-8], known.valid[:, 8:]) < 0.7


def test_normals_are_compared_in_the_true_camera():
    known = step_scene()
    depth, valid = torch.from_numpy(known.depth).float(), torch.from_numpy(known.valid)
    camera = torch.from_numpy(known.intrinsics).float()
    assert normal_error(depth, depth, valid, camera) < 0.1
    assert normal_error(torch.full_like(depth, 2), depth, valid, camera) > 5


def test_rank_correlation_shares_ranks_among_equals():
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(2)
    a, b = random.integers(0, 9, 400), random.integers(0, 9, 400)
    assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b)[0])


def test_rendered_pictures_are_known_as_they_were_written(tmp_path):
    from development.training.known_pictures import held_out

    log_depth = np.full((24, 32), SKY, np.float32)
    log_depth[8:] = math.log(2)
    write_shard(tmp_path / "0.npz", [Example(np.zeros((24, 32, 3), np.uint8), log_depth, 1.0, 7)])
    (known,) = held_out(tmp_path)
    assert known.valid.sum() == 16 * 32 and not known.valid[:8].any()
    assert np.allclose(known.depth[8:], 2, rtol=1e-2) and np.allclose(known.disparity[8:], 0.5, rtol=1e-2)
    assert known.intrinsics[0, 0] * 32 == pytest.approx(20) and known.intrinsics[1, 1] * 24 == pytest.approx(20)


def test_the_shipped_network_beats_row_number_and_an_untrained_network_on_a_real_photo():
    pytest.importorskip("skimage", reason="the photo with measured depth ships in scikit-image")
    from development.training import evaluate
    from development.training.known_pictures import motorcycle

    known = motorcycle()
    torch.manual_seed(0)
    untrained = evaluate.predict(PreviewNetwork().eval(), known.photo, 224, False)[0]
    shipped = scores_of(evaluate.disparity_by_pack(evaluate.model_of(load_preview()), known.photo), known)
    for other in (evaluate.rows_as_depth(known), untrained):
        beaten = scores_of(other, known)
        assert shipped.rank > beaten.rank and shipped.delta1 > beaten.delta1 and shipped.edges > beaten.edges

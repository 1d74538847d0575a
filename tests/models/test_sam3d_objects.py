"""SAM 3D Objects' pipeline.yaml is data: it names a depth model, and nothing it asks for is built."""

import pytest

from sam3d_geometry.models import ModelError
from sam3d_geometry.models.sam3d_objects import find_pipeline, obtain_pipeline, read_pipeline

PIPELINE = """
_target_: sam3d_objects.pipeline.inference_pipeline_pointmap.InferencePipelinePointMap
dtype: float16
depth_model:
  _target_: sam3d_objects.pipeline.depth_models.moge.MoGe
  model:
    _target_: {target}
    pretrained_model_name_or_path: {source}
"""
RELEASED = PIPELINE.format(target="moge.model.v1.MoGeModel.from_pretrained", source="Ruicheng/moge-vitl")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("target", "version"),
    [
        ("moge.model.v1.MoGeModel.from_pretrained", "v1"),
        ("moge.model.v2.MoGeModel", "v2"),
        ("moge.model.v3.MoGeModel.from_pretrained", "v3"),
    ],
)
def test_reads_version_and_repository(tmp_path, target, version):
    model = read_pipeline(write(tmp_path / "pipeline.yaml", PIPELINE.format(target=target, source="Ruicheng/moge-x")))
    assert (model.version, model.source) == (version, "Ruicheng/moge-x")


def test_weights_beside_the_pipeline(tmp_path):
    weights = write(tmp_path / "moge" / "model.pt", "")
    text = PIPELINE.format(target="moge.model.v1.MoGeModel.from_pretrained", source="moge/model.pt")
    assert read_pipeline(write(tmp_path / "pipeline.yaml", text)).source == str(weights)


def test_hostile_tags_are_empty_values(tmp_path):
    proof = tmp_path / "ran"
    hostile = (
        f"evil: !!python/object/apply:os.system ['echo > {proof}']\n"
        f'worse: !!python/object/new:os.system ["echo > {proof}"]\n'
        "odd: !unknown {a: 1}\n"
    )
    assert read_pipeline(write(tmp_path / "pipeline.yaml", hostile + RELEASED)).source == "Ruicheng/moge-vitl"
    assert not proof.exists()
    yaml = pytest.importorskip("yaml")
    yaml.unsafe_load(f"!!python/object/apply:os.system ['echo > {proof}']")
    assert proof.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no depth model"),
        ("- a list", "names no depth model"),
        ("depth_model: {model: {_target_: moge.model.v1.MoGeModel}}", "names no depth model"),
        ("depth_model: {model: {pretrained_model_name_or_path: !!python/name:os.system }}", "names no depth model"),
        (PIPELINE.format(target="os.system", source="Ruicheng/moge-vitl"), "only MoGe can be loaded"),
        (
            PIPELINE.format(target="moge.model.v1.MoGeModel.__init__", source="Ruicheng/moge-vitl"),
            "only MoGe can be loaded",
        ),
        ("a: [1, 2", "not valid YAML"),
        ("? {a: 1}\n: 2", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        (PIPELINE.format(target="moge.model.v1.MoGeModel", source="a" * 5000), "by 5,000 characters"),
        (PIPELINE.format(target="moge.model.v1.MoGeModel", source='"a\\0b"'), "no path and no repository"),
    ],
    ids=[
        "empty",
        "list",
        "no-source",
        "hostile-source",
        "other-target",
        "odd-target",
        "broken",
        "unhashable",
        "deep",
        "long",
        "odd-name",
    ],
)
def test_refuses_in_one_sentence(tmp_path, text, reason):
    with pytest.raises(ModelError, match=reason) as error:
        read_pipeline(write(tmp_path / "pipeline.yaml", text))
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


def test_not_text(tmp_path):
    (tmp_path / "pipeline.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ModelError, match="cannot be read"):
        read_pipeline(tmp_path / "pipeline.yaml")


@pytest.mark.parametrize(
    "place", ["pipeline.yaml", "checkpoints/pipeline.yaml", "checkpoints/hf/pipeline.yaml", "hf/pipeline.yaml"]
)
def test_pipeline_in_a_copy_of_the_repository(tmp_path, place):
    assert find_pipeline(tmp_path) is None
    path = write(tmp_path / place, RELEASED)
    assert find_pipeline(tmp_path) == find_pipeline(path) == path
    assert find_pipeline(write(tmp_path / "model.pt", "")) is None


def test_copy_in_a_model_folder_needs_no_download(tmp_path):
    path = write(tmp_path / "sam-3d-objects" / "checkpoints" / "pipeline.yaml", RELEASED)
    assert obtain_pipeline([tmp_path], allow_download=False) == path


def test_no_copy_and_no_download(tmp_path, monkeypatch):
    monkeypatch.setattr("sam3d_geometry.models.sam3d_objects.find_in_hub_cache", lambda repository, filename: None)
    with pytest.raises(ModelError, match="downloading is switched off.*needs no access"):
        obtain_pipeline([tmp_path], allow_download=False)

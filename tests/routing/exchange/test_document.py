"""A whole plan goes out as YAML and comes back byte for byte; what is wrong with a file is told at
its line and path, in both languages, and nothing of it is taken."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.library.plans import Inputs
from routing.drafts.change import Author, Change, Draft
from routing.drafts.document import differences
from routing.drafts.kinds import KINDS, Document
from routing.exchange.document import MOST_FAULTS, composed, edits_of, exported, read_plan
from routing.exchange.tree import read_tree, written
from tests.storage.stepping import AT

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LINES = WORDS.filter(lambda text: text == text.strip() and "\r" not in text and "\0" not in text)


@pytest.fixture(scope="session")
def document(demo_inputs: Inputs) -> Document:
    return dict(json.loads(demo_inputs.to_text()))


def taken(text: str, over: Document) -> Document:
    file = read_plan(text.encode(), over)
    assert file.errors == ()
    return composed(over, file)


def text_of(document: Document) -> str:
    return Inputs.from_text(json.dumps(document)).to_text()


def bare(document: Document) -> Document:
    """A plan in which nothing of this one stands."""
    rows = {name: text.partition("\n")[0] + "\n" for name, text in document["sheets"].items()}
    return {**document, "sheets": rows, "phrases": "", "rules": "", "closures": ""}


def test_the_demonstration_city_comes_back_byte_for_byte(document: Document) -> None:
    text = exported(document)
    assert text_of(taken(text, document)) == text_of(document)
    assert text_of(taken(text, bare(document))) == text_of(document)
    assert exported(taken(text, bare(document))) == text


def test_any_reader_of_yaml_reads_the_same(document: Document) -> None:
    read = yaml.safe_load(exported(document))
    assert read["number"]["+865580000021"]["office"] == "市公安局"
    assert set(KINDS) <= set(read)


@settings(max_examples=25)
@given(post=LINES, phrase=WORDS, reason=WORDS, key=LINES.filter(bool))
def test_whatever_people_wrote_comes_back(
    document: Document, post: str, phrase: str, reason: str, key: str
) -> None:
    """Also what other readers take for a number, a day, a list or a comment."""
    changed = document
    for kind, name, body in (
        ("number", "+865580000021", {"post": post}),
        ("phrase", "greet.city", {"zh-CN": phrase}),
        ("closure", key, {"reason": reason, "scope": [reason, None, True, 1, 0.5]}),
        ("scenario", key, {"name": reason, "facts": {key: [{}, [], ""]}}),
    ):
        rows = KINDS[kind].read(changed)
        rows[name] = {**rows.get(name, {}), **body}
        changed = KINDS[kind].write(changed, rows)
    assert text_of(taken(exported(changed), document)) == text_of(changed)


JSON = st.recursive(
    WORDS | st.integers(-(10**17), 10**17) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
)


@given(JSON)
def test_any_value_comes_back(value: Any) -> None:
    assert read_tree(written({"value": value}).encode()).value() == {"value": value}


HEAD = "zhitong_plan: 1\n"
BILLION = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "code", "line", "path"),
    [
        ("", "not_a_plan", 1, ""),
        ("- a\n", "not_a_plan", 1, ""),
        ("zhitong_plan: yes\n", "not_a_plan", 1, ""),
        ("zhitong_plan: 2\n", "newer", 1, "zhitong_plan"),
        (HEAD + BILLION, "alias", 2, "a"),
        (HEAD + "number: *all\n", "alias", 2, "number"),
        (HEAD + "number: !!python/object/apply:os.system [id]\n", "tag", 2, "number"),
        ("%TAG !a! b\n--- {}\n", "directive", 1, ""),
        (HEAD + f'? "{"k" * 1001}"\n: [1]\n', "long_key", 2, ""),
        (HEAD + "...\n%TAG !a! b\n--- {}\n", "directive", 3, ""),
        (HEAD + "number:\n  a: 1\n  a: 2\n", "twice", 4, "number/a"),
        (HEAD + "number: [" + "[" * 60 + "]" * 60 + "]\n", "too_deep", 2, None),
        (HEAD + "number: {[a]: b}\n", "no_name", 2, "number"),
        (HEAD + "number: {a: b\n", "not_yaml", None, ""),
        (HEAD + "\x00", "not_yaml", None, ""),
        (HEAD + 'roster:\n  "a\\0b": {}\n', "zero", 3, "roster/a?b"),
        (HEAD + "---\nb: c\n", "several", 2, ""),
        (HEAD + "numbers: {}\n", "unknown_kind", 2, "numbers"),
        (HEAD + "number: 7\n", "not_names", 2, "number"),
        (HEAD + "rule:\n  a: 7\n", "not_names", 3, "rule/a"),
        (HEAD + f"rule:\n  {'a' * 201}: {{}}\n", "long_key", 3, None),
        (
            HEAD + "service:\n  '110':\n    number: '110'\n    zh: [x]\n",
            "not_text_cell",
            5,
            "service/110/zh",
        ),
        (
            HEAD + "service:\n  '110':\n    number: 110\n    zhong: x\n",
            "unknown_column",
            5,
            "service/110/zhong",
        ),
        (HEAD + "service:\n  '110':\n    number: '119'\n", "other_key", 4, "service/110"),
    ],
)
def test_what_is_wrong_is_told_at_its_line_in_both_languages(
    document: Document, text: str, code: str, line: int | None, path: str | None
) -> None:
    file = read_plan(text.encode(), document)
    (found,) = file.errors
    assert found.code == code
    assert line is None or found.line == line
    assert path is None or found.path == path
    assert set(found.says) == {"zh-CN", "en"}
    assert all(found.says.values())


@pytest.mark.parametrize(
    ("raw", "code"), [(b"\xff\xfe\x00", "not_text"), (b"a" * 17_000_000, "too_large")]
)
def test_what_is_no_text_or_too_much_of_it_is_refused(
    document: Document, raw: bytes, code: str
) -> None:
    assert [one.code for one in read_plan(raw, document).faults] == [code]


def test_numbers_and_days_without_quotes_are_the_text_that_was_written(document: Document) -> None:
    text = HEAD + "service:\n  110:\n    number: 110\n    zh: no\n    en: 2026-11-24\n"
    after = taken(text, document)
    assert KINDS["service"].read(after) == {
        "110": {"number": "110", "zh": "no", "en": "2026-11-24"}
    }


def test_a_number_that_json_cannot_say_is_the_text_that_was_written() -> None:
    found = read_tree(b"[1e308, 1e309, -1e999, 2]").value()

    assert found == [1e308, "1e309", "-1e999", 2]


def test_a_kind_that_is_left_out_stays_and_one_that_is_there_is_whole(document: Document) -> None:
    after = taken(HEAD + "service: {}\n", document)
    assert {(one.kind, one.new) for one in differences(document, after)} == {("service", None)}


def test_settings_of_another_deployment_are_told_and_not_taken(document: Document) -> None:
    file = read_plan((HEAD + "settings: {area: '010', zone: Asia/Shanghai}\n").encode(), document)
    (told,) = file.faults
    assert (told.code, told.path, file.errors) == ("other_setting", "settings/area", ())
    assert composed(document, file) == document


def test_a_file_becomes_edits_of_the_draft(document: Document) -> None:
    changed = exported(document).replace("zh: 报警电话", "zh: 报警求助")
    assert changed != exported(document)
    file = read_plan(changed.encode(), document)
    (edit,) = edits_of(document, 4, Draft(0), file)
    assert (edit.kind, edit.key, edit.over, edit.seen) == ("service", "110", 4, 0)
    assert edit.base is not None
    assert edit.base["zh"] == "报警电话"

    there = Change("service", "110", {"number": "110"}, edit.base, 3, 9, Author("7", "wang"), AT)
    (again,) = edits_of(document, 4, Draft(9, (there,)), file)
    assert (again.seen, again.over, again.base) == (9, 3, edit.base)
    done = Change("service", "110", edit.body, edit.base, 3, 9, Author("7", "wang"), AT)
    assert edits_of(document, 4, Draft(9, (done,)), file) == ()


def test_what_stands_in_the_draft_alone_goes_as_all_that_the_file_lacks(document: Document) -> None:
    """Of every kind that the file has; a kind that it leaves out stays as drafted."""
    wang, text = Author("7", "wang"), exported(document)
    drafted = [Change(kind, "drafted", {"name": "x"}, None, 3, 9, wang, AT) for kind in KINDS]
    draft = Draft(9, tuple(drafted))
    edits = edits_of(document, 4, draft, read_plan(text.encode(), document))

    assert [edit.kind for edit in edits] == [*KINDS]
    assert {(edit.key, edit.body, edit.base, edit.seen) for edit in edits} == {
        ("drafted", None, None, 9)
    }
    only_rules = read_plan((HEAD + "rule: {}\n").encode(), document)
    gone = edits_of(document, 4, draft, only_rules)
    assert {(edit.kind, edit.body) for edit in gone if edit.key == "drafted"} == {("rule", None)}


def test_a_drafted_removal_of_what_the_file_lacks_too_stays_drafted(document: Document) -> None:
    (key, base), *_ = KINDS["service"].read(document).items()
    gone = Change("service", key, None, base, 3, 9, Author("7", "wang"), AT)
    file = read_plan((HEAD + "service: {}\n").encode(), document)

    edits = edits_of(document, 4, Draft(9, (gone,)), file)
    assert key not in {edit.key for edit in edits}


def test_a_file_with_faults_without_end_is_not_read_to_its_end(document: Document) -> None:
    text = HEAD + "".join(f"k{n}: 1\n" for n in range(MOST_FAULTS + 1))

    file = read_plan(text.encode(), document)

    assert [one.code for one in file.errors] == ["unknown_kind"] * MOST_FAULTS + ["more"]
    assert not file.kinds


def test_a_long_path_is_cut(document: Document) -> None:
    text = HEAD + f'? "{"k" * 1000}"\n: 1\n'

    (found,) = read_plan(text.encode(), document).errors

    assert len(found.path) == 300

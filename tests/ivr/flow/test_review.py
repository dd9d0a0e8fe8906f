"""The shipped menu has no findings; each way to break it has at least the one that names it."""

import re

import pytest

from ivr.flow.graph import WAITS, edges, nobody, on_silence, reachable, settles, spread
from ivr.flow.node import End, Menu, Put, Script
from ivr.flow.review import Level, review
from ivr.flow.sayings import LATER
from ivr.library.errors import LibraryError
from ivr.library.plans import accepted, shipped
from ivr.library.scripts import load_script
from ivr.library.wording import load_phrases

SHIPPED = shipped()
PHRASES = load_phrases(SHIPPED.phrases)
SCRIPT = load_script(SHIPPED.script)
PIT = """
[nodes.pit]
kind = "menu"
prompts = ["check.thanks"]
silent = "pit"
"""
SIXTH = """3 = "progress"
5 = "missed"
4 = "report"
6 = "check"
9 ="""
TOPICS = {
    option.topic
    for node in SCRIPT.nodes.values()
    if isinstance(node, Menu)
    for option in node.options.values()
    if option.topic is not None
}


def findings(
    script: str = SHIPPED.script,
    chinese: str = SHIPPED.phrases["zh-CN"],
    english: str = SHIPPED.phrases["en"],
) -> list[str]:
    phrases = load_phrases({"zh-CN": chinese, "en": english})
    return [str(finding) for finding in review(load_script(script), phrases)]


def edited(text: str, old: str, new: str) -> str:
    assert old in text, f"the shipped text no longer has {old!r}; break another place"
    return text.replace(old, new, 1)


def without(text: str, phrase: str) -> str:
    left = re.sub(rf'^"{re.escape(phrase)}" = .*\n', "", text, flags=re.MULTILINE)
    assert left != text, f"no phrase {phrase}"
    return left


def test_the_shipped_menu_has_no_findings() -> None:
    assert findings() == []
    assert accepted(SCRIPT, PHRASES, TOPICS) is SCRIPT


BROKEN_SCRIPTS = {
    "a key to nowhere": (
        '1 = "check"',
        '1 = "chek"',
        "error at main: 1 leads to 'chek', which is no node",
    ),
    "a start to nowhere": (
        'start = "answer"',
        'start = "welcome"',
        "error at start: leads to 'welcome', which is no node",
    ),
    "a topic group to nowhere": (
        '4 = "topic_public"',
        '4 = "topic_secret"',
        "error at topic: group 4 leads to 'topic_secret', which is no node",
    ),
    "the last words that do not end": (
        'lost = "lost"',
        'lost = "person"',
        "error at lost: must be an end, which says last words and hangs up",
    ),
    "emergency words that lead to a menu": (
        'urgent = "urgent"',
        'urgent = "kind"',
        "error at urgent: must be a recording, or a duty gate with one behind it",
    ),
    "a node that no call reaches": (
        "[nodes.bye]",
        '[nodes.island]\nkind = "end"\nprompts = ["end.bye"]\n[nodes.bye]',
        "error at island: no call can come here; lead a key to it or take it out",
    ),
    "a dead end": (
        'loop = "loop"',
        f'loop = "pit"\n{PIT}',
        "error at pit: nothing behind it is a person, a recording or an end",
    ),
    "a silent caller kept for ever": (
        'loop = "loop"',
        f'loop = "pit"\n{PIT}',
        "error at pit: a silent caller comes here again and again",
    ),
    "a loop of two menus for the silent": (
        'silent = "missed_on"',
        'silent = "missed_never"',
        "error at missed_never: a silent caller comes here again and again",
    ),
    "a loop without a wait": (
        'goto = "main_again"',
        'goto = "language"',
        "error at language: leads back to itself without ever waiting for the caller",
    ),
    "a phrase that nobody wrote": (
        'prompts = ["end.loop"]',
        'prompts = ["end.round"]',
        "error at loop: 'end.round' has no words in zh-CN",
    ),
    "words that only a step can fill": (
        'prompts = ["end.loop"]',
        'prompts = ["check.genuine"]',
        "error at loop: 'check.genuine' needs number, who; only a step can",
    ),
    "keys that change places": (
        '3 = "progress"\n5 = "missed"',
        '3 = "missed"\n5 = "progress"',
        "error at main: key 3 of the main menu is printed as Progress",
    ),
    "a printed key that is gone": (
        '5 = "missed"\n9',
        "9",
        "error at main: key 5 of the main menu is printed as Missed",
    ),
    "too many keys": (
        '3 = "progress"\n5 = "missed"\n9 =',
        SIXTH,
        "error at main: offers 7 keys; 5 are the most",
    ),
    "a key with one meaning everywhere": (
        '1 = "check"',
        '1 = "check"\n0 = "bye"',
        "error at main: 0 has one meaning everywhere",
    ),
    "a key that no words name": (
        '1 = "record_on"',
        '1 = "record_on"\n7 = "bye"',
        "error at record_full: key 7 is not named in zh-CN",
    ),
    "a named key that leads nowhere": (
        '4 = { goto = "topic", kind = "suggestion" }\n',
        "",
        "error at kind: the words in en offer key 4, which leads nowhere",
    ),
    "a named hash that leads nowhere": (
        'prompts = ["topic.root"]\nspeech = "topic"\nwords = "topic"\nnone = "record"',
        'prompts = ["topic.root"]\nspeech = "topic"\nwords = "topic"',
        "error at topic_root: the words in zh-CN offer key #, which leads nowhere",
    ),
    "a vocabulary that is not there": (
        'speech = "topic"',
        'speech = "topics"',
        "error at topic_root: no vocabulary is called 'topics'",
    ),
}


@pytest.mark.parametrize("name", BROKEN_SCRIPTS)
def test_a_broken_menu_is_found_and_refused(name: str) -> None:
    old, new, finding = BROKEN_SCRIPTS[name]
    broken = edited(SHIPPED.script, old, new)

    assert finding in findings(broken)
    with pytest.raises(LibraryError, match="the script is refused") as refused:
        accepted(load_script(broken), PHRASES, TOPICS)
    assert finding in str(refused.value)


@pytest.mark.parametrize(
    "phrase", ["menu.main", "silence.1", "progress.working", "kind.report", "verdict.public"]
)
def test_words_missing_from_one_language_are_found(phrase: str) -> None:
    assert f"error at {phrase}: has no words in en" in findings(
        english=without(SHIPPED.phrases["en"], phrase)
    )


@pytest.mark.parametrize(
    "phrase", ["greet.first", "unheard", "check.replaced", "progress.long_term", "kind.none"]
)
def test_words_missing_from_both_languages_are_found(phrase: str) -> None:
    found = findings(
        chinese=without(SHIPPED.phrases["zh-CN"], phrase),
        english=without(SHIPPED.phrases["en"], phrase),
    )

    assert any(f"'{phrase}' has no words in zh-CN" in finding for finding in found)
    assert any(f"'{phrase}' has no words in en" in finding for finding in found)


def test_a_slot_in_one_language_only_is_found() -> None:
    english = edited(SHIPPED.phrases["en"], "answer by {due}", "answer soon")

    assert any(
        "fills different slots in different languages" in f for f in findings(english=english)
    )


def test_a_slot_that_nothing_fills_is_found() -> None:
    chinese = edited(SHIPPED.phrases["zh-CN"], "{line}", "{weather}")

    assert any("nothing fills {weather}" in finding for finding in findings(chinese=chinese))


def test_a_step_is_asked_for_no_slot_that_it_does_not_give() -> None:
    for old, new, finding in (
        ("尾号{tail}，已办结", "尾号{tail}，{date}办结", "progress.ended: needs date"),
        ("没有这个选项", "没有这个选项{reason}", "wrong.1: needs reason"),
        ("请按{keys}", "请按{keys}{next}", "wrong.2: needs next"),
    ):
        found = findings(chinese=edited(SHIPPED.phrases["zh-CN"], old, new))

        assert f"error at {finding}, which is not known there" in found


def test_a_brace_that_is_no_slot_is_found() -> None:
    for broken in ("{Line}", "{line", "{}", "line}"):
        found = findings(chinese=edited(SHIPPED.phrases["zh-CN"], "{line}", broken))

        assert any("greet.first: holds a brace that is no slot" in finding for finding in found)


def test_a_phrase_that_nothing_says_is_found_but_keeps_no_script_from_use() -> None:
    more = {lang: text + '\n"greet.idle" = "x"\n' for lang, text in SHIPPED.phrases.items()}
    phrases = load_phrases(more)

    (finding,) = review(SCRIPT, phrases)

    assert str(finding).startswith("warning at greet.idle: nothing says it")
    assert accepted(SCRIPT, phrases, TOPICS) is SCRIPT


def test_a_phrase_kept_for_later_is_found_once_it_is_said() -> None:
    script = edited(
        SHIPPED.script, 'prompts = ["end.loop"]', 'prompts = ["end.loop", "talk.recorded"]'
    )

    assert findings(script) == [
        "warning at talk.recorded: is said now: take it off the list of what is kept for later"
    ]


def test_what_is_kept_for_later_is_written_and_has_its_reason() -> None:
    for phrase, reason in LATER.items():
        assert all(phrase in book for book in PHRASES.texts.values()), phrase
        assert reason


def test_a_finding_reads_as_a_sentence_with_its_level_and_place() -> None:
    found = review(load_script(edited(SHIPPED.script, 'lost = "lost"', 'lost = "?"')), PHRASES)

    assert [finding.level for finding in found] == [Level.ERROR, Level.ERROR]
    assert str(found[0]) == "error at lost: leads to '?', which is no node"


def silent_paths(script: Script, name: str) -> list[list[str]]:
    onward = sorted(set(on_silence(script.nodes[name], script)))
    if not onward:
        return [[name]]
    return [[name, *rest] for to in onward for rest in silent_paths(script, to)]


def test_a_caller_who_does_nothing_hears_last_words_within_eight_nodes() -> None:
    for name in SCRIPT.nodes:
        for path in silent_paths(SCRIPT, name):
            assert isinstance(SCRIPT.nodes[path[-1]], End), path
            assert len(path) <= 8, path


def test_from_every_node_a_person_a_recording_or_an_end_can_be_reached() -> None:
    ways = {name: frozenset(e.to for e in edges(node)) for name, node in SCRIPT.nodes.items()}
    for name in SCRIPT.nodes:
        behind = spread((name,), ways)

        assert any(settles(SCRIPT.nodes[to]) for to in behind), name
        assert any(isinstance(SCRIPT.nodes[to], End) for to in behind), name


def test_every_node_is_reachable_and_every_edge_has_a_label() -> None:
    assert reachable(SCRIPT) == SCRIPT.nodes.keys()
    for node in SCRIPT.nodes.values():
        assert all(edge.label and edge.to in SCRIPT.nodes for edge in edges(node))


def test_menus_wait_and_a_put_has_four_ways_when_nobody_is_there() -> None:
    assert all(isinstance(n, WAITS) for n in SCRIPT.nodes.values() if isinstance(n, Menu | End))
    for node in SCRIPT.nodes.values():
        if isinstance(node, Put):
            assert len(list(nobody(node))) == 4

"""docs/call-flow.md shows the script as it is shipped."""

import re

from ivr.flow.graph import edges
from ivr.flow.node import End
from ivr.library.plans import shipped
from ivr.library.scripts import load_script
from ivr.library.ways import ways
from ivr.library.wording import load_phrases
from tools.draw_call_flow import PAGE, WAYS, WHEN, diagram, drawn, page

SCRIPT = load_script(shipped().script)
PHRASES = load_phrases(shipped().phrases)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == drawn(), "run `python -m tools.draw_call_flow`"


def test_every_node_belongs_to_exactly_one_way() -> None:
    names = [name for way in ways(SCRIPT).values() for name in way]

    assert sorted(names) == sorted(SCRIPT.nodes)
    assert list(ways(SCRIPT)) == list(WAYS)


def test_every_edge_is_drawn_once_between_boxes_that_are_drawn() -> None:
    for names in ways(SCRIPT).values():
        lines = list(diagram(SCRIPT, names))
        boxes = {found[1] for line in lines if (found := re.match(r"    (\w+)[\[(]", line))}
        arrows = [re.match(r"    (\w+) (?:-->|-\.->).* ?(\b\w+)$", line) for line in lines]
        drawn_pairs = [(found[1], found[2]) for found in arrows if found]
        wanted = {(name, edge.to) for name in names for edge in edges(SCRIPT.nodes[name])}

        assert set(drawn_pairs) == wanted
        assert {name for pair in wanted for name in pair} | set(names) == boxes
        assert len(boxes) <= 22, "too much for one picture"


def test_a_hash_is_written_so_that_the_diagram_can_be_read() -> None:
    labels = re.findall(r'\|"([^"]*)"\|', page(SCRIPT, PHRASES))

    assert labels
    assert not [label for label in labels if "#" in label.replace("#35;", "")]
    assert any("#35;" in label for label in labels)


def test_what_is_heard_is_written_in_both_languages() -> None:
    text = page(SCRIPT, PHRASES)

    assert "核验号码按1" in text
    assert "Check a number, press 1" in text
    assert "‹line›" in text
    assert all(f"| `{name}` |" in text for name in SCRIPT.nodes)


def test_ends_hang_up_and_every_condition_has_words() -> None:
    ends = sum(isinstance(node, End) for node in SCRIPT.nodes.values())

    assert page(SCRIPT, PHRASES).count("| hangs up |") == ends
    assert len(set(WHEN.values())) == len(WHEN)

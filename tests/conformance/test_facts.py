"""fixtures/FACTS.md is what the code cites: each citation leads to a fact, each fact is cited and says what shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.recorded import FIXTURES, scenario_names

FACTS = FIXTURES / "FACTS.md"
FORM = re.compile(r"\b[Ff]acts? (\d+(?:(?:, | and |, and )\d+)*)")
# How else a fact has been cited, and is not any more.
OTHER = re.compile(r"recordings/README|\(README \d|\bREADME,? (?:fact )?\d")
ENDS = ("Shown by ", "Read in ", "Met at ", "Measured on ")


def facts() -> dict[int, str]:
    """The facts by their numbers."""
    text = FACTS.read_text(encoding="utf-8")
    parts = re.split(r"^(\d+)\. ", text, flags=re.MULTILINE)[1:]
    return {int(number): " ".join(said.split()) for number, said in zip(parts[::2], parts[1::2])}


def sources() -> list[Path]:
    """All that may cite a fact."""
    own = Path(__file__)
    found = [ROOT / "README.md", FIXTURES / "README.md", FIXTURES / "CONFORMANCE.md"]
    for folder in ("threescale_migrate", "tests"):
        found += [file for end in ("py", "md", "html", "css") for file in (ROOT / folder).rglob(f"*.{end}")]
    return [file for file in found if file != own]


def cited(text: str) -> set[int]:
    """The numbers of the facts that a text cites."""
    return {int(number) for group in FORM.findall(text) for number in re.findall(r"\d+", group)}


def test_a_scenario_is_named_as_the_directory_that_it_is() -> None:
    former = re.compile(rf"(?<!/)\b(?:{'|'.join(map(re.escape, scenario_names()))})\.jsonl")
    for file in sources():
        assert not former.search(file.read_text(encoding="utf-8")), f"{file}: a scenario is cited as `fixtures/NAME`"
    assert former.search("as rbac.jsonl shows")


def test_the_facts_are_numbered_as_they_are_cited() -> None:
    assert list(facts()) == list(range(1, 41))


def test_each_citation_leads_to_a_fact_and_each_fact_is_cited() -> None:
    used: set[int] = set()
    for file in sources():
        text = file.read_text(encoding="utf-8")
        assert cited(text) <= set(facts()), file
        assert not OTHER.search(text), f"{file}: a fact is cited as `fact 14`"
        used |= cited(text)
    assert sorted(set(facts()) - used) == [], "nothing cites or tests these"


@pytest.mark.parametrize("number", facts())
def test_each_fact_says_what_shows_it(number: int) -> None:
    said = facts()[number]
    ending = re.search(r"\*([^*]+)\.\*$", said)
    assert ending is not None, said
    assert ending[1].startswith(ENDS), ending[1]
    if ending[1].startswith("Shown by"):
        assert re.findall(r"`([^`]+)`", ending[1]), ending[1]
    for scenario, numbers in re.findall(r"`([^`]+)`((?: \d{3}(?: and| to|,)?)*)", ending[1]):
        assert scenario in scenario_names(), scenario
        for call in re.findall(r"\d{3}", numbers):
            assert list((FIXTURES / scenario).glob(f"{call}-*/call.json")), f"{scenario} has no call {call}"


def test_each_scenario_is_in_a_fact() -> None:
    text = FACTS.read_text(encoding="utf-8")
    assert [name for name in scenario_names() if f"`{name}`" not in text] == []


def test_the_search_finds_a_citation_without_a_fact() -> None:
    assert cited("as fact 14 and facts 3, 5 and 99 show") == {3, 5, 14, 99}
    assert OTHER.search("see recordings/README.md 14")
    assert OTHER.search("both have to be cleared (README 6)")

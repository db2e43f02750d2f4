"""Checks as JUnit XML, for pipelines: a suite for each project, a case for each check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from xml.etree import ElementTree

from ..engine.run_failure import Failure
from ..safe_text import visible
from ..shell import Invocation
from ..values import Check, Text, Verdict
from .project_outcome import Outcome
from .result import Result


def document(outcomes: Sequence[Outcome], strict: bool = False) -> str:
    """The document. A failed check is a failure, an unknown one an error; a warning is shown, and fails with `strict`."""
    suites = ElementTree.Element("testsuites")
    for outcome in outcomes:
        _suite(suites, outcome, strict)
    return _written(suites)


def failure(command: str, text: Text) -> str:
    """The document of a command that came to no result."""
    suites = ElementTree.Element("testsuites")
    suite = _named(suites, "testsuite", name=f"threescale-migrate {command}", tests="1", failures="0", errors="1")
    case = _named(suite, "testcase", classname="threescale-migrate", name=command)
    _named(case, "error", message=str(text))
    return _written(suites)


def of(result: Result, strict: bool) -> str:
    if isinstance(result.seen, Failure):
        return failure(result.command, result.seen.text)
    return document(result.outcomes, strict)


def _written(suites: ElementTree.Element) -> str:
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _suite(parent: ElementTree.Element, outcome: Outcome, strict: bool) -> None:
    failures = outcome.count(Verdict.FAILED) + (outcome.count(Verdict.WARNING) if strict else 0)
    errors = outcome.count(Verdict.UNKNOWN) + (not outcome.asked)
    suite = _named(
        parent,
        "testsuite",
        name=f"threescale-migrate verify {outcome.name}",
        tests=str(len(outcome.checks) + (not outcome.asked)),
        failures=str(failures),
        errors=str(errors),
        skipped=str(outcome.count(Verdict.SKIPPED)),
        time=f"{outcome.seconds:.3f}",
        timestamp=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
    )
    if not outcome.asked:
        case = _named(suite, "testcase", classname="threescale-migrate", name="asking the cluster")
        _named(case, "error", message=str(outcome.error))
    properties = _named(suite, "properties")
    _named(properties, "property", name="migrated", value=str(outcome.asked and outcome.overall.done).lower())
    for name, value in (("server", outcome.invocation.server), ("user", outcome.invocation.user)):
        _named(properties, "property", name=name, value=value)
    for check in outcome.checks:
        _case(suite, check, strict, outcome.invocation)


def _case(suite: ElementTree.Element, check: Check, strict: bool, place: Invocation) -> None:
    classname = f"threescale-migrate.{check.step.value}.{check.code.value}"
    case = _named(suite, "testcase", classname=classname, name=check.subject)
    kind = {Verdict.FAILED: "failure", Verdict.UNKNOWN: "error"}.get(check.verdict)
    if check.verdict is Verdict.WARNING and strict:
        kind = "failure"
    if check.verdict is Verdict.SKIPPED:
        _named(case, "skipped", message=str(check.seen))
    elif kind is not None:
        sentence = _named(case, kind, message=str(check.seen), type=check.code.value)
        fix = check.fix
        lines = [str(fix.sentence), *map(place.pasted, fix.commands)]
        sentence.text = visible("\n".join(lines).strip())
    else:
        _named(case, "system-out").text = visible(str(check.seen))


def _named(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    """An element; characters that XML does not allow, and invisible ones, are escaped."""
    return ElementTree.SubElement(parent, tag, {name: visible(value) for name, value in attributes.items()})

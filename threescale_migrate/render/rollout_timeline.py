"""The rollouts of a recorded run over time: its waves, and what each config did in them, from the journal's lines alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..engine.records import Record
from ..guide.readiness import STALE, RolloutState
from ..values import Text
from .report import Band, Bar, Phase, Span, moment

PHASES = {
    RolloutState.NOT_STARTED: Phase.WAITING,
    RolloutState.WAITING_FOR_IMAGE: Phase.WAITING,
    RolloutState.WAITING_FOR_DEPLOYER: Phase.WAITING,
    RolloutState.HOOKS: Phase.HOOKS,
    RolloutState.UNDER_WAY: Phase.PODS,
    RolloutState.SETTLING: Phase.PODS,
    RolloutState.TORN: Phase.PODS,
    RolloutState.FAILED: Phase.FAILED,
    **dict.fromkeys(STALE, Phase.STANDING),
}


def bands(record: Record) -> Iterator[Band]:
    """The waves in time, each with its rollouts."""
    starts = [number for number, line in enumerate(record.lines) if line.get("event") == "wave"]
    ahead = record.lines[: starts[0] if starts else len(record.lines)]
    gates = tuple(_gates(record, ahead))
    if gates:
        title = Text("before the first wave of this run")
        yield Band(title, gates[0].spans[0].start, gates[-1].spans[-1].end, gates)
    for start, end in zip(starts, [*starts[1:], len(record.lines)]):
        wave, lines = record.lines[start], record.lines[start:end]
        ended = [line for line in lines if line.get("event") in ("rollouts", "failed", "end", "wave", "gate", "gated")]
        last = str(ended[-1].get("at"))
        bars = [
            Bar(name, spans)
            for name in wave.get("configs") or ()
            for spans in [_spans(record, lines, name, last)]
            if spans
        ]
        yield Band(
            Text(
                "wave {number} of {total}, {name}",
                number=wave.get("number"),
                total=wave.get("total"),
                name=Text(str(wave.get("name"))),
            ),
            seconds(record.began, str(wave.get("at"))),
            seconds(record.began, last),
            (*bars, *_gates(record, lines)),
        )


def _gates(record: Record, lines: Sequence[Mapping[str, Any]]) -> Iterator[Bar]:
    """The gates among some lines, and the pauses, each from its question to its answer."""
    for number, line in enumerate(lines):
        if line.get("event") != "gate":
            continue
        rest = lines[number + 1 :]
        answer = next((other for other in rest if other.get("event") == "gated"), {})
        start = seconds(record.began, str(line.get("at")))
        end = seconds(record.began, str(answer.get("at") or (rest[-1] if rest else line).get("at")))
        spans = [Span(Phase.WAITING, start, end)]
        if answer:
            spans.append(Span(Phase.READY if answer.get("outcome") == "done" else Phase.FAILED, end, end))
        yield Bar("--gate" if line.get("by") == "command" else "--pause", tuple(spans), gate=True)


def _spans(record: Record, lines: Sequence[Mapping[str, Any]], name: str, last: str) -> tuple[Span, ...]:
    """The phases of one config: waiting from its first action on, then what each observation showed."""
    moments: list[tuple[float, Phase]] = []
    for line in lines:
        at = seconds(record.began, str(line.get("at")))
        if line.get("event") == "begin" and line.get("subject") == f"dc/{name}" and not moments:
            moments.append((at, Phase.WAITING))
        seen = (line.get("configs") or {}).get(name) if line.get("event") == "rollouts" else None
        if seen:
            phase = _phase(seen)
            if not moments or moments[-1][1] is not phase:
                moments.append((at, phase))
        if line.get("event") == "failed" and any(found["config"] == name for found in line.get("configs") or ()):
            moments.append((at, Phase.FAILED))
    ends = [at for at, _ in moments[1:]] + [seconds(record.began, last)]
    return tuple(Span(phase, at, max(at, end)) for (at, phase), end in zip(moments, ends))


def _phase(seen: Mapping[str, Any]) -> Phase:
    return Phase.READY if seen.get("reached") else PHASES.get(RolloutState(seen["state"]), Phase.WAITING)


def seconds(began: str, at: str) -> float:
    """The time from one moment of the journal to another, in seconds."""
    return max(0.0, (moment(at) - moment(began)).total_seconds())

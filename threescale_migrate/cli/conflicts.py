"""The options that contradict each other, or do nothing without another, as the fields of the options have it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from ..options import OPTIONS, Option
from ..values import Step, Text

ANY = object()


@dataclass(frozen=True)
class Given:
    """An option with any value, or with that one."""

    option: Option
    value: object = ANY

    @staticmethod
    def of(words: str) -> tuple[Given, ...]:
        """Options from words with spaces, each `name` or `name=value`."""
        parts = (word.partition("=") for word in words.split())
        return tuple(Given(OPTIONS[name], value if equals else ANY) for name, equals, value in parts)

    def is_in(self, given: Mapping[str, object]) -> bool:
        """Whether the command line says so; of several values, whether one of them is that one."""
        if self.option.name not in given:
            return False
        found = given[self.option.name]
        if self.value is ANY:
            return found not in (None, False)
        return any(
            str(getattr(one, "value", one)) == self.value for one in (found if isinstance(found, tuple) else (found,))
        )

    @property
    def spelled(self) -> str:
        """As a person would type it."""
        if self.value is ANY or self.option.flag:
            return self.option.spelled
        word = str(self.value.value if isinstance(self.value, Enum) else self.value)
        return word if self.option.about.place else f"{self.option.spelled} {word}"


def _excluded(option: Option, given: Mapping[str, object]) -> Iterator[Given]:
    """What cannot be combined with an option."""
    yield from Given.of(option.about.excludes)
    if option.about.step is not None:
        yield Given(OPTIONS["skip"], option.about.step.value)
        only = given.get("step")
        if isinstance(only, Step) and only is not option.about.step:
            yield Given(OPTIONS["step"], only.value)


def contradiction(command: str, given: Mapping[str, object]) -> Text | None:
    """Which options of a command line cannot be combined, None where all can; `given` has those that the line itself names."""
    for name in given:
        first = Given(OPTIONS[name])
        for second in _excluded(first.option, given):
            if first.is_in(given) and second.is_in(given):
                return Text("{first} and {second} cannot be combined", first=first.spelled, second=second.spelled)
        possible = [other for other in Given.of(first.option.about.needs) if other.option.taken_by(command)]
        if first.is_in(given) and possible and not any(other.is_in(given) for other in possible):
            others = ", ".join(other.spelled for other in possible)
            return Text("{option} has no effect without {others}", option=first.spelled, others=others)
    return None

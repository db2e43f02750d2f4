"""A frozen dataclass of `frozen.py` behaves as one of Python's own, and costs less."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from dataclasses import field
from functools import cached_property
from typing import Any

import pytest

from threescale_migrate import frozen

SOURCE = '''
@dataclass(frozen=True)
class Base:
    """A value."""
    name: str
    listed: tuple[str, ...] = ()

@dataclass(frozen=True)
class Value(Base):
    """Another."""
    hidden: str = field(default="h", repr=False)
    apart: int = field(default=1, compare=False)
    made: dict[str, int] = field(default_factory=dict)
    own: str = "o"
    missing: dict[str, int] = field(default_factory=dict)
    default_own: str = "d"
    asked: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    @cached_property
    def long(self):
        return self.name * 2

@dataclass(frozen=True)
class Empty:
    """Nothing."""
'''


def classes(decorator: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "dataclass": decorator,
        "field": field,
        "cached_property": cached_property,
        "__name__": __name__,
    }
    exec(SOURCE, known)
    return known


OURS, THEIRS = classes(frozen.dataclass), classes(dataclasses.dataclass)


def seen(known: dict[str, Any]) -> list[Any]:
    """What is seen of such values, as far as it can be compared."""
    value, base, empty = known["Value"], known["Base"], known["Empty"]
    one = value("a", ("b",), made={"x": 1})
    found = [repr(one), repr(base("a")), repr(empty()), one.asked, one.apart, one.long, dataclasses.asdict(one)]
    found += [value("a") == value("a"), value("a") == value("a", hidden="i"), value("a") == value("a", apart=2)]
    found += [base("a") == value("a"), value("a") == "a", value("a") != value("b"), empty() == empty()]
    found += [hash(base("a")) == hash(base("a")), hash(empty()) == hash(empty()), {base("a"), base("a")} == {base("a")}]
    again = dataclasses.replace(one, name="c")
    found += [again.name, again.listed, again == one, copy.copy(one) == one, copy.deepcopy(one).made]
    found += [[one.name for one in dataclasses.fields(value)], value("a").made is value("a").made]
    return found


def refused(known: dict[str, Any]) -> list[str]:
    one, found = known["Value"]("a"), []
    for deed in (
        lambda: setattr(one, "name", "b"),
        lambda: setattr(one, "other", "b"),
        lambda: delattr(one, "name"),
        lambda: known["Value"](),
        lambda: known["Value"]("a", asked=[]),
        lambda: known["Value"]("a", other=1),
        lambda: hash(one),
    ):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)) as error:
            deed()
        found.append(error.type.__name__)
    return found


def test_a_value_is_as_one_of_pythons_own() -> None:
    assert seen(OURS) == seen(THEIRS)
    assert refused(OURS) == refused(THEIRS)
    known = OURS["Value"]("a")
    assert known.long == "aa"
    assert pickle.loads(pickle.dumps(Plain("b"))) == Plain("b")


@frozen.dataclass(frozen=True)
class Plain:
    """At the module's own level, where it can be found again."""

    name: str


def test_what_is_wrong_with_a_class_is_said_as_python_says_it() -> None:
    with pytest.raises(ValueError, match="mutable default"):
        exec("@dataclass(frozen=True)\nclass X:\n    a: list = []", {"dataclass": frozen.dataclass})
    with pytest.raises(SyntaxError, match="follows default argument"):
        exec("@dataclass(frozen=True)\nclass X:\n    a: int = 1\n    b: int", {"dataclass": frozen.dataclass})


def test_a_class_costs_a_third_at_most() -> None:
    source = """
import time
from dataclasses import dataclass as theirs
from threescale_migrate.frozen import dataclass as ours
def cost(decorator):
    began = time.process_time()
    for _ in range(200):
        exec("class X:\\n 'x'\\n a: str\\n b: str\\n c: int = 1", space := {})
        decorator(frozen=True)(space["X"])
    return time.process_time() - began
print(min(cost(ours) / cost(theirs) for _ in range(3)))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    if sys.version_info < (3, 13):
        assert float(done.stdout) < 0.34, done.stdout

"""How large YAML becomes once its aliases are followed: a few hundred bytes can stand for gigabytes."""

from __future__ import annotations

from typing import Any

DEEPEST = 100


def measure(text: str | bytes, most: int) -> None:
    """Refuses what is nested deeper, or has more values when its aliases are followed, than what is read here ever has.

    It goes by the parser's events, so that nothing has been expanded yet: an alias counts as what it stands for, wherever it is, in a
    merge key too. Raises RecursionError, yaml.YAMLError.
    """
    import yaml  # late: most commands read no YAML

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []
    for event in yaml.parse(text, Loader=loader):
        size = 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, 1))
            size = 0
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            size = sizes.get(str(event.anchor), 1)
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if open_:
            open_[-1] = (open_[-1][0], open_[-1][1] + size)
        if len(open_) > DEEPEST or size > most or (open_ and open_[-1][1] > most):
            raise RecursionError

"""What a user has given wrongly, in words that whoever shows them can translate; the rehearsal itself speaks English."""

from __future__ import annotations


class Mistake(ValueError):
    """One sentence: a template, and what stands in its braces."""

    def __init__(self, template: str, **params: object) -> None:
        super().__init__(template.format(**params))
        self.template = template
        self.params = params

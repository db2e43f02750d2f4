"""A rehearsal cluster: an `oc` with a 3scale 2.5 project behind it, kept in a directory.

It imports nothing else of the package, as a cluster would not, and it is held to the recordings by tests/conformance.

A migration makes some dozens of calls of `oc`, and each starts an interpreter: what a call runs through has its types from
`typed`, and does without `typing`, `re`, `json`, `pathlib` and `contextlib`, each of which takes longer to load
than a call takes to answer.
"""

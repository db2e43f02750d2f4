"""A rehearsal cluster: an `oc` with a 3scale 2.5 project behind it, kept in a directory.

It imports nothing else of the package, as a cluster would not, and it is held to the recordings by tests/conformance.
"""

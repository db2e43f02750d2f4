"""Carries out, verifies and undoes section 2.2 of the 3scale 2.5 to 2.6 upgrade guide, by running `oc`."""

from __future__ import annotations

__version__ = "0.1.0"

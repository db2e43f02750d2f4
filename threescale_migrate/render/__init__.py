"""Renderers: the same plans and checks as text, JSON, bash and reports. They decide nothing."""

"""The introduction of the OpenAPI document: a quick start, and the rules that hold for every operation."""

from importlib.resources import files

TEXT = (files("gateway") / "assets" / "introduction.md").read_text("utf-8").strip()

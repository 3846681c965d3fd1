"""Typed data: classes with annotated fields, and the marshmallow schemas derived from them."""

"""Typed data: a class whose annotations are its fields, and the marshmallow schema that is derived from them."""

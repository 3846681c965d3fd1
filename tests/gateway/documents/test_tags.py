"""Each operation has one tag, which the document describes."""

from collections import Counter
from typing import Any

import pytest

from gateway.documents import openapi
from gateway.documents.tags import DESCRIPTIONS, TAGS, Tag, tag_of
from gateway.service import GatewayService
from tests.gateway.documents.odd import FindOdd

DOCUMENT = openapi.document(GatewayService)
OPERATIONS: list[dict[str, Any]] = [made for path in DOCUMENT["paths"].values() for made in path.values()]


def test_operation_has_exactly_one_tag() -> None:
    assert {made["operationId"]: made["tags"] for made in OPERATIONS if len(made["tags"]) != 1} == {}


def test_tags_all_have_operations_and_stand_in_the_readers_order() -> None:
    used = Counter(made["tags"][0] for made in OPERATIONS)
    assert [tag["name"] for tag in DOCUMENT["tags"]] == [tag.value for tag in Tag if used[tag.value]]
    assert set(used) == {tag.value for tag in Tag}, "a tag without operations shows an empty group"


@pytest.mark.parametrize("tag", Tag)
def test_tag_has_one_sentence(tag: Tag) -> None:
    assert DESCRIPTIONS[tag].endswith(".")
    assert ". " not in DESCRIPTIONS[tag]


def test_each_noun_in_the_table_has_a_route() -> None:
    modules = [entry.contract.__module__ for entry in openapi.entries(GatewayService)]
    unused = [noun for noun in TAGS if not any(f"{module}.".startswith(f"{noun}.") for module in modules)]
    assert unused == []


def test_contract_of_an_unknown_noun_is_refused() -> None:
    with pytest.raises(LookupError, match="has no tag"):
        tag_of(FindOdd, TAGS)

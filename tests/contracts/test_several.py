"""Lists filtered by ids."""

from typing import Any
from uuid import UUID

import pytest

from chassis.contract import PageQuery
from chassis.errors import Invalid
from contracts.auth.accounts.administration import ListDoctorAccounts, ListStaff, ListUsers
from contracts.clinical.patients import SearchPatients
from contracts.scheduling.availability import ListDoctors
from contracts.several import MOST_IDS

ONE, OTHER = "01919c5e-0000-7000-8000-000000000001", "01919c5e-0000-7000-8000-000000000002"
each_list = pytest.mark.parametrize("contract", [SearchPatients, ListDoctors, ListUsers, ListStaff, ListDoctorAccounts])


@each_list
def test_ids_are_separated_by_commas(contract: type[PageQuery]) -> None:
    assert contract.read({"id": ONE}).ids == [UUID(ONE)]
    assert contract.read({"id": f"{ONE},{OTHER},{ONE}"}).ids == [UUID(ONE), UUID(OTHER), UUID(ONE)]
    assert contract.read({}).ids is None


@each_list
def test_ids_are_limited_to_the_size_of_a_page(contract: type[PageQuery]) -> None:
    assert len(contract.read({"id": ",".join([ONE] * MOST_IDS), "limit": str(MOST_IDS)}).ids) == MOST_IDS
    with pytest.raises(Invalid) as refused:
        contract.read({"id": ",".join([ONE] * (MOST_IDS + 1))})
    assert set(refused.value.facts["errors"]) == {"id"}


@each_list
@pytest.mark.parametrize("given", ["", ",", "nobody", f"{ONE},", f"{ONE} {OTHER}", 7, []])
def test_malformed_ids_are_refused(contract: type[PageQuery], given: Any) -> None:
    with pytest.raises(Invalid) as refused:
        contract.read({"id": given})
    assert set(refused.value.facts["errors"]) == {"id"}

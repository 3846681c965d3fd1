"""Queries of the laboratory."""

from typing import Annotated
from uuid import UUID

from chassis.contract import PageQuery, Query, page_of
from contracts.clinical.care import CARERS, DOCTOR, LAB_TECHNICIAN
from contracts.clinical.labs.commands import THE_ORDER
from contracts.clinical.labs.states import LabStatus
from contracts.clinical.labs.views import LabOrderView, LabWorkView, MyLabTestView
from contracts.clinical.patients import THE_PATIENT
from contracts.roles import Role
from contracts.several import Choices


class ListLabOrders(PageQuery, service="clinical", roles=LAB_TECHNICIAN, returns=page_of(LabWorkView)):
    """List the orders of the laboratory, by default the open orders: urgent first, then oldest first.

    The list shows no values.
    """

    status: Annotated[list[LabStatus], Choices] | None = None


class GetLabOrder(Query, service="clinical", roles=DOCTOR | LAB_TECHNICIAN, returns=LabWorkView, audited=True):
    """Get one order. The laboratory also sees results that are not verified yet."""

    order_id: Annotated[UUID, THE_ORDER]


class ListLabOrdersOfPatient(PageQuery, service="clinical", roles=CARERS, returns=page_of(LabOrderView), audited=True):
    """List the laboratory orders of a patient with their verified results, newest first."""

    patient_id: Annotated[UUID, THE_PATIENT]


class ListMyLabTests(PageQuery, service="clinical", roles=frozenset({Role.PATIENT}), returns=page_of(MyLabTestView)):
    """List the patient's own laboratory tests, newest first: verified results, and the state of pending tests."""

    patient_id: Annotated[UUID, THE_PATIENT]

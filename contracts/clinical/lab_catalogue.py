"""The laboratory's catalogue: tests by LOINC code, reference ranges, and how a value is interpreted."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from marshmallow import fields, validate

from chassis.contract import Query, View
from chassis.errors import Invalid, Unavailable
from chassis.refusals import Refusal
from contracts.clinical.data import DataView
from contracts.roles import ANY_ROLE
from records.fields import Facts

UNKNOWN_TEST = Refusal(
    Invalid,
    "unknown_test",
    "The laboratory's catalogue has no test {test}.",
    "`test` is not the LOINC code of a test in `GET /api/lab-tests`.",
)
WRONG_UNIT = Refusal(
    Invalid,
    "wrong_unit",
    "The test {test} is reported in {unit}.",
    "The value has another unit than `unit`, which is the UCUM unit of the test. Matron converts no units: convert the "
    "value, and check it, before you send it again.",
)
ABSURD_VALUE = Refusal(
    Invalid,
    "absurd_value",
    "{value} {unit} is not a possible value of the test {test}.",
    "The value lies outside `lowest` and `highest`, so it is a typing error or has another unit. A null limit is none.",
)
CATALOGUE_UNAVAILABLE = Refusal(
    Unavailable,
    "catalogue_unavailable",
    "The laboratory's catalogue cannot be used: {status}.",
    "The list of tests is missing, unreadable or edited, as `status` says. An operator must restore it.",
)


class LabFlag(StrEnum):
    """The interpretation of a value. FHIR codes: L, N, H, LL, HH; `no_range` has none."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL_LOW = "critical_low"
    CRITICAL_HIGH = "critical_high"
    NO_RANGE = "no_range"

    @property
    def is_critical(self) -> bool:
        """Whether a doctor must be reached at once."""
        return self in (LabFlag.CRITICAL_LOW, LabFlag.CRITICAL_HIGH)


class DecimalNumber(fields.Decimal):
    """An exact decimal, sent as a JSON number. Text is refused, as for other numbers."""

    def _validated(self, value: object) -> Decimal:
        if isinstance(value, (str, bool)):
            raise self.make_error("invalid")
        return super()._validated(value)

    def _serialize(self, value: object, attr: str | None, obj: object, **kwargs: object) -> float | None:  # type: ignore[override]  # noqa: ARG002  # JSON has no decimals
        return None if value is None else float(Decimal(str(value)))


LabValue = Annotated[Decimal, DecimalNumber, validate.Range(min=-(10**9), max=10**9)]
"""A measured value or a limit of one. A value has at most 15 significant digits, so the JSON number is exact."""
CODE = Facts(description="The LOINC code of the test.", example="2823-3")
NAME = Facts(description="The name of the test.", example="Potassium")
UNIT = Facts(description="The UCUM unit of the values.", example="mmol/L")
NOTICE = Facts(description="The licence notice of LOINC.", example="This material contains content from LOINC.")
TestCode = Annotated[str, validate.Regexp(r"^[0-9]{1,7}-[0-9]\Z"), CODE]


class LabTestView(View):
    """A test of the catalogue."""

    code: Annotated[str, CODE]
    name: Annotated[str, NAME]
    specimen: Annotated[str, Facts(description="The material that the test needs.", example="serum or plasma")]
    unit: Annotated[str, UNIT]
    decimals: Annotated[int, "Decimal places of the values."]


class LabCatalogueView(View):
    """All tests that a doctor can order, by name."""

    items: list[LabTestView]
    data: DataView
    notice: Annotated[str, NOTICE]


class ListLabTests(
    Query,
    service="clinical",
    roles=ANY_ROLE,
    returns=LabCatalogueView,
    refuses=(CATALOGUE_UNAVAILABLE,),
):
    """List the laboratory's catalogue."""

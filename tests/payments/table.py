"""The form of the table of courses: what happens, and how it ends at each provider."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from tests.payments.shop import Ends, Shop
from tests.sandboxes.scenarios import Scenario

PROVIDERS = ("stripe", "paystack", "flutterwave")
Work = Callable[[Shop], None]


@dataclass(frozen=True)
class Course:
    """A course that a payment can take, and its end at each provider at which it is possible."""

    name: str
    text: str
    scenario: Scenario
    work: Work
    ends: dict[str, Ends]

    def __call__(self, shop: Shop) -> None:
        """Do what the course says."""
        self.work(shop)


def course(scenario: Scenario = Scenario.SUCCESS, **ends: Ends) -> Callable[[Work], Course]:
    """Declare a course. Its docstring is its text; `all` is the end at providers that are not named."""

    def declare(work: Work) -> Course:
        by_provider = {name: end for name in PROVIDERS if (end := ends.get(name, ends.get("all")))}
        return Course(work.__name__, " ".join((work.__doc__ or "").split()), scenario, work, by_provider)

    return declare


def paid(webhooks: str = "applied", payment: str = "succeeded") -> Ends:
    """Return the usual end: the whole invoice is paid."""
    return Ends(payment, "paid", f"{payment.split(', ').count('succeeded')} payment_received", webhooks=webhooks)


def of(module: ModuleType) -> list[Course]:
    """Return the courses of a module, in their order."""
    return [
        each for each in vars(module).values() if isinstance(each, Course) and each.work.__module__ == module.__name__
    ]

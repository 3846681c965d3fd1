"""What is looked at before a service starts."""

import pytest

from chassis.config import Config, ConfigError
from matron.services import check_roles
from tests import ward


def requiring(*roles: str) -> Config:
    """Settings in which these roles require a second factor."""
    return ward.settings(mfa_required_roles=frozenset(roles))


def test_a_role_that_there_is_not_protects_nobody_and_is_refused() -> None:
    with pytest.raises(ConfigError, match="no role docter"):
        check_roles(requiring("admin", "docter"))


def test_known_roles_may_require_a_second_factor() -> None:
    assert check_roles(requiring("admin", "doctor")).mfa_required_roles == {"admin", "doctor"}
    assert check_roles(requiring()).mfa_required_roles == set()

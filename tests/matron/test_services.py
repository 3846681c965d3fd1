"""The checks before a service starts."""

import pytest

from chassis.config import Config, ConfigError
from matron.services import check_roles
from tests import ward


def requiring(*roles: str) -> Config:
    """Settings that require a second factor of these roles."""
    return ward.settings(mfa_required_roles=frozenset(roles))


def test_unknown_role_is_refused_in_mfa_required_roles() -> None:
    with pytest.raises(ConfigError, match="no role docter"):
        check_roles(requiring("admin", "docter"))


def test_known_roles_may_require_a_second_factor() -> None:
    assert check_roles(requiring("admin", "doctor")).mfa_required_roles == {"admin", "doctor"}
    assert check_roles(requiring()).mfa_required_roles == set()

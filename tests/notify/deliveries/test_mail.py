"""Mails: their form, and how they leave by file or SMTP."""

from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP
from urllib.parse import SplitResult

import pytest

from services.notify import rules
from services.notify.deliveries import mail, smtp
from services.notify.models.deliveries import Delivery
from tests.notify.conftest import StartMailServer, Use
from tests.notify.factories import row
from tests.notify.servers import LOGIN

TOKEN = "q0Zb-7r1_TnU"


def _sent(*deliveries: Delivery) -> list[str | None]:
    """Send these mails; return the outcome of each."""
    outcomes = mail.send_all(deliveries)
    return [outcomes[delivery.id] for delivery in deliveries]


def _text(message: EmailMessage) -> str:
    return str(message.get_content())


def test_mail_with_two_recipients_in_one_address_is_refused() -> None:
    for address in (
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org b@example.org",
    ):
        with pytest.raises(mail.FAILURES):
            mail.message_of(row(recipient=address))


def test_recipient_domain_is_encoded_for_dns() -> None:
    assert mail.message_of(row(recipient="asha@bücher.example"))["To"] == "asha@xn--bcher-kva.example"


def test_mail_is_the_same_at_each_attempt() -> None:
    delivery = row()
    assert mail.message_of(delivery).as_bytes() == mail.message_of(delivery).as_bytes()


def test_link_is_unbroken_in_the_source_of_the_mail(use_settings: Use) -> None:
    use_settings(public_url="https://" + "long." * 20 + "example")
    source = mail.message_of(row()).as_bytes().decode()
    assert f".example/verify-email?token={TOKEN}\r\n" in source


def test_folder_gets_one_file_per_mail(use_settings: Use, tmp_path: Path) -> None:
    use_settings(mail_url=f"file://{tmp_path}/mail")
    delivery = row()
    assert _sent(delivery) == [None]
    assert [file.name for file in (tmp_path / "mail").iterdir()] == [f"{delivery.message_id}.eml"]


def test_folder_may_be_a_relative_path(use_settings: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    use_settings(mail_url="file:var/mail")
    _sent(row())
    assert len(list((tmp_path / "var" / "mail").iterdir())) == 1


def test_repeated_mail_replaces_its_file(use_settings: Use, tmp_path: Path) -> None:
    use_settings(mail_url=f"file://{tmp_path}")
    delivery = row()
    assert _sent(delivery) == _sent(delivery) == [None]
    assert len(list(tmp_path.iterdir())) == 1


def test_impossible_mail_does_not_stop_the_others(use_settings: Use, tmp_path: Path) -> None:
    use_settings(mail_url=f"file://{tmp_path}")
    assert _sent(row(template="no_such"), row(content={}), row()) == ["TemplateNotFound", "UndefinedError", None]


def test_mail_arrives_by_smtp(use_settings: Use, mail_server: StartMailServer) -> None:
    server = mail_server()
    use_settings(mail_url=server.url())
    assert _sent(row(recipient="asha@example.org")) == [None]
    (arrived,) = server.mails()
    assert (arrived["To"], arrived["From"]) == ("asha@example.org", "Hospital <post@hospital.example>")
    assert TOKEN in _text(arrived).splitlines()


def test_mails_of_a_batch_share_a_connection(use_settings: Use, mail_server: StartMailServer) -> None:
    server = mail_server()
    use_settings(mail_url=server.url())
    assert _sent(*(row(recipient=f"{name}@example.org") for name in "abc")) == [None] * 3
    assert (server.connections(), server.recipients()) == (1, [f"{name}@example.org" for name in "abc"])


@pytest.mark.parametrize(
    ("mailbox", "outcome"), [("unknown", rules.REFUSED), ("proud", rules.REFUSED), ("full", "SMTPRecipientsRefused")]
)
def test_refused_mail_does_not_stop_the_others(
    use_settings: Use, mail_server: StartMailServer, mailbox: str, outcome: str
) -> None:
    server = mail_server()
    use_settings(mail_url=server.url())
    assert _sent(row(recipient=f"{mailbox}@example.org"), row()) == [outcome, None]


def test_dropped_connection_does_not_stop_the_others(use_settings: Use, mail_server: StartMailServer) -> None:
    server = mail_server()
    use_settings(mail_url=server.url())
    assert _sent(row(), row(recipient="rude@example.org"), row()) == [None, "SMTPServerDisconnected", None]


def test_login_in_the_address_is_used(use_settings: Use, mail_server: StartMailServer) -> None:
    server = mail_server("login")
    use_settings(mail_url=server.url(login=LOGIN))
    assert _sent(row()) == [None]


def test_wrong_login_fails_every_mail_over_one_connection(use_settings: Use, mail_server: StartMailServer) -> None:
    server = mail_server("login")
    use_settings(mail_url=server.url(login="matron:wrong"))
    assert _sent(row(), row()) == ["SMTPAuthenticationError"] * 2
    assert server.connections() == 1


@pytest.mark.parametrize(("scheme", "option"), [("smtps", "smtps"), ("smtp", "starttls")])
def test_trusted_server_gets_encrypted_mail(
    use_settings: Use, mail_server: StartMailServer, monkeypatch: pytest.MonkeyPatch, scheme: str, option: str
) -> None:
    server = mail_server(option, "login")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "certificate.pem"))
    use_settings(mail_url=server.url(scheme, LOGIN))
    assert _sent(row()) == [None]


@pytest.mark.parametrize(("scheme", "option"), [("smtps", "smtps"), ("smtp", "starttls")])
def test_untrusted_server_gets_no_mail(
    use_settings: Use, mail_server: StartMailServer, scheme: str, option: str
) -> None:
    server = mail_server(option)
    use_settings(mail_url=server.url(scheme))
    assert _sent(row()) == ["SSLCertVerificationError"]


def test_unreachable_server_is_tried_once_per_batch(use_settings: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(mail_url="smtp://127.0.0.1:9")
    attempts, connect = list[SplitResult](), smtp.connect

    def count(url: SplitResult) -> SMTP:
        attempts.append(url)
        return connect(url)

    monkeypatch.setattr(smtp, "connect", count)
    assert _sent(row(), row()) == ["ConnectionRefusedError"] * 2
    assert len(attempts) == 1


def test_slow_batch_ends_before_its_lease(use_settings: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(mail_url=f"file://{tmp_path}")
    monkeypatch.setattr(mail, "BATCH_SECONDS", -1.0)
    assert mail.send_all([row(), row()]) == {}

"""The commands that create and rotate the signing keys of tokens."""

from typing import Annotated

import typer
from rich.console import Console

from chassis import config
from matron import environment
from matron.checks import check_signing

keys = typer.Typer(invoke_without_command=True, rich_markup_mode="markdown")
out = Console(highlight=False, soft_wrap=True)


@keys.callback()
def make(context: typer.Context) -> None:
    """Create the signing key of tokens, unless a key exists.

    The private key goes to the folder `SIGNING_KEYS`, which only the auth service may read. The public key goes to
    `JWKS_FILE`, which all services read.

    **Example**

    `SIGNING_KEYS=/keys/private JWKS_FILE=/keys/jwks.json matron keys`
    """
    from services.auth.sessions.keys import ensure_key

    settings = config.use(environment.load(needs=()))
    if context.invoked_subcommand is None:
        made = ensure_key(settings.signing_keys, settings.jwks_file)
        out.print("created a key" if made else "a key exists already", f"({settings.jwks_file})")


@keys.command()
def rotate(
    at_once: Annotated[
        bool, typer.Option(help="Reject older keys at once. Clients must refresh their tokens.")
    ] = False,
) -> None:
    """Sign tokens with a new key. No service needs a restart.

    Tokens of older keys stay valid until they expire, within 15 minutes. The older private keys are deleted.

    **Examples**

    `matron keys rotate`

    `matron keys rotate --at-once`, when a private key may have been stolen
    """
    from services.auth.sessions.keys import make_key

    settings = config.current()
    check_signing(settings)
    key_id = make_key(settings.signing_keys, settings.jwks_file, at_once=at_once)
    out.print(f"tokens are now signed with {key_id} ({settings.jwks_file})")

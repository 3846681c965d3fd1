"""The commands that make and rotate the keys that tokens are signed with."""

from typing import Annotated

import typer
from rich.console import Console

from chassis import config
from matron import environment
from matron.trouble import check_signing

keys = typer.Typer(invoke_without_command=True, rich_markup_mode="markdown")
out = Console(highlight=False, soft_wrap=True)


@keys.callback()
def make(context: typer.Context) -> None:
    """Make the keys that tokens are signed with, unless there are some.

    The private key goes to the folder `SIGNING_KEYS`, for the auth service alone; the public ones to `JWKS_FILE`, for
    all.

    **Example**

    `SIGNING_KEYS=/keys/private JWKS_FILE=/keys/jwks.json matron keys`
    """
    from services.auth.sessions.keys import ensure_key

    settings = config.use(environment.load(needs=()))
    if context.invoked_subcommand is None:
        made = ensure_key(settings.signing_keys, settings.jwks_file)
        out.print("made a key" if made else "there is a key already", f"({settings.jwks_file})")


@keys.command()
def rotate(
    at_once: Annotated[bool, typer.Option(help="Believe no older key any more; clients refresh their tokens.")] = False,
) -> None:
    """Sign with a new key from now on. Nothing needs to be started again.

    Tokens of older keys count until they end, which is within 15 minutes; the older private keys are deleted.

    **Examples**

    `matron keys rotate`

    `matron keys rotate --at-once`, when a private key may have been stolen
    """
    from services.auth.sessions.keys import make_key

    settings = config.current()
    check_signing(settings)
    key_id = make_key(settings.signing_keys, settings.jwks_file, at_once=at_once)
    out.print(f"tokens are signed with {key_id} from now on ({settings.jwks_file})")

"""Slow commands of one line wait for each other at the gateway."""

import eventlet
import pytest
from eventlet.semaphore import Semaphore

from chassis.contract import Command
from chassis.errors import Unavailable
from contracts.auth.fields import HASHING
from contracts.auth.sessions import LogIn
from contracts.billing.papers import PrintInvoice
from gateway.documents.openapi import entries
from gateway.server.lines import AT_ONCE, Lines
from gateway.service import GatewayService


class Slow(Command, line="slow", deadline=0.2):
    """A command with a line."""


class Unhurried(Command, line="unhurried", deadline=5.0):
    """A command with a line, and time to wait in it."""


class Quick(Command):
    """A command without a line."""


def most_under_way(command: type[Command], number: int) -> int:
    """Send a command this many times at once; return the most that were under way together."""
    lines, under_way, most = Lines(), list[int](), list[int]()

    def go() -> None:
        with lines.turn(command):
            under_way.append(1)
            most.append(len(under_way))
            eventlet.sleep(0.005)
            under_way.pop()

    for thread in [eventlet.spawn(go) for _ in range(number)]:
        thread.wait()
    assert len(most) == number
    return max(most)


def test_line_bounds_the_commands_under_way() -> None:
    assert most_under_way(Unhurried, 3 * AT_ONCE) == AT_ONCE


def test_papers_are_made_one_by_one() -> None:
    assert most_under_way(PrintInvoice, 5) == 1


def test_command_is_busy_when_it_waits_too_long() -> None:
    lines = Lines()
    turns = [lines.turn(Slow) for _ in range(AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(Unavailable, match="busy"), lines.turn(Slow):
        pass
    with lines.turn(Quick) as seconds:
        assert seconds == Quick.deadline


def test_waiting_is_part_of_the_deadline() -> None:
    lines = Lines()
    turns = [lines.turn(Unhurried) for _ in range(AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    eventlet.spawn_after(0.05, turns[0].__exit__, None, None, None)
    with lines.turn(Unhurried) as seconds:
        assert 0 < seconds < Unhurried.deadline - 0.04


def test_hashing_commands_share_a_line_except_signing_in() -> None:
    hashing = {entry.contract for entry in entries(GatewayService) if _takes_a_password(entry.contract)}
    assert {contract.line for contract in hashing - {LogIn}} == {HASHING}


def test_no_other_command_shares_the_line_of_signing_in() -> None:
    lines = Lines()
    others = {entry.contract for entry in entries(GatewayService)} - {LogIn}
    for contract in others:
        for _ in range(AT_ONCE if contract.line else 0):
            lines.turns.setdefault(contract.line, Semaphore(AT_ONCE)).acquire(timeout=0)
    assert LogIn.line not in lines.turns
    with lines.turn(LogIn) as seconds:
        assert seconds == pytest.approx(LogIn.deadline, abs=0.5)


def _takes_a_password(contract: type[Command]) -> bool:
    return any("password" in name for name in contract.schema().fields)

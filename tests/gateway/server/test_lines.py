"""Slow commands wait for each other at the gateway, and for nobody else's sake."""

import eventlet
import pytest
from eventlet.semaphore import Semaphore

from chassis.contract import Command
from chassis.errors import Unavailable
from contracts.auth.fields import HASHING
from contracts.auth.sessions import LogIn
from gateway.documents.openapi import entries
from gateway.server.lines import AT_ONCE, Lines
from gateway.service import GatewayService


class Slow(Command, line="slow", deadline=0.2):
    """One that has a line."""


class Unhurried(Command, line="unhurried", deadline=5.0):
    """One that has a line, and time to wait in it."""


class Quick(Command):
    """One that has none."""


def test_only_so_many_are_under_way_at_once() -> None:
    lines, under_way, most = Lines(), list[int](), list[int]()

    def go() -> None:
        with lines.turn(Slow):
            under_way.append(1)
            most.append(len(under_way))
            eventlet.sleep(0.005)
            under_way.pop()

    for thread in [eventlet.spawn(go) for _ in range(3 * AT_ONCE)]:
        thread.wait()
    assert (max(most), len(most)) == (AT_ONCE, 3 * AT_ONCE)


def test_who_waits_too_long_is_told_to_come_back_and_others_go_on() -> None:
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


def test_all_that_hash_a_password_stand_in_one_line_but_signing_in() -> None:
    hashing = {entry.contract for entry in entries(GatewayService) if _takes_a_password(entry.contract)}
    assert {contract.line for contract in hashing - {LogIn}} == {HASHING}


def test_nothing_takes_the_turns_of_signing_in() -> None:
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

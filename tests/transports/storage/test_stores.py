"""What both kinds of stores do."""

from datetime import date
from pathlib import Path
from time import perf_counter
from uuid import UUID

import eventlet
import pytest

from transports.storage.bucket import BucketStore
from transports.storage.folder import FolderStore
from transports.storage.objects import Probe, Store, StoreError, folder_of, name_of
from transports.storage.stores import store_at

MIB = 1024 * 1024
DAY = "2026-12-01"


def kept(store: Store, name: str, *pieces: bytes) -> None:
    """Store an object."""
    upload = store.begin(f"{DAY}/{name}")
    for piece in pieces:
        upload.write(piece)
    upload.complete()


def read(store: Store, name: str) -> bytes:
    """Return the bytes of an object."""
    return b"".join(store.read(f"{DAY}/{name}"))


@pytest.mark.parametrize("size", [1, 300_000, 5 * MIB, 12 * MIB + 7])
def test_object_is_read_as_it_was_written(store: Store, size: int) -> None:
    pieces = [bytes([number % 251]) * min(65536, size - first) for number, first in enumerate(range(0, size, 65536))]
    kept(store, "a", *pieces)
    assert read(store, "a") == b"".join(pieces)


def test_object_has_no_name_before_it_is_complete(store: Store) -> None:
    upload = store.begin(f"{DAY}/a")
    upload.write(b"x" * 6 * MIB)
    with pytest.raises(StoreError):
        read(store, "a")
    upload.complete()
    assert len(read(store, "a")) == 6 * MIB


def test_discarded_upload_leaves_nothing_to_sweep(store: Store) -> None:
    upload = store.begin(f"{DAY}/a")
    upload.write(b"x" * 6 * MIB)
    upload.discard()
    assert store.sweep(DAY, []) == 0


def test_deleted_object_is_gone_and_a_second_delete_is_harmless(store: Store) -> None:
    kept(store, "a", b"bytes")
    store.delete(f"{DAY}/a")
    store.delete(f"{DAY}/a")
    with pytest.raises(StoreError):
        read(store, "a")


def test_sweep_deletes_unknown_and_unfinished_objects_only(store: Store) -> None:
    kept(store, "known", b"bytes")
    kept(store, "unknown", b"bytes")
    store.begin(f"{DAY}/unfinished").write(b"x" * 6 * MIB)
    assert store.sweep(DAY, ["known"]) == 2
    assert store.sweep(DAY, ["known"]) == 0
    assert read(store, "known") == b"bytes"


def test_sweep_leaves_other_days_alone(store: Store) -> None:
    kept(store, "a", b"bytes")
    assert store.sweep("2026-12-02", []) == 0
    assert store.sweep("2026-12-0", []) == 0
    assert read(store, "a") == b"bytes"


def test_store_is_writable(store: Store) -> None:
    assert store.is_writable()


def test_folder_that_is_a_file_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "attachments").write_text("no folder")
    assert not FolderStore(str(tmp_path / "attachments")).is_writable()


def test_missing_bucket_is_not_writable(object_server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in object_server.items():
        monkeypatch.setenv(name, value)
    store = BucketStore("no-such-bucket", "")
    assert not store.is_writable()
    with pytest.raises(StoreError, match="NoSuchBucket"):
        list(store.read("a"))


def test_store_does_not_block_the_process(store: Store) -> None:
    gaps, piece = list[float](), b"x" * 65536

    def beat() -> None:
        last = perf_counter()
        while True:
            eventlet.sleep(0.005)
            gaps.append(perf_counter() - last)
            last = perf_counter()

    heart = eventlet.spawn(beat)
    writers = [eventlet.spawn(kept, store, str(number), *[piece] * 160) for number in range(4)]
    for writer in writers:
        writer.wait()
    heart.kill()
    assert max(gaps) < 1.0
    assert len(gaps) > 5


def test_url_decides_the_kind_of_store(tmp_path: Path) -> None:
    assert isinstance(store_at(f"file://{tmp_path}/a%20b"), FolderStore)
    assert store_at(f"file://{tmp_path}/a%20b") is store_at(f"file://{tmp_path}/a%20b")


def test_name_of_an_object_starts_with_the_day_of_its_id() -> None:
    made = UUID("01919c5e-0000-7000-8000-0000000000a1")
    assert name_of(made) == f"2024-08-29/{made}"
    assert folder_of(date(2026, 12, 1)) == DAY


def test_probe_asks_again_only_after_its_time_or_a_failure() -> None:
    answers, asked, time = [True, False, True], list[bool](), [0.0]

    def test() -> bool:
        asked.append(answers[len(asked)])
        return asked[-1]

    probe = Probe(test, 5.0, lambda: time[0])
    assert [probe(), probe()] == [True, True]
    time[0] = 6.0
    assert [probe(), probe()] == [False, True]
    assert len(asked) == 3

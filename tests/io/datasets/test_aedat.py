"""AEDAT 3.1: hand-written files, whole and damaged."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rate2spike.errors import InputError
from rate2spike.io.datasets.aedat import packet_index, polarity_packets, read_polarity_events

from helpers import aedat_bytes, aedat_packet

EVENTS = [(10, 5, 6, 1), (20, 127, 0, 0), (20, 0, 127, 1)]  # t_us, x, y, polarity


def read(tmp_path, content, *arguments):
    (tmp_path / "a.aedat").write_bytes(content)
    return read_polarity_events(tmp_path / "a.aedat", *arguments)


def rows(stream):
    return list(zip(*(getattr(stream, name).tolist() for name in ("t_us", "x", "y", "polarity")), strict=True))


def test_events_are_decoded(tmp_path):
    assert rows(read(tmp_path, aedat_bytes(aedat_packet(EVENTS)))) == EVENTS
    assert rows(read(tmp_path, aedat_bytes())) == []


def test_overflow_counts_2_to_the_31(tmp_path):
    content = aedat_bytes(aedat_packet(EVENTS), aedat_packet(EVENTS, overflow=1), aedat_packet(EVENTS, overflow=3))
    shifted = [[(t + n * 2**31, *rest) for t, *rest in EVENTS] for n in (0, 1, 3)]
    assert rows(read(tmp_path, content)) == [*shifted[0], *shifted[1], *shifted[2]]


def test_invalid_events_and_other_types_are_skipped(tmp_path):
    other = aedat_packet(EVENTS, kind=2)
    frame = struct.pack("<HHIIIIII", 3, 0, 36, 4, 0, 2, 2, 2) + b"\1" * 72  # events of another size
    content = aedat_bytes(other, aedat_packet(EVENTS, valid=[1, 0, 1]), frame, aedat_packet(EVENTS, valid=[0, 0, 0]))
    assert rows(read(tmp_path, content)) == [EVENTS[0], EVENTS[2]]
    assert len(list(polarity_packets(tmp_path / "a.aedat"))) == 1


def test_interval_has_both_ends(tmp_path):
    content = aedat_bytes(aedat_packet(EVENTS), aedat_packet([(30, 1, 1, 0), (40, 2, 2, 0)]))
    assert [t for t, *_ in rows(read(tmp_path, content, 20, 30))] == [20, 20, 30]
    assert [t for t, *_ in rows(read(tmp_path, content, None, 20))] == [10, 20, 20]
    assert [t for t, *_ in rows(read(tmp_path, content, 31))] == [40]
    assert read(tmp_path, content, 41).n_events == 0


@given(st.lists(st.lists(st.integers(0, 100), max_size=8), max_size=6), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_an_index_gives_the_same_events(tmp_path_factory, packets, low, high):
    path = tmp_path_factory.mktemp("a") / "a.aedat"
    path.write_bytes(aedat_bytes(*(aedat_packet([(t, k, k, t % 2) for t in times]) for k, times in enumerate(packets))))
    expected = sorted(
        [(t, k, k, t % 2) for k, times in enumerate(packets) for t in times if low <= t <= high], key=lambda row: row[0]
    )
    assert rows(read_polarity_events(path, low, high)) == expected
    assert rows(read_polarity_events(path, low, high, packet_index(path))) == expected


def test_packets_come_one_at_a_time(tmp_path):
    """A file that breaks off late gives what came before."""
    (tmp_path / "a.aedat").write_bytes(aedat_bytes(aedat_packet(EVENTS), b"\1\0\0"))
    packets = polarity_packets(tmp_path / "a.aedat")
    np.testing.assert_array_equal(next(packets).t_us, [10, 20, 20])
    with pytest.raises(InputError, match="truncated"):
        next(packets)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is no AEDAT 3\.1 file: expected #!AER-DAT3\.1 .*another kind of file"),
        (b"\x93NUMPY" * 100, "another kind of file"),
        (b"#!AER-DAT2.0\r\n# x\r\n", r"got #!AER-DAT2\.0"),
        (b"#!AER-DAT3.10\r\n", r"got #!AER-DAT3\.10"),
        (b"#!AER-DAT3.1\r\n#Format: RAW\r\n", "header does not end with #!END-HEADER"),
        (b"#!AER-DAT3.1\r\n" + aedat_packet(EVENTS), "header does not end with #!END-HEADER"),
        (aedat_bytes(aedat_packet(EVENTS)[:27]), "is truncated: 27 bytes instead of a packet header at byte"),
        (aedat_bytes(aedat_packet(EVENTS)[:-1]), "is truncated: the packet at byte .* 3 events of 8 bytes"),
        (aedat_bytes(struct.pack("<HHIIIIII", 1, 0, 8, 4, 0, 2**32 - 1, 2**32 - 1, 1)), "is truncated"),
        (aedat_bytes(struct.pack("<HHIIIIII", 1, 0, 16, 4, 0, 1, 1, 1) + b"\0" * 16), "polarity events of 16 bytes"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value) and "a.aedat" in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*absent\.aedat"):
        read_polarity_events(tmp_path / "absent.aedat")

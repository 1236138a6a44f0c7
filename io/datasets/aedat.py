"""Polarity events of AEDAT 3.1 files, read packet by packet. The package `aedat` reads version 4 alone.

A file is a header of ASCII lines that begin with #, up to #!END-HEADER, then packets, all little-endian:

    28 bytes     type, source (u16 each), event size, timestamp offset, overflow, capacity, n, n valid (u32 each)
    n events     for type 1 (polarity) of 8 bytes: u32 data, u32 timestamp in us

Bit 0 of the data says whether the event is valid, bit 1 is its polarity, bits 2 to 14 are y, bits 17 to 29 are x. The
time is overflow * 2^31 + timestamp.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.datasets.event_stream import EventStream

VERSION_LINE = b"#!AER-DAT3.1"
END_LINE = b"#!END-HEADER"
POLARITY = 1  # type of a packet
_HEADER = np.dtype(
    [("type", "<u2"), ("source", "<u2")]
    + [(name, "<u4") for name in ("event_size", "offset", "overflow", "capacity", "n_events", "n_valid")]
)
_EVENT = np.dtype([("data", "<u4"), ("timestamp", "<u4")])
_LONGEST_LINE = 4096


class Packet(NamedTuple):
    """Valid polarity events of one packet, arrays of shape (n,)."""

    position: int  # bytes before its header in the file
    t_us: np.ndarray  # int64
    x: np.ndarray  # int16
    y: np.ndarray  # int16
    polarity: np.ndarray  # int8


@dataclass(frozen=True, eq=False)
class PacketIndex:
    """Where the polarity packets of a file are and which times they hold, (n_packets,) each, int64."""

    position: np.ndarray = field(repr=False)  # bytes
    first_us: np.ndarray = field(repr=False)
    last_us: np.ndarray = field(repr=False)


def polarity_packets(path: str | os.PathLike) -> Iterator[Packet]:
    """The packets with valid polarity events, one in memory at a time. Raises InputError for a damaged file."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        _skip_header(file, path)
        while file.tell() < size:
            packet = _read_packet(file, size, path)
            if packet is not None:
                yield packet


def packet_index(path: str | os.PathLike) -> PacketIndex:
    """Read the whole file once, so that cutting many intervals out of it reads little. Raises InputError."""
    rows = [(one.position, one.t_us.min(), one.t_us.max()) for one in polarity_packets(path)]
    return PacketIndex(*np.array(rows, np.int64).reshape(-1, 3).T)


def read_polarity_events(
    path: str | os.PathLike, start_us: int | None = None, end_us: int | None = None, index: PacketIndex | None = None
) -> EventStream:
    """The events with start_us <= t <= end_us (None: no limit), in order of time. Raises InputError.

    index: `packet_index` of this file, if there is one: then only the packets in question are read.
    """
    low = -1 if start_us is None else start_us
    high = np.iinfo(np.int64).max if end_us is None else end_us
    packets = polarity_packets(path) if index is None else _indexed_packets(path, index, low, high)
    parts = [part for part in (_between(one, low, high) for one in packets) if part[0].size]
    if not parts:
        return EventStream(*(np.zeros(0, np.int64) for _ in range(4)))
    return EventStream.in_order(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _indexed_packets(path: str | os.PathLike, index: PacketIndex, low: int, high: int) -> Iterator[Packet]:
    wanted = (index.last_us >= low) & (index.first_us <= high)
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        for position in index.position[wanted].tolist():
            file.seek(position)
            packet = _read_packet(file, size, path)
            if packet is not None:
                yield packet


def _between(packet: Packet, low: int, high: int) -> tuple[np.ndarray, ...]:
    inside = (packet.t_us >= low) & (packet.t_us <= high)
    return tuple(column[inside] for column in (packet.t_us, packet.x, packet.y, packet.polarity))


def _opened(path: str | os.PathLike) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None


def _skip_header(file: BinaryIO, path: str | os.PathLike) -> None:
    first = file.readline(_LONGEST_LINE).rstrip()
    if first != VERSION_LINE:
        found = first.decode("ascii", "replace")[:20] if first.startswith(b"#!AER-DAT") else "another kind of file"
        raise InputError(
            f"{path} is no AEDAT 3.1 file: expected {VERSION_LINE.decode()} in its first line, got {found}"
        )
    while True:
        line = file.readline(_LONGEST_LINE)
        if line.rstrip() == END_LINE:
            return
        if not line.startswith(b"#"):
            raise InputError(f"{path}: the AEDAT header does not end with {END_LINE.decode()}")


def _read_packet(file: BinaryIO, size: int, path: str | os.PathLike) -> Packet | None:
    """The packet at the file's position; None if it holds no valid polarity events."""
    position = file.tell()
    if size - position < _HEADER.itemsize:
        raise InputError(f"{path} is truncated: {size - position} bytes instead of a packet header at byte {position}")
    header = np.frombuffer(file.read(_HEADER.itemsize), _HEADER)[0]
    n_events, event_size = int(header["n_events"]), int(header["event_size"])
    is_polarity = header["type"] == POLARITY
    if is_polarity and event_size != _EVENT.itemsize:
        raise InputError(
            f"{path}: polarity events of {event_size} bytes at byte {position}, expected {_EVENT.itemsize}"
        )
    if n_events * event_size > size - file.tell():
        raise InputError(
            f"{path} is truncated: the packet at byte {position} should hold {n_events} events of {event_size} bytes"
        )
    if not is_polarity:
        file.seek(n_events * event_size, os.SEEK_CUR)
        return None
    events = np.frombuffer(file.read(n_events * event_size), _EVENT)
    events = events[events["data"] & 1 == 1]
    return _decoded(events, int(header["overflow"]), position) if events.size else None


def _decoded(events: np.ndarray, overflow: int, position: int) -> Packet:
    data = events["data"]
    t_us = (overflow << 31) + events["timestamp"].astype(np.int64)
    x, y = ((data >> 17) & 0x1FFF).astype(np.int16), ((data >> 2) & 0x1FFF).astype(np.int16)
    return Packet(position, t_us, x, y, ((data >> 1) & 1).astype(np.int8))

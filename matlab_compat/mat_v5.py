"""MAT v5/v7 files as a row of top-level elements: find, name, copy and replace them without interpreting their content.

No library offers this, and lossless append needs it: an untouched variable is copied byte for byte, whatever it holds
(MathWorks, "MAT-File Format", section 1; the layout of opaque elements is undocumented and was read off sample files).
"""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat.mat_v5_header import MI_MATRIX, ArrayHeader, array_header, has_more_than_one_part
from rate2spike.matlab_compat.mat_v5_read import Context, read_matrix
from rate2spike.matlab_compat.values import Budget, Damage, OpaqueValue, TooLarge

HEADER_BYTES = 128
_SUBSYSTEM_OFFSET = slice(116, 124)
_MI_COMPRESSED = 15
_HEAD_BYTES = 2048  # flags, up to 32 dimensions and a 63-letter name fit easily
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Element:
    """One top-level element: its raw bytes with tag, where it stands in the file, and what its header says."""

    raw: memoryview = field(repr=False)
    offset: int
    is_compressed: bool
    header: ArrayHeader
    content_bytes: int  # uncompressed, without tag
    is_sparse: bool

    @property
    def name(self) -> str:
        """Variable name; empty for the subsystem block."""
        return self.header.name

    @property
    def class_name(self) -> str:
        """MATLAB class of the variable."""
        return self.header.class_name


@dataclass(frozen=True)
class MatV5:
    """A parsed file: 128-byte header, byte order ('<' or '>'), elements, and the subsystem element's index if any."""

    source: str
    header: bytes = field(repr=False)
    byte_order: str
    elements: tuple[Element, ...]
    subsystem_index: int | None = None

    @property
    def subsystem(self) -> bytes:
        """The subsystem element (contents of handles, objects, tables) as it is stored; empty if there is none."""
        return b"" if self.subsystem_index is None else bytes(self.elements[self.subsystem_index].raw)


def parse(data: bytes, source: str) -> MatV5:
    """Split the bytes of a file. Raises MatFileError (naming `source` and the place) if it is truncated or damaged."""
    byte_order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if byte_order is None:
        raise MatFileError(f"{source} is not a MAT file, or is truncated within its header")
    view, elements, position = memoryview(data), [], HEADER_BYTES
    while position < len(data):
        if position + 8 > len(data):
            raise _truncated(source, position + 8, len(data))
        kind, size = struct.unpack_from(byte_order + "II", data, position)
        end = position + 8 + size
        if kind not in (MI_MATRIX, _MI_COMPRESSED):
            raise MatFileError(f"{source}: damaged MAT file: unknown element type {kind} at byte {position}")
        if kind == MI_MATRIX and not _is_boundary(data, end, byte_order):
            end = _consumed_end(view, position, end, byte_order)
        if end > len(data):
            raise _truncated(source, end, len(data))
        try:
            elements.append(_element(view[position:end], position, kind == _MI_COMPRESSED, byte_order))
        except (Damage, zlib.error, struct.error) as error:
            raise MatFileError(f"{source}: damaged MAT file: unreadable variable at byte {position}: {error}") from None
        position = end
    offset = _subsystem_offset(data, byte_order)
    starts = [element.offset for element in elements]
    index = starts.index(offset) if offset in starts else None
    return MatV5(source, data[:HEADER_BYTES], byte_order, tuple(elements), index)


def value(element: Element, file: MatV5, max_bytes: int) -> Any:
    """The value of an element, opaque if it is too large. Raises MatFileError (file, variable, place) if it is damaged."""
    try:
        data = matrix_bytes(element, file.byte_order, Budget(max_bytes))
        return _interpreted(data, element, file, Budget(max_bytes))
    except TooLarge as error:
        return OpaqueValue(element.class_name, reason=str(error))
    except (ValueError, OverflowError) as error:  # Damage, or what NumPy makes of damage that was not foreseen
        place = f"variable {element.name}, at byte {element.offset}"
        raise MatFileError(f"{file.source}: {place}: damaged or unreadable: {error}") from None


def _interpreted(data: memoryview, element: Element, file: MatV5, budget: Budget) -> Any:
    try:
        return read_matrix(data, Context(file.byte_order, budget, file.subsystem))[0]
    except TooLarge:
        raise
    except (ValueError, OverflowError) as error:
        if not element.is_compressed:
            raise
        # by the checksum of the stream this is what was written: not damaged, only not understood here
        return OpaqueValue(element.class_name, bytes(data), file.byte_order, file.subsystem, str(error))


def matrix_bytes(element: Element, byte_order: str, budget: Budget) -> memoryview:
    """The element as an uncompressed miMATRIX with tag. Raises Damage if its zlib streams are damaged."""
    if not element.is_compressed:
        return element.raw
    streams = _Streams(element.raw[8:])
    tag = streams.read(8)
    if len(tag) < 8:
        raise Damage("truncated zlib stream")
    size = struct.unpack_from(byte_order + "I", tag, 4)[0]
    budget.take(size)
    content = streams.read(size)
    streams.check_end()  # with that the content is whole, though GNU Octave may have declared a few bytes more
    return memoryview(bytes(tag) + content)


def splice(file: MatV5, new_elements: bytes, dropped_names: set[str], subsystem: bytes = b"") -> bytes:
    """Bytes of a file without the named variables and with `new_elements` added, all else unchanged.

    MATLAB finds its subsystem block by an offset in the header: the block stays last and the offset is rewritten.
    `subsystem` is the block that the new elements need, if the file has none yet.
    """
    kept = [e for i, e in enumerate(file.elements) if e.name not in dropped_names and i != file.subsystem_index]
    body = b"".join([*(_rightly_declared(element, file.byte_order) for element in kept), new_elements])
    return with_subsystem(file.header, body, file.subsystem or subsystem, file.byte_order)


def with_subsystem(header: bytes, body: bytes, subsystem: bytes, byte_order: str) -> bytes:
    """A file of header, variables and, if there is one, the subsystem block at its end."""
    if not subsystem:
        return header + body
    offset = struct.pack(byte_order + "Q", HEADER_BYTES + len(body))
    return header[: _SUBSYSTEM_OFFSET.start] + offset + header[_SUBSYSTEM_OFFSET.stop :] + body + subsystem


def _rightly_declared(element: Element, byte_order: str) -> bytes | memoryview:
    """The bytes of an element, unchanged unless GNU Octave declared it too long.

    As the last one of a file that is harmless; before another one no reader but ours would find the next.
    """
    if element.is_compressed or element.content_bytes == len(element.raw) - 8:
        return element.raw
    return bytes(element.raw[:4]) + struct.pack(byte_order + "I", len(element.raw) - 8) + bytes(element.raw[8:])


class _Streams:
    """Sequential reading from zlib streams that stand one after another, never more than asked for."""

    def __init__(self, compressed: memoryview):
        self._rest: bytes | memoryview = compressed
        self._stream = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            try:
                part = self._stream.decompress(self._rest, min(missing, _CHUNK_BYTES))
            except zlib.error as error:
                raise Damage(str(error)) from None
            self._rest = self._stream.unconsumed_tail
            parts.append(part)
            missing -= len(part)
            if self._stream.eof and self._stream.unused_data and missing:
                self._rest, self._stream = self._stream.unused_data, zlib.decompressobj()
            elif not part and not self._rest:
                break
        return b"".join(parts)

    def check_end(self) -> None:
        """The checksum stands at the end of the stream: only there a flipped bit shows."""
        self.read(64)
        if not self._stream.eof:
            raise Damage("truncated zlib stream")


def _element(raw: memoryview, offset: int, is_compressed: bool, byte_order: str) -> Element:
    start = (
        memoryview(zlib.decompressobj().decompress(raw[8:], _HEAD_BYTES)) if is_compressed else raw[: _HEAD_BYTES + 8]
    )
    if len(start) < 8 or struct.unpack_from(byte_order + "I", start)[0] != MI_MATRIX:
        raise Damage("no array")
    size = struct.unpack_from(byte_order + "I", start, 4)[0]
    header = array_header(start[8:], byte_order)
    is_sparse = header.class_name == "sparse" or (
        header.is_logical and has_more_than_one_part(start[8:], header, size, byte_order)
    )
    return Element(raw, offset, is_compressed, header, size, is_sparse)


def _is_boundary(data: bytes | memoryview, position: int, byte_order: str) -> bool:
    """Whether a file may end at a position, or another element begin."""
    if position + 8 > len(data):
        return position == len(data)
    return struct.unpack_from(byte_order + "I", data, position)[0] in (MI_MATRIX, _MI_COMPRESSED)


def _consumed_end(view: memoryview, position: int, declared: int, byte_order: str) -> int:
    """Where the element at `position` ends if it is one that GNU Octave declared too long; else the declared end."""
    try:
        end = read_matrix(view, Context(byte_order, Budget(len(view) * 100)), position)[1]
    except (ValueError, OverflowError, struct.error):
        return declared  # what is wrong is said where the element is read
    return end if _is_boundary(view, end, byte_order) else declared


def _subsystem_offset(data: bytes, byte_order: str) -> int:
    field_bytes = data[_SUBSYSTEM_OFFSET]
    return 0 if field_bytes.strip(b" ") == b"" else struct.unpack(byte_order + "Q", field_bytes)[0]


def _truncated(source: str, expected: int, actual: int) -> MatFileError:
    return MatFileError(f"{source} is truncated: {actual} bytes, expected at least {expected}")

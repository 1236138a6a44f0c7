"""MAT v5 files as a row of top-level elements: find, name, copy and replace them without interpreting their content.

No library offers this, and lossless append needs it: an untouched variable is copied byte for byte, whatever it holds
(MathWorks, "MAT-File Format", section 1; the layout of opaque elements is undocumented and was read off sample files).
"""

import struct
import zlib
from dataclasses import dataclass, field

from rate2spike.errors import MatFileError

HEADER_BYTES = 128
_SUBSYSTEM_OFFSET = slice(116, 124)
_MI_INT8, _MI_MATRIX, _MI_COMPRESSED = 1, 14, 15
_NAME_SEARCH_BYTES = 2048  # flags, up to 32 dimensions and a 63-letter name fit easily

CLASS_NAMES = {
    1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single", 8: "int8", 9: "uint8",
    10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64", 16: "function_handle", 17: "opaque",
}  # fmt: skip


@dataclass(frozen=True)
class Element:
    """One top-level element: its raw bytes with tag, and what its header says."""

    raw: bytes = field(repr=False)
    name: str
    class_id: int
    is_complex: bool
    is_logical: bool
    class_name: str

    @property
    def is_compressed(self) -> bool:
        """Whether the element is a zlib stream."""
        return int.from_bytes(self.raw[:4], "little") == _MI_COMPRESSED or self.raw[3] == _MI_COMPRESSED


@dataclass(frozen=True)
class MatV5:
    """A parsed file: 128-byte header, byte order ('<' or '>'), elements, and the subsystem element's index if any."""

    header: bytes = field(repr=False)
    byte_order: str
    elements: tuple[Element, ...]
    subsystem_index: int | None = None


def parse(data: bytes, source: str) -> MatV5:
    """Split the bytes of a file. Raises MatFileError (naming `source`) if it is no MAT v5 file or is truncated."""
    byte_order = _check_header(data, source)
    elements, starts, position = [], [], HEADER_BYTES
    while position < len(data):
        if position + 8 > len(data):
            raise _truncated(source, position + 8, len(data))
        kind, size = struct.unpack_from(byte_order + "II", data, position)
        end = position + 8 + size
        if kind not in (_MI_MATRIX, _MI_COMPRESSED):
            raise MatFileError(f"{source}: damaged MAT file: unknown element type {kind} at byte {position}")
        if end > len(data):
            raise _truncated(source, end, len(data))
        elements.append(_describe(data[position:end], kind, byte_order, source))
        starts.append(position)
        position = end
    offset = _subsystem_offset(data, byte_order)
    index = starts.index(offset) if offset in starts else None
    return MatV5(data[:HEADER_BYTES], byte_order, tuple(elements), index)


def matrix_bytes(element: Element, source: str) -> bytes:
    """The element as an uncompressed miMATRIX with tag. Raises MatFileError if its zlib stream is damaged."""
    if not element.is_compressed:
        return element.raw
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(element.raw[8:]) + stream.flush()
    except zlib.error as error:
        raise MatFileError(f"{source}: variable {element.name} is damaged ({error})") from None
    if not stream.eof:
        raise MatFileError(f"{source}: variable {element.name} is truncated")
    return content


def splice(file: MatV5, new_elements: bytes, dropped_names: set[str]) -> bytes:
    """Bytes of a file without the named variables and with `new_elements` added, all else unchanged.

    MATLAB finds its subsystem block (contents of handles, objects, tables) by an offset in the header: the block stays
    last and the offset is rewritten.
    """
    kept = [e for i, e in enumerate(file.elements) if e.name not in dropped_names and i != file.subsystem_index]
    body = b"".join(e.raw for e in kept) + new_elements
    header = bytearray(file.header)
    if file.subsystem_index is not None:
        header[_SUBSYSTEM_OFFSET] = struct.pack(file.byte_order + "Q", HEADER_BYTES + len(body))
        body += file.elements[file.subsystem_index].raw
    return bytes(header) + body


def _check_header(data: bytes, source: str) -> str:
    if data[:8] == b"\x89HDF\r\n\x1a\n" or data[:19] == b"MATLAB 7.3 MAT-file":
        raise MatFileError(f"{source} is a MAT v7.3 (HDF5) file, which is not read yet: save it in MATLAB with '-v7'")
    if len(data) < HEADER_BYTES:
        raise MatFileError(f"{source} is not a MAT file, or is truncated: {len(data)} bytes, expected at least 128")
    byte_order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if byte_order is None:
        hint = " (MAT v4 is not read yet: save it with '-v7')" if data[:4] in _V4_STARTS else ""
        raise MatFileError(f"{source} is not a MAT v5/v7 file{hint}")
    return byte_order


_V4_STARTS = {struct.pack("<i", t) for t in (0, 10, 20, 30, 40, 50, 1, 51)}


def _subsystem_offset(data: bytes, byte_order: str) -> int:
    field_bytes = data[_SUBSYSTEM_OFFSET]
    return 0 if field_bytes.strip(b" ") == b"" else struct.unpack(byte_order + "Q", field_bytes)[0]


def _describe(raw: bytes, kind: int, byte_order: str, source: str) -> Element:
    if kind == _MI_COMPRESSED:
        try:
            content = zlib.decompressobj().decompress(raw[8:], _NAME_SEARCH_BYTES)
        except zlib.error as error:
            raise MatFileError(f"{source}: damaged MAT file ({error})") from None
    else:
        content = raw[: _NAME_SEARCH_BYTES + 8]
    try:
        return _read_array_header(raw, content, byte_order)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError):
        raise MatFileError(f"{source}: damaged MAT file: unreadable variable header") from None


def _read_array_header(raw: bytes, content: bytes, byte_order: str) -> Element:
    flags = struct.unpack_from(byte_order + "I", content, 16)[0]
    class_id = flags & 0xFF
    if class_id not in CLASS_NAMES:
        raise ValueError
    is_opaque = CLASS_NAMES[class_id] == "opaque"
    parts, position = [], 24
    if not is_opaque:  # opaque elements have no dimensions: name, system and class follow the flags
        _, position = _subelement(content, position, byte_order)
    for _ in range(3 if is_opaque else 1):
        part, position = _subelement(content, position, byte_order)
        parts.append(part.decode("latin-1").rstrip("\0"))
    class_name = parts[2] if is_opaque else CLASS_NAMES[class_id]
    is_logical = bool(flags & 0x0200) and not is_opaque
    return Element(raw, parts[0], class_id, bool(flags & 0x0800), is_logical, "logical" if is_logical else class_name)


def _subelement(content: bytes, position: int, byte_order: str) -> tuple[bytes, int]:
    """Data of the subelement at `position`, normal or small format, and the position after its padding."""
    word = struct.unpack_from(byte_order + "I", content, position)[0]
    if word >> 16:  # small format: size and type share one word, data in the next
        size, start, end = word >> 16, position + 4, position + 8
    else:
        size = struct.unpack_from(byte_order + "I", content, position + 4)[0]
        start = position + 8
        end = start + (size + 7) // 8 * 8
    if start + size > len(content):
        raise ValueError
    return content[start : start + size], end


def _truncated(source: str, expected: int, actual: int) -> MatFileError:
    return MatFileError(f"{source} is truncated: {actual} bytes, expected at least {expected}")

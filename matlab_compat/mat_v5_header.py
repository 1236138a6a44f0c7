"""What MAT v5/v7 arrays begin with: flags, dimensions, name, field names (MathWorks, "MAT-File Format", section 1)."""

import struct
from dataclasses import dataclass

from rate2spike.matlab_compat.values import NUMERIC_CLASSES, Damage, UnknownForm

MI_MATRIX, MI_UTF8, MI_UTF16, MI_UTF32 = 14, 16, 17, 18
STORAGE = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXT_STORAGE = STORAGE | {1: "u1", MI_UTF8: "u1", MI_UTF16: "u2", MI_UTF32: "u4"}  # no character is negative
CLASS_NAMES = {
    1: "cell",
    2: "struct",
    3: "object",
    4: "char",
    5: "sparse",
    6: "double",
    7: "single",
    8: "int8",
    9: "uint8",
    10: "int16",
    11: "uint16",
    12: "int32",
    13: "uint32",
    14: "int64",
    15: "uint64",
    16: "function_handle",
    17: "opaque",
}
COMPLEX_FLAG, LOGICAL_FLAG = 0x0800, 0x0200
_MAX_ELEMENTS = 2**58  # of a NumPy array, at least


@dataclass(frozen=True)
class ArrayHeader:
    """What the first subelements of a matrix say. `end`: where its data begins."""

    name: str
    class_id: int
    is_complex: bool
    is_logical: bool
    class_name: str
    shape: tuple[int, ...]  # (): an opaque element does not say
    end: int


def matrix_content(data: memoryview, position: int, byte_order: str) -> tuple[memoryview, int]:
    """Content of the miMATRIX element at `position` (without tag), and its declared end. Raises Damage.

    The declared end may lie beyond the data, and text and containers may end before it: GNU Octave declares some char
    matrices, and the containers around them, four bytes too long. What is missing shows when the content is read.
    """
    if position + 8 > len(data):
        raise Damage("ends within an element")
    kind, size = struct.unpack_from(byte_order + "II", data, position)
    if kind != MI_MATRIX:
        raise UnknownForm(f"expected a matrix, found element type {kind}")
    return data[position + 8 : position + 8 + size], position + 8 + size


def has_more_than_one_part(content_head: memoryview, header: ArrayHeader, size: int, byte_order: str) -> bool:
    """Whether data follows the first data element: in a logical array that means it is sparse (GNU Octave)."""
    if header.end + 8 > size:
        return False
    word = struct.unpack_from(byte_order + "I", content_head, header.end)[0]
    if word >> 16:
        return header.end + 8 < size
    first = struct.unpack_from(byte_order + "I", content_head, header.end + 4)[0]
    return header.end + 8 + (first + 7) // 8 * 8 < size


def array_header(content: memoryview, byte_order: str) -> ArrayHeader:
    """Flags, dimensions and name of a matrix from its content (without tag). Raises Damage."""
    kind, flags_bytes, position = subelement(content, 0, byte_order)
    if kind != 6 or len(flags_bytes) < 8:
        raise Damage("unreadable array flags")
    flags = struct.unpack_from(byte_order + "I", flags_bytes)[0]
    class_id = flags & 0xFF
    class_name = CLASS_NAMES.get(class_id, f"unknown ({class_id})")
    is_opaque = class_name == "opaque"
    shape: tuple[int, ...] = ()
    if not is_opaque:  # opaque elements have no dimensions: name, system and class follow the flags
        kind, dims, position = subelement(content, position, byte_order)
        if kind not in (5, 6) or len(dims) % 4 or len(dims) < 8:
            raise Damage("unreadable dimensions")
        shape = struct.unpack(f"{byte_order}{len(dims) // 4}i", dims)
        if min(shape) < 0:
            raise Damage(f"negative dimension in {shape}")
        if (
            n_elements(tuple(max(extent, 1) for extent in shape)) > _MAX_ELEMENTS
        ):  # also of an empty array: NumPy's limit
            raise Damage(f"impossible dimensions {' x '.join(map(str, shape))}")
    texts = []
    for _ in range(3 if is_opaque else 1):
        _, text, position = subelement(content, position, byte_order)
        texts.append(bytes(text).decode("latin-1").rstrip("\0"))
    if class_name == "object":
        class_name = bytes(subelement(content, position, byte_order)[1]).decode("latin-1").rstrip("\0")
    is_logical = bool(flags & LOGICAL_FLAG) and class_name in ("sparse", *NUMERIC_CLASSES)
    is_full_logical = is_logical and class_name != "sparse"
    shown = texts[2] if is_opaque else "logical" if is_full_logical else class_name
    return ArrayHeader(texts[0], class_id, bool(flags & COMPLEX_FLAG), is_logical, shown, shape, position)


def subelement(data: memoryview, position: int, byte_order: str) -> tuple[int, memoryview, int]:
    """Type and data of the subelement at `position`, normal or small format, and the position after its padding."""
    if position + 4 > len(data):
        raise Damage("ends within an element")
    word = struct.unpack_from(byte_order + "I", data, position)[0]
    if word >> 16:  # small format: size and type share one word, data in the next
        kind, size, start, end = word & 0xFFFF, word >> 16, position + 4, position + 8
        if size > 4:
            raise Damage("unreadable element tag")
    elif position + 8 > len(data):
        raise Damage("ends within an element")
    else:
        kind, size = word, struct.unpack_from(byte_order + "I", data, position + 4)[0]
        start = position + 8
        end = start + (size if kind == MI_MATRIX else (size + 7) // 8 * 8)
    if start + size > len(data):
        raise Damage(f"an element of {size} bytes does not fit into the {max(len(data) - start, 0)} left")
    return kind, data[start : start + size], end


def n_elements(shape: tuple[int, ...]) -> int:
    """Product of the dimensions, exact."""
    count = 1
    for extent in shape:
        count *= extent
    return count


def field_names(content: memoryview, position: int, byte_order: str) -> tuple[list[str], int]:
    """Field names of a struct, and the position after them. Raises Damage."""
    _, length_bytes, position = subelement(content, position, byte_order)
    if len(length_bytes) != 4:
        raise UnknownForm("unreadable length of field names")
    length = struct.unpack(byte_order + "i", length_bytes)[0]
    _, data, position = subelement(content, position, byte_order)
    if not len(data):  # a struct without fields, whatever the length
        return [], position
    if length < 1 or len(data) % length:
        raise UnknownForm("unreadable field names")
    raw = bytes(data)
    names = [raw[k : k + length].split(b"\0")[0].decode("latin-1") for k in range(0, len(raw), length)]
    return _told_apart(names), position


def _told_apart(names: list[str]) -> list[str]:
    """Names that differ: some programs write a field name twice, or none; NumPy has no fields alike."""
    result: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        wanted, copy = name or f"field_{number}", 1
        while (new := wanted if copy == 1 else f"{wanted[:58]}_{copy}") in result or (copy > 1 and new in names):
            copy += 1
        result[new] = None
    return list(result)

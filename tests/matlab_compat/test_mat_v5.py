"""Top-level elements: names, classes, byte-exact splicing, truncation at every byte."""

import io
import struct

import numpy as np
import pytest
import scipy.io

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat import mat_v5


def file_bytes(compress=False, **variables):
    stream = io.BytesIO()
    scipy.io.savemat(stream, variables, do_compression=compress)
    return stream.getvalue()


VARIABLES = dict(a=np.arange(6.0).reshape(2, 3), long_name_of_a_logical=np.array([[True, False]]), s="text", z=1 + 2j)


@pytest.mark.parametrize("compress", [False, True])
def test_elements_are_named_and_add_up_to_the_file(compress):
    data = file_bytes(compress, **VARIABLES)
    file = mat_v5.parse(data, "f.mat")
    assert [e.name for e in file.elements] == list(VARIABLES)
    assert [e.header.class_name for e in file.elements] == ["double", "logical", "char", "double"]
    assert [e.header.is_complex for e in file.elements] == [False, False, False, True]
    assert file.header + b"".join(e.raw for e in file.elements) == data


@pytest.mark.parametrize("compress", [False, True])
def test_truncation_at_any_byte_is_an_error_or_a_shorter_list(compress):
    data = file_bytes(compress, **VARIABLES)
    whole = mat_v5.parse(data, "f.mat")
    ends = np.cumsum([128, *(len(e.raw) for e in whole.elements)])
    for size in range(len(data)):
        if size in ends:
            assert len(mat_v5.parse(data[:size], "f.mat").elements) < len(whole.elements)
        else:
            with pytest.raises(MatFileError, match=r"f\.mat.*(truncated|not a MAT file)"):
                mat_v5.parse(data[:size], "f.mat")


def test_subsystem_block_stays_last_and_its_offset_is_rewritten():
    body = file_bytes(a=1.0, b=2.0, c=3.0)
    parsed = mat_v5.parse(body, "f.mat")
    subsystem = parsed.elements[2].raw  # any element serves: only its place in the file counts
    header = bytearray(body[:128])
    header[116:124] = struct.pack("<Q", len(body) - len(subsystem))
    file = mat_v5.parse(bytes(header) + body[128:], "f.mat")
    assert file.subsystem_index == 2

    new = file_bytes(d=4.0)[128:]
    spliced = mat_v5.splice(file, new, {"a"})
    again = mat_v5.parse(spliced, "f.mat")
    assert [e.name for e in again.elements] == ["b", "d", "c"]
    assert again.subsystem_index == 2
    assert spliced.endswith(subsystem)

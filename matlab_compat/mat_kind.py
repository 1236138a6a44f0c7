"""Which MAT format a file has, by its first bytes, and what it is instead if it has none, which SciPy does not say."""

import os

from rate2spike.errors import MatFileError
from rate2spike.matlab_compat import mat_v4, mat_v73

_START_BYTES = 4096
_OTHER_KINDS = {
    b"\x1f\x8b": "packed by gzip, as GNU Octave's save -zip does: save it there with save('-v7', ...)",
    b"PK": "a zip archive (a network of Keras, or files of NumPy?)",
    b"\x93NUMPY": "an array of NumPy: numpy.load reads it",
}


def format_of(path: str | os.PathLike) -> str:
    """ "4", "5" (which includes 7) or "7.3". Raises MatFileError for another file."""
    try:
        with open(path, "rb") as file:
            start = file.read(_START_BYTES)
    except OSError as error:
        raise MatFileError(f"cannot read {path}: {error.strerror or error}") from None
    if mat_v73.is_mat_v73(start):
        return "7.3"
    if start[126:128] in (b"IM", b"MI"):
        if start.startswith(b"MATLAB 7.3"):
            raise MatFileError(f"{path} is truncated or damaged: a MAT v7.3 header without HDF5 content")
        return "5"
    if mat_v4.is_mat_v4(start):
        return "4"
    if start.startswith((b"# Created by Octave", b"Octave-1")):
        raise MatFileError(f"{path} is in GNU Octave's own format: save it there with save('-v7', ...)")
    known = next((what for start_of, what in _OTHER_KINDS.items() if start.startswith(start_of)), None)
    if known:
        raise MatFileError(f"{path} is not a MAT file, but {known}")
    raise MatFileError(f"{path} is not a MAT file, or is truncated within its header ({len(start)} bytes read)")

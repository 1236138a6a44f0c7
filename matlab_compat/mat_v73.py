"""MAT v7.3 files: HDF5 in MATLAB's layout (`mat_v73_read`, `mat_v73_write`), and how to tell one.

h5py knows nothing of the layout: dimensions run backwards, the class stands in the attribute MATLAB_class, text is uint16
and logical uint8 (MATLAB_int_decode), an empty array holds its dimensions instead (MATLAB_empty), cells and struct arrays
hold references into the group #refs#, and 512 bytes of user block carry the MAT header. hdf5storage (0.2) knows it, but
cannot write sparse arrays and reads them as structs; it serves the tests as a second opinion.
"""

USER_BLOCK_BYTES = 512
HIDDEN = ("#refs#", "#subsystem#")  # not variables
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_mat_v73(start: bytes) -> bool:
    """Whether a file that begins with these bytes (4 KiB suffice) is HDF5."""
    return any(start[offset : offset + 8] == _SIGNATURE for offset in (0, 512, 1024, 2048))


def first_line(error: BaseException) -> str:
    """What of h5py's message a user can use."""
    return (str(error).splitlines() or [type(error).__name__])[0]

"""Errors whose message is one line for the user: what was wrong, what was expected, which file or flag."""


class InputError(ValueError):
    """A value, flag or file that cannot be used; commands print the message and exit with code 2."""


class MatFileError(InputError):
    """A MAT file that cannot be read or written."""


class ModelFileError(InputError):
    """A MAT file that is readable but holds no usable model."""

"""Where libraries keep what can be made again (compiled code, lists of fonts), if the home folder cannot be written.

Containers and service accounts often have none. Imported with the package, before any of those libraries.
"""

import os

temporary: str | None = None  # the folder in place of the home folder's, if this process chose one


def provide() -> None:
    """Where the usual place cannot be written, name one below the temporary folder in the environment."""
    global temporary
    if os.name == "nt":
        return
    config_home = os.environ.get("XDG_CONFIG_HOME", "~/.config")
    places = {
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", "~/.cache"),  # Numba, fontconfig
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", f"{config_home}/matplotlib"),
        "KERAS_HOME": os.environ.get("KERAS_HOME", "~/.keras"),
    }
    useless = [name for name, place in places.items() if not _can_be_written(place)]
    temporary = _private_folder() if useless else None
    if temporary is not None:
        os.environ.update({name: os.path.join(temporary, name.lower()) for name in useless})


def _can_be_written(place: str) -> bool:
    """Whether this is a folder that files can be made in, or can be made one."""
    path = os.path.expanduser(place)
    if not os.path.isabs(path):  # a user without a home: "~" stays as it is
        return False
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)


def _private_folder() -> str | None:
    """A folder that this user alone can read and write: what is kept there is run. None if there cannot be one."""
    import stat
    import tempfile

    try:
        folder = os.path.join(tempfile.gettempdir(), f"rate2spike-{os.getuid()}")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError:
        return None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if is_ours and _can_be_written(folder) else None

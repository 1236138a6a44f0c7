"""Who made a simulation, where, and in which words: what an NWB file holds that no record knows."""

import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import each_name, shown
from rate2spike.errors import InputError
from rate2spike.plausible import warn_caller
from rate2spike.readable import Readable

KEYWORDS = ("simulation", "spiking neural network", "recurrent neural network")
_NAME = r"[\w\s\-.']+,\s+[\w\s\-.']+"  # what the DANDI archive takes


@public()
@dataclass(frozen=True, repr=False)
class NWBSession(Readable):
    """What only the people behind a simulation know, under NWB's names; None leaves it out, or to us.

    Parameters
    ----------
    session_description, experiment_description : str, default None
        None: what was simulated; in the second with seeds, scaling factor and version.
    experimenter : str or several, default ()
        'Last, First' each.
    institution, lab : str, default None
    keywords : tuple of str, default ('simulation', 'spiking neural network', 'recurrent neural network')
    session_id : str, default None
        Without slashes.
    subject_id : str, default 'simulated'
        Without slashes.
    subject_description : str, default None
        None: that it is a simulation, and of what.

    Raises
    ------
    InputError
        For an id with a slash.

    Examples
    --------
    >>> NWBSession(experimenter="Doe, Jane", institution="Institute of Examples")
    NWBSession(experimenter=('Doe, Jane',), institution='Institute of Examples', keywords=('simulation',
    'spiking neural network', 'recurrent neural network'), subject_id='simulated')
    """

    session_description: str | None = None  # None: what was simulated
    experiment_description: str | None = None  # None: what was simulated, with which seeds and version
    experimenter: tuple[str, ...] = ()  # 'Last, First' each
    institution: str | None = None
    lab: str | None = None
    keywords: tuple[str, ...] = KEYWORDS
    session_id: str | None = None
    subject_id: str = "simulated"
    subject_description: str | None = None  # None: that it is a simulation, and of what

    def __post_init__(self) -> None:
        for name in ("session_id", "subject_id"):
            value = getattr(self, name)
            if value == "" or (isinstance(value, str) and re.search(r"[/\\]", value)):
                raise InputError(f"{name} must be a name without slashes, got {getattr(self, name)!r}")
        for item in fields(self):
            value = getattr(self, item.name)
            texts = value if isinstance(value, tuple | list) else (value,)
            wrong = [one for one in texts if not isinstance(one, str | None)]
            if wrong:
                raise InputError(f"{item.name} must be text, got {shown(wrong[0])}", item.name)
        for several in ("experimenter", "keywords"):
            object.__setattr__(self, several, each_name(getattr(self, several)))
        for name in self.experimenter:
            if not re.fullmatch(_NAME, name):
                warn_caller(f"the DANDI archive takes experimenters as 'Last, First', not {name!r}")


def check_session(session: Any, start: Any) -> None:
    """Raise InputError for what is no session, and for a start without a time zone."""
    if not isinstance(session, NWBSession):
        raise InputError(f"{{session}} must be an NWBSession, got {shown(session)}", "session")
    if not isinstance(start, datetime) or start.tzinfo is None:
        raise InputError(
            f"{{session_start_time}} must be a datetime with a time zone, got {shown(start)}", "session_start_time"
        )

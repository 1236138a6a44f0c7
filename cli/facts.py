"""Results in words: a line per result, told by commands and by nothing else."""

from collections.abc import Mapping
from typing import Any

from rate2spike.cli.columns import fact

_MOST_SHOWN = 12  # numbers of a result in words; the table and --json have all
_WIDEST_NAME = 44  # letters before the results


def facts(found: Mapping[str, Any]) -> list[str]:
    """A line per result; none of those without a value, as of a list that is empty."""
    from rate2spike.readable import in_words

    named = {in_words(name): text for name, value in found.items() if (text := _in_words(value))}
    column = 4 + min(max(map(len, named), default=0), _WIDEST_NAME)
    return [fact(name, text, column) for name, text in named.items()]


def _in_words(value: Any) -> str:
    """A result: of several numbers each one, as long as they can be read; of several named ones, names and numbers."""
    import numpy as np

    from rate2spike.readable import brief, in_words

    if isinstance(value, Mapping):
        texts = {in_words(str(name)): _in_words(one) for name, one in value.items()}
        nests = any(isinstance(one, Mapping) for one in value.values())
        return "; ".join(f"{name} ({text})" if nests else f"{name}: {text}" for name, text in texts.items())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple) and len(value) <= _MOST_SHOWN:
        return ", ".join(_in_words(one) for one in value)
    return value if isinstance(value, str) else brief(value)

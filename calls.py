"""Functions and classes that users call: a call that does not fit is said in one line, `help()` shows the real settings.

    @public(settings=TrainConfig)
    def train(task="go-nogo", **settings): ...

`settings` are those of a record (`rate2spike.options`): they take the place of `**settings` in the signature, and the
docstring lists them with their defaults.
"""

import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from rate2spike.errors import InputError, nearest
from rate2spike.options import Option, default_of, options_of

Called = TypeVar("Called", bound=Callable[..., Any])

# names that other tools, or our own flags, have for a thing
SYNONYMS = {
    "units": "n_units",
    "hidden": "n_units",
    "n": "n_units",
    "lr": "learning_rate",
    "trials": "n_trials",
    "epochs": "n_updates",
    "n_trials": "n_updates",
    "factors": "scaling_factors",
    "threads": "n_threads",
    "workers": "n_workers",
    "callback": "progress",
    "verbose": "progress",
    "variable_names": "names",  # these three are SciPy's
    "squeeze_me": "simplify",
    "do_compression": "compress",
}


class CallError(InputError, TypeError):
    """A call with arguments that are not there, too many, or missing."""


class Elsewhere:
    """A default that is decided elsewhere, as a signature and `help()` show it: in words."""

    def __init__(self, words: str):
        self._words = words

    def __repr__(self) -> str:
        return self._words


def public(
    *, settings: type | None = None, elsewhere: Mapping[str, str] | None = None, hint: str = ""
) -> Callable[[Called], Called]:
    """Decorator of a function or class: a call that does not fit raises CallError, one line with what was expected.

    settings: the record whose fields `**settings` takes. elsewhere: those of them whose default is not the record's, with
    what decides it, in words. hint: what to write instead of names that resemble none; of a class, whatever is wrong.
    """

    def decorated(called: Called) -> Called:
        if inspect.isclass(called):
            made = called.__init__
            checking = _checking(made, called.__name__, inspect.signature(made), _flags(called), hint)
            if is_dataclass(called) and options_of(called):
                called.__doc__ = f"{inspect.getdoc(called)}\n\n{settings_text(called, inspect.signature(made))}"
            checking.__signature__ = inspect.signature(made)  # Keras does not look through wrappers
            type.__setattr__(called, "__init__", checking)
            return called
        signature = inspect.signature(called)
        if settings is not None:
            signature = _with_settings(signature, settings, elsewhere or {})
            called.__doc__ = f"{inspect.cleandoc(called.__doc__ or '')}\n\n{settings_text(settings, signature)}"
        checking = _checking(called, called.__name__, signature, _flags(settings) if settings else {}, hint)
        checking.__signature__ = signature
        return checking

    return decorated


def settings_text(settings: type, signature: inspect.Signature) -> str:
    """The settings of a record as the section `Other Parameters` of a docstring."""
    known = options_of(settings)
    entries = []
    for name, parameter in signature.parameters.items():
        if name in known:
            meaning = textwrap.indent(textwrap.fill(_meaning(known[name]), 110), "    ")
            entries.append(f"{name} : {_type_text(settings, name, parameter.default)}\n{meaning}")
    return "\n".join(["Other Parameters", "----------------", *entries])


def _checking(
    called: Callable[..., Any], who: str, signature: inspect.Signature, flags: dict[str, str], hint: str
) -> Any:
    making = hint if called.__name__ == "__init__" else ""

    @functools.wraps(called)
    def checking(*args: Any, **kwargs: Any) -> Any:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            problem = _unknown(kwargs, who, signature, flags, hint) or _in_words(str(error), who, signature, making)
        else:
            return called(*args, **kwargs)
        raise CallError(problem)

    return checking


def _unknown(given: Collection[str], who: str, signature: inspect.Signature, flags: dict[str, str], hint: str) -> str:
    """What is said of the first name that is not there, before anything else; '' if all are."""
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    if any(item.kind == item.VAR_KEYWORD for item in signature.parameters.values()):
        return ""
    for name in given:
        if name not in names:
            stem, _, unit = name.rpartition("_")
            with_unit = next((one for one in names if one.startswith(f"{name}_")), None)  # tau: tau_ms
            of_unit = [one for one in names if stem and one.startswith(f"{stem}_") and one.endswith(f"_{unit}")]
            other = SYNONYMS.get(name.lower(), name)
            # layers of Keras have `units`; tau_ms of several compartments: tau_soma_ms
            meant = flags.get(name), other, other.removeprefix("n_"), with_unit, *of_unit[:1]
            known = next((one for one in meant if one in names), None)
            near = f"; did you mean {known}?" if known else nearest(name, names)
            return f"{who}: unknown setting {name!r}{near or f'; {hint or _known(names)}'}"
    return ""


def _in_words(message: str, who: str, signature: inspect.Signature, hint: str) -> str:
    """What `inspect.Signature.bind` says, in our words."""
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    missing = re.search(r"missing a required (?:keyword-only )?argument: '(\w+)'", message)
    if missing:
        return f"{who}: {missing[1]} is missing; {hint or f'it takes {_listed(names)}'}"
    twice = re.search(r"multiple values for argument '(\w+)'", message)
    if twice:
        return f"{who}: {twice[1]} is given twice"
    positional = [n for n, p in signature.parameters.items() if p.kind == p.POSITIONAL_OR_KEYWORD and n in names]
    others = [name for name in names if name not in positional]
    rest = f"; write {others[0]}=... for the rest" if others else ", and nothing else"
    if hint:
        return f"{who}: {hint}"
    return f"{who}: {f'only {_listed(positional)}' if positional else 'nothing'} can be given without a name{rest}"


def _known(names: Collection[str]) -> str:
    return f"known are {_listed(names)}"


def _listed(names: Collection[str], most: int = 40) -> str:
    return ", ".join(list(names)[:most])


def _flags(settings: type) -> dict[str, str]:
    """Fields by the names of their historic flags: N is n_units."""
    found = options_of(settings) if hasattr(settings, "__dataclass_fields__") else {}
    return {known.flag.lstrip("-"): name for name, known in found.items() if known.flag}


def _with_settings(signature: inspect.Signature, settings: type, elsewhere: Mapping[str, str]) -> inspect.Signature:
    """The signature with the record's fields in the place of `**settings`."""
    own = [item for item in signature.parameters.values() if item.kind != item.VAR_KEYWORD]
    taken = {item.name for item in own}
    added = [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=Elsewhere(elsewhere[item.name]) if item.name in elsewhere else default_of(settings, item.name),
            annotation=item.type,
        )
        for item in fields(settings)
        if item.init and item.name not in taken and (item.default is not MISSING or item.default_factory is not MISSING)
    ]
    return signature.replace(parameters=[*own, *added])


def _type_text(settings: type, name: str, default: Any) -> str:
    """`int | None, default None: never`."""
    hint = next(item.type for item in fields(settings) if item.name == name)
    text = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", hint if isinstance(hint, str) else inspect.formatannotation(hint))
    if isinstance(default, Elsewhere):
        return f"{text}, default {default}"
    default = default_of(settings, name)
    words = options_of(settings)[name].default_text
    return f"{text}, default {default!r}" + (f": {words}" if words and default is None else "")


def _meaning(known: Option) -> str:
    choices = f": {', '.join(known.choices)}" if known.choices else ""
    there = " In Python the value itself." if known.from_file else ""
    return f"{known.help[:1].upper()}{known.help[1:]}{choices}.{there}"

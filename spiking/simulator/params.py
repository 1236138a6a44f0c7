"""Constants of the neurons, one record per kind. Every number may be common to all units or an array of one per unit."""

import inspect
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import choice, shown
from rate2spike.deprecated import warn_of_old_name
from rate2spike.errors import InputError, nearest
from rate2spike.plausible import Plausible, warn_if_implausible
from rate2spike.readable import Readable, same
from rate2spike.trained_model import STEP_S

STEPS_PER_COLUMN = 100  # published number of simulation steps per column of the (subsampled) input
PUBLISHED_STEP_S = STEP_S / STEPS_PER_COLUMN
SEARCHED_NETWORK = "search_network"  # r2s_search_network: what a search made its networks with, if not the default
NOISE_SCALINGS = ("per_step", "sqrt_dt")

PerUnit = float | np.ndarray  # one number, or (N,) numbers
Params = TypeVar("Params", bound="NeuronParams")

# what `help` says of the fields
_MEANING = {
    "tau_m_s": "Time constant of the membrane, s.",
    "t_ref_s": "Refractory period, s.",
    "tau_r_s": "Rise time of the synapses, s; 0 selects the single-exponential filter.",
    "v_reset_mv": "Voltage after a spike, mV.",
    "v_peak_mv": "Voltage at which a unit fires, mV.",
    "bias_mv": "Constant input (times the membrane's resistance), mV.",
    "noise_sd_mv": "SD of what is added to the voltage at every step of 0.05 ms, mV.",
    "noise_scaling": "'per_step': as published, whatever the step; 'sqrt_dt': physical, times sqrt(dt / 0.05 ms).",
    "adaptation_mv": "What a spike adds to the adaptation current, mV.",
    "tau_a_s": "Time constant of the adaptation current, s.",
    "v_threshold_mv": "Voltage from which on the upstroke begins (v_T), mV.",
    "slope_mv": "Sharpness of the upstroke (D), mV.",
}

# Outside of these a number is warned of. Wider than what is found in neurons, since models go further: units without a
# refractory period, a peak so high that no unit fires, a bias that holds units silent.
_VOLTAGE = Plausible(-150, 1000, "mV", least=1.0)
_BIAS = Plausible(-500, 1000, "mV", least=1.0)
PLAUSIBLE: Mapping[str, Plausible] = {
    "tau_m_s": Plausible(0.0005, 0.2, "s"),
    "t_ref_s": Plausible(0, 0.1, "s", least=1e-5),
    "tau_r_s": Plausible(0, 0.1, "s", least=1e-5),
    "v_reset_mv": _VOLTAGE,
    "v_peak_mv": _VOLTAGE,
    "v_threshold_mv": _VOLTAGE,
    "bias_mv": _BIAS,
    "noise_sd_mv": Plausible(0, 50, "mV", least=1e-3),
    "adaptation_mv": Plausible(0, 100, "mV", least=1e-3),
    "tau_a_s": Plausible(0.001, 10, "s"),
    "slope_mv": Plausible(0.05, 50, "mV"),
}


def _described(kind: type[Params]) -> type[Params]:
    """Decorator: list the fields in the docstring, with units and defaults, and answer wrong calls in one line."""
    entries = [
        f"{item.name} : {'str' if item.name == 'noise_scaling' else 'float or (N,) array'}, default {item.default!r}\n"
        f"    {_MEANING[item.name]}"
        for item in fields(kind)
    ]
    errors = "InputError\n    For a number that makes no sense. A number that is probably in another unit is warned of."
    text = inspect.cleandoc(kind.__doc__ or "")
    about, _, example = text.partition("Examples\n--------\n")
    parts = [about.strip(), "Parameters\n----------\n" + "\n".join(entries), f"Raises\n------\n{errors}"]
    kind.__doc__ = "\n\n".join([*parts, f"Examples\n--------\n{example}"] if example else parts)
    return public()(kind)


@dataclass(frozen=True, eq=False, repr=False)
class NeuronParams(Readable):
    """What all kinds have; defaults as published (Kim, Li & Sejnowski 2019, Methods).

    Equal by value, hashable. Raises InputError; warns of a number that is probably in another unit (`PLAUSIBLE`).
    """

    kind: ClassVar[str]
    _MINIMA: ClassVar[Mapping[str, float]] = {"t_ref_s": 0, "tau_r_s": 0, "noise_sd_mv": 0}
    _ABOVE_ZERO: ClassVar[tuple[str, ...]] = ("tau_m_s",)
    _PLAUSIBLE: ClassVar[Mapping[str, Plausible]] = PLAUSIBLE

    tau_m_s: PerUnit = 0.010  # membrane
    t_ref_s: PerUnit = 0.002  # refractory period
    tau_r_s: PerUnit = 0.002  # synaptic rise; 0 selects the single-exponential filter
    v_reset_mv: PerUnit = -65.0
    v_peak_mv: PerUnit = -40.0  # a spike
    bias_mv: PerUnit = -40.0  # constant input
    noise_sd_mv: PerUnit = 0.1  # added to the voltage at every step of 0.05 ms
    noise_scaling: str = "per_step"  # as published, whatever the step; 'sqrt_dt': physical, times sqrt(dt / 0.05 ms)

    def __post_init__(self) -> None:
        for name in self.numbers():
            object.__setattr__(self, name, _number(name, getattr(self, name)))
            value = np.asarray(getattr(self, name))
            if name in self._MINIMA and (value < self._MINIMA[name]).any():
                raise InputError(f"{name} must be at least {self._MINIMA[name]:g}, got {value.min():g}")
            if name in self._ABOVE_ZERO and (value <= 0).any():
                raise InputError(f"{name} must be above 0, got {value.min():g}")
        scaling = choice(self.noise_scaling, "noise scaling", "noise_scaling", NOISE_SCALINGS)
        object.__setattr__(self, "noise_scaling", scaling)
        self.warn_of_units(self.numbers())
        if (np.asarray(self.v_reset_mv) >= np.asarray(self.v_peak_mv)).any():
            raise InputError("v_reset_mv must be below v_peak_mv")

    def summary(self) -> dict[str, Any]:
        """What differs from the kind's defaults, as it would be typed."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if not same(getattr(self, item.name), item.default)
        }

    def __hash__(self) -> int:  # type: ignore[override]  # other records hold arrays
        values = [getattr(self, item.name) for item in fields(self)]
        return hash((self.kind, *(tuple(v.tolist()) if isinstance(v, np.ndarray) else v for v in values)))

    def warn_of_units(self, names: Iterable[str]) -> None:
        """Warn of those of these fields whose numbers are probably in another unit."""
        for name in names:
            warn_if_implausible(name, getattr(self, name), self._PLAUSIBLE[name])

    @classmethod
    def numbers(cls) -> tuple[str, ...]:
        """Names of the fields that hold numbers."""
        return tuple(field.name for field in fields(cls) if field.name != "noise_scaling")

    def per_unit(self, name: str, n_units: int) -> np.ndarray:
        """(N,) float64 values of a field. Raises InputError for another number of units."""
        value = np.asarray(getattr(self, name), dtype=np.float64)
        if value.ndim and value.size != n_units:
            raise InputError(f"{name} holds {value.size} numbers, the network has {n_units} units")
        return np.broadcast_to(value, n_units).copy()

    def noise_per_step_mv(self, n_units: int, dt_s: float) -> np.ndarray:
        """(N,) SD of what a step of dt_s adds to the voltage."""
        sd = self.per_unit("noise_sd_mv", n_units)
        return sd * np.sqrt(dt_s / PUBLISHED_STEP_S) if self.noise_scaling == "sqrt_dt" else sd

    def as_settings(self) -> dict[str, Any]:
        """Plain values for files: kind, and every field that is not the default."""
        given = {name: np.asarray(getattr(self, name)).tolist() for name in self.numbers()}
        given["noise_scaling"] = self.noise_scaling
        defaults = {field.name: field.default for field in fields(self)}
        return {"kind": self.kind} | {name: value for name, value in given.items() if value != defaults[name]}


@_described
@dataclass(frozen=True, eq=False, repr=False)
class LIFParams(NeuronParams):
    """Leaky integrate-and-fire neurons: tau_m dv/dt = -v + I, as published (Kim, Li & Sejnowski 2019, Methods).

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.LIFParams(t_ref_s=0.005)
    LIFParams(t_ref_s=0.005)
    >>> r2s.LIFParams(t_ref_s=0.005) == r2s.LIFParams()
    False
    """

    kind = "lif"


@_described
@dataclass(frozen=True, eq=False, repr=False)
class QIFParams(NeuronParams):
    """Quadratic neurons: tau_m dv/dt = v^2 + I, v in mV, with the published peak and bias (Kim et al. 2019, Fig. S7).

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.QIFParams().v_peak_mv
    30.0
    """

    kind = "qif"
    _PLAUSIBLE: ClassVar[Mapping[str, Plausible]] = {
        **PLAUSIBLE,
        "bias_mv": _BIAS._replace(least=0.0),
    }  # its threshold is a bias of 0
    v_peak_mv: PerUnit = 30.0
    bias_mv: PerUnit = 0.0


@_described
@dataclass(frozen=True, eq=False, repr=False)
class AdLIFParams(NeuronParams):
    """Adaptive LIF neurons: tau_m dv/dt = -v + I - a; tau_a da/dt = -a; a grows by `adaptation_mv` at each spike.

    The adaptation is a current; that of the trainable layer `ALIF` is of the threshold. A unit that fires f spikes per second
    loses adaptation_mv tau_a_s f of its input, here 0.05 mV per Hz. tau_a: 100 ms, of the order of the medium
    afterhyperpolarisation of cortical pyramidal cells.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.AdLIFParams(adaptation_mv=1.5)
    AdLIFParams(adaptation_mv=1.5)
    """

    kind = "adlif"
    _MINIMA: ClassVar[Mapping[str, float]] = {**NeuronParams._MINIMA, "adaptation_mv": 0}
    _ABOVE_ZERO = ("tau_m_s", "tau_a_s")
    adaptation_mv: PerUnit = 0.5
    tau_a_s: PerUnit = 0.1


@_described
@dataclass(frozen=True, eq=False, repr=False)
class EIFParams(NeuronParams):
    """Exponential neurons: tau_m dv/dt = -v + D exp((v - v_T) / D) + I, D = slope_mv (Fourcaud-Trocme et al. 2003).

    The bias is v_T as the LIF's is its threshold, D above the rheobase v_T - D; v_peak only ends the upstroke.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.EIFParams(slope_mv=1.5)
    EIFParams(slope_mv=1.5)
    """

    kind = "eif"
    _ABOVE_ZERO = ("tau_m_s", "slope_mv")
    v_peak_mv: PerUnit = -20.0
    v_threshold_mv: PerUnit = -40.0
    slope_mv: PerUnit = 2.0


NEURONS: Mapping[str, type[NeuronParams]] = {c.kind: c for c in (LIFParams, QIFParams, AdLIFParams, EIFParams)}
OLD_KINDS = {"alif": "adlif"}  # names of an earlier version


def neuron_params(kind: str, **values: Any) -> NeuronParams:
    """The constants of a kind by name ('lif', 'qif', 'adlif', 'eif'), some changed. Raises InputError."""
    if present_kind(kind) != kind:
        warn_of_old_name(f"neuron {kind!r}", repr(OLD_KINDS[kind]))
    kind = choice(present_kind(kind), "neuron", "neuron", NEURONS)
    known = [field.name for field in fields(NEURONS[kind])]
    unknown = [name for name in values if name not in known]
    if unknown:
        hint = nearest(unknown[0], known)
        raise InputError(f"{kind} neurons have no {unknown[0]!r}: choose from {', '.join(known)}{hint}")
    return NEURONS[kind](**values)


def present_kind(kind: Any) -> Any:
    """The name that a kind has now, of one that may be from a file of an earlier version; None, if it is None."""
    return OLD_KINDS.get(kind, kind) if isinstance(kind, str) else kind


def stored_neuron(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Kind and constants that a model's settings hold, as `as_settings` gives them; 'lif' and none if they hold none.

    Raises InputError.
    """
    text = settings.get("neuron")
    if text is None:
        return "lif", {}
    try:
        values = json.loads(text)
        return present_kind(str(values.pop("kind"))), dict(values)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise InputError(f"the model's neuron constants (r2s_neuron) cannot be read: {str(text)[:60]!r}") from None


def checked_params(params: Any) -> NeuronParams:
    """The constants of neurons. Raises InputError for what is none."""
    if not isinstance(params, NeuronParams):
        names = ", ".join(f"{one.__name__}()" for one in NEURONS.values())
        raise InputError(f"{{params}} must be constants of neurons ({names}), got {shown(params)}", "params")
    return params


def __getattr__(name: str) -> Any:
    if name == "ALIFParams":
        warn_of_old_name("ALIFParams", "AdLIFParams")
        return AdLIFParams
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _number(name: str, value: Any) -> PerUnit:
    """A float, or a finite (N,) float64 array of its own."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number or one per unit, got {value!r}") from None
    if array.ndim > 1 or array.size == 0:
        raise InputError(f"{name} must be a number or one per unit, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite, got {array[~np.isfinite(array)][0] if array.ndim else array.item()}")
    return array if array.ndim else array.item()

"""Principal components of dendritic voltages, which a network learns in the place of hundreds of segments."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import as_array, shown, whole_number
from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable
from rate2spike.spiking.twin_data.voltage_covariance import voltage_covariance

MOST_MV = 2.0  # higher voltages count as this: back-propagating and calcium spikes would fill the first components
MOST_SD = 3.0  # of a component that is to be learnt


@public()
@dataclass(frozen=True, eq=False, repr=False)
class DendriticPCA(Readable):
    """A projection of dendritic voltages to whitened principal components. Made by `DendriticPCA.fit`.

    Parameters
    ----------
    mean_mv : (n_segments,) float64 array
        Mean voltage of every segment, clipped at 2 mV.
    components : (n_components, n_segments) float64 array
        Directions of unit length; the largest entry of each is positive.
    variances_mv2 : (n_components,) float64 array
        Variances along them, falling.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.neuron_as_net.dendritic_pca import DendriticPCA
    >>> voltages = np.random.default_rng(0).normal(-70, 3, (5, 1000))
    >>> pca = DendriticPCA.fit([voltages], n_components=2)
    >>> pca
    DendriticPCA(n_components=2, n_segments=5)
    >>> pca.targets(voltages).shape
    (1000, 2)
    """

    shown = ("n_components", "n_segments")

    mean_mv: np.ndarray
    components: np.ndarray
    variances_mv2: np.ndarray

    @property
    def n_components(self) -> int:
        """Number of components."""
        return self.components.shape[0]

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return self.components.shape[1]

    @classmethod
    @one_blas_thread()
    def fit(cls, voltages_mv: Iterable[np.ndarray], n_components: int = 20) -> "DendriticPCA":
        """The components of voltages.

        Parameters
        ----------
        voltages_mv : iterable of (n_segments, T) arrays
            Dendritic voltages of one simulation after the other, such as `CellRecording.v_dendrites_mv`.
        n_components : int, default 20
            How many; at most as many as segments.

        Returns
        -------
        DendriticPCA

        Raises
        ------
        InputError
            For voltages that are no finite matrices of one number of segments, for fewer samples or segments than components,
            and for voltages that do not vary in as many directions.
        """
        n_components = whole_number(n_components, "{n_components}", "n_components")
        found = voltage_covariance(_clipped_matrices(voltages_mv))
        n_segments, n_samples = found.mean_mv.size, found.n_samples
        if n_components > min(n_segments, n_samples):
            raise InputError(
                f"{{n_components}} must be at most the number of segments and of samples, {n_segments} and {n_samples}; got "
                f"{n_components}",
                "n_components",
            )
        variances, vectors = np.linalg.eigh(found.covariance_mv2)
        variances, components = variances[::-1][:n_components], vectors[:, ::-1][:, :n_components].T
        if not variances[-1] > 1e-10 * max(variances[0], 1e-10):
            raise InputError(f"the voltages do not vary in {{n_components}} {n_components} directions", "n_components")
        largest = np.abs(components).argmax(1)
        signs = np.sign(components[np.arange(n_components), largest])
        return cls(found.mean_mv, components * signs[:, None], variances)

    @one_blas_thread()
    def project(self, voltages_mv: Any) -> np.ndarray:
        """(T, n_components) float64: components in standard deviations, of voltages (n_segments, T). Raises InputError."""
        v = _clipped(voltages_mv)
        if len(v) != self.n_segments:
            raise InputError(f"{{voltages_mv}} must be of {self.n_segments} segments, got {len(v)}", "voltages_mv")
        return (v - self.mean_mv[:, None]).T @ self.components.T / np.sqrt(self.variances_mv2)

    def targets(self, voltages_mv: Any) -> np.ndarray:
        """(T, n_components) float32: the same, clipped at 3 standard deviations, as a network learns it."""
        return self.project(voltages_mv).clip(-MOST_SD, MOST_SD).astype(np.float32)

    @one_blas_thread()
    def voltages_mv(self, projected: Any) -> np.ndarray:
        """(n_segments, T) float64: what segments' voltages are for components (T, n_components)."""
        scaled = np.asarray(projected, float) * np.sqrt(self.variances_mv2)
        return (scaled @ self.components + self.mean_mv).T

    def to_json(self) -> str:
        """As it is saved beside a network: all digits."""
        return json.dumps({name: value.tolist() for name, value in asdict(self).items()})

    @classmethod
    def from_json(cls, text: str) -> "DendriticPCA":
        """From what `to_json` gave. Raises InputError."""
        try:
            found = cls(**{name: np.array(value, float) for name, value in json.loads(text).items()})
        except (ValueError, TypeError, AttributeError):
            raise InputError("this is no saved DendriticPCA") from None
        if found.components.ndim != 2 or not found.components.size:
            raise InputError("this is no saved DendriticPCA: its components are no matrix")
        if (found.mean_mv.shape, found.variances_mv2.shape) != ((found.n_segments,), (found.n_components,)):
            raise InputError("this is no saved DendriticPCA: its means, components and variances do not fit each other")
        return found


def _clipped_matrices(voltages_mv: Any) -> Iterator[np.ndarray]:
    """One after the other. Raises InputError for matrices of different numbers of segments."""
    n_segments = None
    for given in _each_matrix(voltages_mv):
        v = _clipped(given)
        n_segments = n_segments or len(v)
        if len(v) != n_segments:
            raise InputError(f"{{voltages_mv}} must all be of {n_segments} segments, got {len(v)}", "voltages_mv")
        yield v


def _each_matrix(voltages_mv: Any) -> Iterator[Any]:
    """One after the other, without having all of them in memory. Raises InputError for what holds none."""
    try:
        return iter(voltages_mv)
    except TypeError:
        raise InputError(
            f"{{voltages_mv}} must be matrices (n_segments, T), got {shown(voltages_mv)}", "voltages_mv"
        ) from None


def _clipped(voltages_mv: Any) -> np.ndarray:
    v = as_array(voltages_mv, "voltages_mv")
    if v.ndim != 2 or not v.size or v.dtype.kind not in "iuf":
        raise InputError(f"{{voltages_mv}} must be matrices (n_segments, T), got one of shape {v.shape}", "voltages_mv")
    v = np.minimum(v, MOST_MV).astype(np.float64)
    if not np.isfinite(v).all():
        raise InputError("{voltages_mv} must be finite", "voltages_mv")
    return v

"""One trained network and its scores: a row of the published tables; what its file name says."""

import re
from dataclasses import MISSING, dataclass, fields
from pathlib import PurePath
from typing import Any

from rate2spike.calls import public
from rate2spike.checks import is_number, number, shown, whole_number
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.twin_evaluation.metrics import AUC, NAN, SOMA, partial_auc_key, tp_key
from rate2spike.spiking.twin_evaluation.result import TwinEvaluation
from rate2spike.spiking.twin_evaluation.roc import d_prime_of

# published names of the columns, by field, in order
COLUMNS = {
    "biophysical_model_type": "biophysical_model_type",
    "depth": "NN_depth",
    "width": "NN_width",
    "history_ms": "NN_input_time_window",
    "net_type": "NN_model_type",
    "d_prime": "spikes D prime",
    "auc": "spikes AUC",
    "auc_below_1_percent": "spikes AUC @ 1% FP",
    "soma_explained_percent": "soma explained variance %",
    "soma_rmse_mv": "soma RMSE",
    "soma_mae_mv": "soma MAE",
    "tp_at_0_1_percent": "spikes TP @ 0.1% FP",
    "tp_at_0_25_percent": "spikes TP @ 0.25% FP",
    "auc_sd": "spikes AUC std of subsets",
    "soma_explained_sd": "soma explained variance % std of subsets",
    "n_train_windows": "NN_num_train_samples",
    "n_train_files": "NN_unique_train_files",
    "file_name": "full model filename",
}
TEST_COLUMNS = ("auc_sd", "soma_explained_sd")
OPTIONAL = {"n_parameters": "NN_num_parameters"}  # not published
_FILE_NAME = re.compile(r"(?P<variant>\w+?)_(?P<type>[A-Z]+)__DxWxT_(?P<depth>\d+)x(?P<width>\d+)x(?P<history>\d+)__")
_SAMPLES = re.compile(r"__samples_(\d+)__")


@public()
@dataclass(frozen=True, repr=False)
class ModelRow(Readable):
    """A network and its scores of simulations with 0 to 24 spikes.

    Parameters
    ----------
    biophysical_model_type : str
        Variant of the neuron: NMDA, AMPA, AMPA_SK or any other.
    depth, width : int
        Layers, and mean number of units in a layer; of an ELM 1 and its memory units.
    history_ms : int or None
        How much of the past the network sees; None: all of it.
    net_type : str
        TCN, FCN (no history after the first layer), ELM or any other.
    auc, auc_below_1_percent, tp_at_0_1_percent, tp_at_0_25_percent : float, default NaN
        Area under the ROC; that below a false positive rate of 1 %; true positive rates at 0.1 % and 0.25 %.
    soma_explained_percent, soma_rmse_mv, soma_mae_mv : float, default NaN
        Scores of the voltage with matched moments.
    auc_sd, soma_explained_sd : float, default NaN
        SDs over random subsets of the simulations.
    d_prime : float, default NaN
        Distance of two normal distributions; NaN: it follows from the AUC.
    n_train_windows, n_train_files : int, default 0
        Windows trained with, and files that they came from.
    file_name : str
        File of the network.
    n_parameters : int or None, default None
        Trainable parameters.

    Raises
    ------
    InputError
        For sizes that are no whole numbers, scores that are no numbers, and names that are no text.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.model_row import ModelRow
    >>> ModelRow("NMDA", 7, 128, 153, "TCN", auc=0.9911)
    ModelRow(biophysical_model_type='NMDA', net_type='TCN', depth=7, width=128, history_ms=153, auc=0.9911)
    """

    shown = ("biophysical_model_type", "net_type", "depth", "width", "history_ms", "n_parameters", "auc")

    biophysical_model_type: str
    depth: int
    width: int
    history_ms: int | None
    net_type: str
    auc: float = NAN
    auc_below_1_percent: float = NAN
    tp_at_0_1_percent: float = NAN
    tp_at_0_25_percent: float = NAN
    soma_explained_percent: float = NAN
    soma_rmse_mv: float = NAN
    soma_mae_mv: float = NAN
    auc_sd: float = NAN
    soma_explained_sd: float = NAN
    d_prime: float = NAN
    n_train_windows: int = 0
    n_train_files: int = 0
    file_name: str = ""
    n_parameters: int | None = None

    def __post_init__(self) -> None:
        for name in ("depth", "width", "history_ms", "n_parameters", "n_train_windows", "n_train_files"):
            value = getattr(self, name)
            if value is not None or name in ("depth", "width"):
                least = 0 if name.startswith("n_train") else 1
                object.__setattr__(self, name, whole_number(value, f"{{{name}}}", name, least, most=2**53))
        for name in SCORES:
            value = getattr(self, name)
            if not (is_number(value) and value != value):  # NaN is not known
                object.__setattr__(self, name, number(value, f"{{{name}}}", name))
        for name in ("biophysical_model_type", "net_type", "file_name"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{{{name}}} must be text, got {shown(getattr(self, name))}", name)
        if self.d_prime != self.d_prime:
            object.__setattr__(self, "d_prime", d_prime_of(self.auc))

    @property
    def key(self) -> tuple[str, int, int, float, str]:
        """Networks of one key are alike: variant, depth, width, history (infinite: all of it), type."""
        history_ms = float("inf") if self.history_ms is None else float(self.history_ms)
        return self.biophysical_model_type, self.depth, self.width, history_ms, self.net_type


SCORES = tuple(item.name for item in fields(ModelRow) if item.type is float)


@public()
def model_row(evaluation: TwinEvaluation, file_name: str, **description: Any) -> ModelRow:
    """The row of a network: its scores from an evaluation, the rest from its published file name or as given.

    Parameters
    ----------
    evaluation : TwinEvaluation
        Of the network, on validation or test data; the scores are those of the range of most interest.
    file_name : str
        File of the network. If it is a published one (`NMDA_TCN__DxWxT_7x128x153__2019-...__samples_..._.h5`), variant, type,
        depth, width, history and number of windows are read from it.
    description : values of fields, by name
        Other fields of `ModelRow`, and what stands there in place of what the name says.

    Returns
    -------
    ModelRow
        For a `ModelTable`.

    Raises
    ------
    InputError
        If the name says nothing and the description too little.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.model_row import described_by
    >>> described_by("AMPA_SK_FCN__DxWxT_1x128x43__2020-01-02__03_04__samples_460800__LogLoss_train_1_valid_2__ID_5.h5")
    {'biophysical_model_type': 'AMPA_SK', 'net_type': 'FCN', 'depth': 1, 'width': 128, 'history_ms': 43,
     'n_train_windows': 460800}
    """
    if not isinstance(evaluation, TwinEvaluation):
        raise InputError(f"{{evaluation}} must be a TwinEvaluation, got {shown(evaluation)}", "evaluation")
    known = described_by(str(file_name)) | description
    needed = [item.name for item in fields(ModelRow) if item.default is MISSING]
    missing = [name for name in needed if name not in known]
    unknown = [name for name in known if name not in {item.name for item in fields(ModelRow)}]
    if missing or unknown:
        what = f"{missing[0]} is missing, and" if missing else f"there is no {unknown[0]!r}:"
        raise InputError(f"model_row: {what} the {{file_name}} {file_name!r} does not say it", "file_name")
    found = evaluation.headline
    scores = {
        "auc": found[AUC],
        "auc_below_1_percent": found[partial_auc_key(0.01)],
        "tp_at_0_1_percent": found[tp_key(0.001)],
        "tp_at_0_25_percent": found[tp_key(0.0025)],
        "auc_sd": evaluation.subset_sd(AUC),
    }
    if SOMA[0] in found:
        voltage = dict(
            zip(("soma_explained_percent", "soma_rmse_mv", "soma_mae_mv"), [found[name] for name in SOMA], strict=True)
        )
        scores |= voltage | {"soma_explained_sd": evaluation.subset_sd(SOMA[0])}
    return ModelRow(**(known | scores), file_name=PurePath(file_name).name)


def described_by(file_name: str) -> dict[str, Any]:
    """What a published file name says, by field of `ModelRow`; {} for other names."""
    name = PurePath(file_name).name
    found, samples = _FILE_NAME.match(name), _SAMPLES.search(name)
    if not found:
        return {}
    known = {"biophysical_model_type": found["variant"], "net_type": found["type"]}
    known |= {"depth": int(found["depth"]), "width": int(found["width"]), "history_ms": int(found["history"])}
    return known | ({"n_train_windows": int(samples[1])} if samples else {})

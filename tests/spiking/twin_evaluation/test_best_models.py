"""Tables of models: limits, the best of each size, the published CSV, curves and figures; what is refused."""

import numpy as np
import pytest

from rate2spike.errors import InputError
from rate2spike.spiking.twin_evaluation.best_models import ModelLimits, ModelTable
from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin
from rate2spike.spiking.twin_evaluation.model_row import ModelRow, described_by, model_row
from rate2spike.spiking.twin_evaluation.plots_complexity import families_over_parameters, metrics_over

from twin_toys import toy_predictions

# variant, depth, width, history, type, AUC, explained variance, RMSE, windows
TWENTY = [
    ("NMDA", 7, 128, 153, "TCN", 0.9911, 94.6, 0.71, 4_000_000),
    ("NMDA", 7, 128, 153, "TCN", 0.9905, 94.7, 0.70, 4_000_000),  # alike: lower AUC, but also lower RMSE
    ("NMDA", 7, 128, 153, "TCN", 0.9911, 94.6, 0.72, 4_000_000),  # alike, as good: the first stays
    ("NMDA", 3, 64, 100, "TCN", 0.9801, 90.0, 0.98, 3_000_000),
    ("NMDA", 3, 64, 101, "TCN", 0.9802, 90.1, 0.97, 3_000_000),
    ("NMDA", 3, 64, 100, "FCN", 0.9700, 88.0, 1.10, 3_000_000),
    ("NMDA", 1, 128, 43, "FCN", 0.9600, 85.0, 1.20, 50_000),  # just enough windows
    ("NMDA", 1, 128, 46, "FCN", 0.9600, 85.0, 1.20, 49_999),  # too few
    ("NMDA", 1, 128, 47, "FCN", 0.9600, 85.0, 1.20, 5_000_001),  # too many
    ("NMDA", 1, 257, 43, "FCN", 0.9650, 86.0, 1.20, 100_000),  # too wide
    ("NMDA", 1, 256, 43, "FCN", 0.9650, 86.0, 1.20, 100_000),
    ("NMDA", 2, 128, 261, "TCN", 0.9750, 89.0, 1.20, 100_000),  # too long
    ("NMDA", 2, 128, 260, "TCN", 0.9750, 89.0, 1.20, 100_000),
    ("AMPA", 1, 128, 43, "FCN", 0.9913, 95.0, 0.58, 2_000_000),
    ("AMPA", 1, 128, 44, "FCN", 0.5900, 95.0, 0.58, 2_000_000),  # AUC too low
    ("AMPA", 1, 128, 45, "FCN", 0.6300, 95.0, 0.58, 2_000_000),  # D' 0.47
    ("AMPA", 1, 64, 43, "FCN", 0.9800, 59.9, 2.00, 2_000_000),  # voltage too bad
    ("AMPA_SK", 4, 64, 120, "TCN", 0.9850, 93.0, 0.80, 2_000_000),
    ("AMPA_SK", 4, 64, 120, "TCN", 0.9860, 93.1, 0.79, 1_000_000),
    ("AMPA_SK", 1, 64, 43, "FCN", 0.9500, 60.0, 1.90, 1_000_000),
]
HEADER = (
    "biophysical_model_type,NN_depth,NN_width,NN_input_time_window,NN_model_type,spikes D prime,spikes AUC,"
    "spikes AUC @ 1% FP,soma explained variance %,soma RMSE,soma MAE,spikes TP @ 0.1% FP,spikes TP @ 0.25% FP,"
    "NN_num_train_samples,NN_unique_train_files,full model filename"
)


def toy_table():
    rows = []
    for k, (variant, depth, width, history, net, auc, explained, rmse, windows) in enumerate(TWENTY):
        row = ModelRow(
            *(variant, depth, width, history, net, auc, 0.5, 0.25, 0.375, explained, rmse, 0.75 * rmse),
            auc_sd=k / 1000,
            soma_explained_sd=k / 10,
            n_train_windows=windows,
            n_train_files=40,
            file_name=f"{k}.h5",
        )
        rows.append(row)
    return ModelTable(tuple(rows))


def test_the_toy_table_gives_the_expected_csv(tmp_path):
    path = toy_table().kept().best().write(tmp_path / "new")
    assert path.name == "best_results_valid_10_models.csv"
    header, *lines = path.read_text().splitlines()
    assert header == HEADER
    cells = [line.split(",") for line in lines]
    assert [line[-1] for line in cells] == [f"{k}.h5" for k in (13, 19, 18, 6, 10, 12, 5, 3, 4, 0)]
    assert cells[0][:5] == ["AMPA", "1", "128", "43", "FCN"]
    assert cells[0][6:] == [
        "0.9913",
        "0.5",
        "95.0",
        "0.58",
        f"{0.75 * 0.58}",
        "0.25",
        "0.375",
        "2000000",
        "40",
        "13.h5",
    ]


def test_the_best_by_the_error_of_the_voltage():
    by_auc, by_error = (toy_table().best(by) for by in ("auc", "soma_rmse_mv"))
    of_key = [{row.key: row.file_name for row in table.rows} for table in (by_auc, by_error)]
    deep = ("NMDA", 7, 128, 153.0, "TCN")
    assert (of_key[0][deep], of_key[1][deep]) == ("0.h5", "1.h5") and list(of_key[0]) == list(of_key[1])


def test_tables_are_read_as_they_were_written(tmp_path):
    table = toy_table()
    path = table.write(tmp_path, "test")
    assert path.name == "best_results_test_20_models.csv" and "AUC std of subsets" in path.read_text()
    assert ModelTable.read(path) == table
    again = ModelTable.read(table.write(tmp_path, "valid"))
    assert np.isnan(again.rows[0].auc_sd) and again.rows[0].d_prime == table.rows[0].d_prime
    elm = ModelRow(
        "NMDA", 1, 20, None, "ELM", auc=0.9922, n_parameters=8002, file_name="elm.keras", n_train_windows=10**5
    )
    both = ModelTable((*table.rows, elm))
    assert ModelTable.read(both.write(tmp_path)).rows[-1] == elm
    assert list(both.to_dataframe())[-1] == "NN_num_parameters" and elm in both.kept().rows


def test_curves_of_variants_have_the_error_of_their_rows():
    curve = toy_table().by_variant()["NMDA"].curve("depth", "auc")
    assert curve.complexity.tolist() == [1, 2, 3, 7] and curve.value.tolist() == [0.9650, 0.9750, 0.9802, 0.9911]
    assert curve.error.tolist() == [0.009, 0.011, 0.004, 0.0]
    assert toy_table().curve("width", "soma_rmse_mv").value.tolist()[-1] == 0.58


def test_a_row_from_an_evaluation_and_a_published_file_name():
    found = evaluate_twin(toy_predictions(), n_resamples=0)
    name = "NMDA_TCN__DxWxT_7x128x153__2019-05-06__07_08__samples_5760000__LogLoss_train_11_valid_12__ID_777.h5"
    row = model_row(found, f"models/{name}", n_train_files=90)
    assert row.key == ("NMDA", 7, 128, 153.0, "TCN") and (row.n_train_windows, row.n_train_files) == (5_760_000, 90)
    assert row.file_name == name and row.auc == found.auc and row.d_prime == pytest.approx(found.headline["D_prime"])
    assert row.tp_at_0_25_percent == found.headline["TP @ 0.0025 FP"] and row.auc_sd == found.subset_sd()
    assert row.soma_explained_percent == found.soma_explained_variance_percent
    elm = model_row(
        found, "elm.keras", biophysical_model_type="NMDA", net_type="ELM", depth=1, width=20, history_ms=None
    )
    assert elm.history_ms is None and described_by("elm.keras") == {}


def test_figures_of_complexity():
    rows = [*toy_table().rows, ModelRow("NMDA", 1, 20, None, "ELM", auc=0.99, n_parameters=8002, file_name="elm")]
    figure = ModelTable(tuple(rows)).plot()
    assert len(figure.axes) == 8 and figure.axes[0].get_ylabel() == "AUC"
    assert len(toy_table().plot().axes) == 6
    with_parameters = [
        ModelRow("NMDA", d, 64, t, net, auc=auc, n_parameters=n, file_name=f"{n}")
        for d, t, net, auc, n in (
            (1, 43, "FCN", 0.96, 10**6),
            (3, 99, "TCN", 0.98, 10**7),
            (1, None, "ELM", 0.99, 8002),
        )
    ]
    (axes,) = families_over_parameters(ModelTable(tuple(with_parameters))).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["ELM", "TCN"]
    assert len(metrics_over(toy_table(), "n_train_windows").axes) == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ModelTable(("row",)), r"rows must be ModelRow\(...\), got str"),
        (lambda: ModelRow("NMDA", 0, 1, 1, "TCN"), "depth must be a whole number from 1, got 0"),
        (lambda: ModelRow("NMDA", 1, 1, 1, "TCN", auc="good"), "auc must be a finite number, got 'good'"),
        (lambda: ModelRow("NMDA", 1, 1, 1, "TCN", auc=np.zeros((2, 2))), "auc must be a finite number, got array"),
        (lambda: ModelRow(None, 1, 1, 1, "TCN"), "biophysical_model_type must be text, got None"),
        (lambda: ModelRow("NMDA", 1, 1, 1, 7), "net_type must be text, got 7"),
        (lambda: ModelTable(np.array(3)), r"rows must be ModelRow\(...\), got"),
        (lambda: toy_table().kept(True), r"limits must be ModelLimits\(...\), got True"),
        (lambda: ModelTable.read("a\0b"), "cannot read a"),
        (lambda: ModelLimits(most_width=0), "most width must be a whole number from 1, got 0"),
        (lambda: toy_table().best("AUROC"), "unknown criterion 'AUROC': choose from auc, soma_rmse_mv"),
        (lambda: toy_table().curve("size"), "unknown axis 'size': choose from depth, width"),
        (lambda: toy_table().curve("n_parameters"), "no network of the table has a known n_parameters"),
        (lambda: families_over_parameters(toy_table()), "no network of the table has a number of parameters and a auc"),
        (lambda: toy_table().write("x", "train"), "unknown split 'train': choose from valid, test"),
        (lambda: ModelTable.read("nowhere.csv"), "cannot read nowhere.csv"),
        (lambda: ModelTable(()).plot(), "no network of the table has an AUC"),
        (lambda: model_row(None, "x"), "evaluation must be a TwinEvaluation, got None"),
    ],
)
def test_what_is_refused_is_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("spikes AUC,", "AUC,"), "it has no column 'spikes AUC'"),
        (lambda text: text.replace(",0.9905,", ",much,"), "line 3: auc must be a number, got 'much'"),
        (lambda text: text.replace("NMDA,3,64", "NMDA,-3,64"), "line 5: depth must be a whole number from 1, got -3"),
    ],
)
def test_a_broken_table_is_one_line(tmp_path, change, message):
    path = toy_table().write(tmp_path)
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError, match=message) as caught:
        ModelTable.read(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)

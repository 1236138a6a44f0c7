"""What decides a search is one record: every field is a flag, in the sidecar and taken by the bridge; old files are read."""

import json
import shutil
from argparse import Namespace
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rate2spike.cli import search as command
from rate2spike.cli.arguments import Parser
from rate2spike.cli.matlab_values import settings_of
from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import append, loadmat, mat_bytes, savemat
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.options import default_of
from rate2spike.spiking.diagnosis.diagnose import diagnose
from rate2spike.spiking.scoring.network_options import NetworkOptions, as_searched, searched_options
from rate2spike.spiking.search.claim import SearchClaim, read_claim, sidecar_path
from rate2spike.spiking.search.files import SearchState, search_each
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.options import SearchExecution, SearchOptions
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import EIFParams

# one value per field that is not its default: a field that is added needs one here
OTHER = dict(
    task="xor",
    task_options={"stim_dur": 30},
    scaling_factors=(25.0, 60.0),
    strategy="adaptive",
    resolution=2.0,
    n_trials=6,
    seed=3,
    frozen_noise=True,
    device="cuda",
    neuron="eif",
    neuron_options={"slope_mv": 3.0, "t_ref_s": 0.003},
    dt_s=1e-4,
    downsample=2,
    initial_weights=True,
    scale=("E-I=0.7",),
    no_self_connections=True,
    lesion=("3", "10-20"),
    shuffle=("w",),
    shuffle_seed=9,
)
FIELDS = [item.name for item in fields(SearchOptions)]
EIF = SearchOptions(
    scaling_factors=(22.0, 40.0), n_trials=6, seed=3, neuron="eif", neuron_options={"slope_mv": 1.5}, downsample=2
)


@pytest.fixture
def model_file(tmp_path, go_nogo_path) -> Path:
    return Path(shutil.copy(go_nogo_path, tmp_path))


def flags_of(**values) -> list[str]:
    """The words of a command line that give the fields these values."""
    parser, words = parser_of_search(), []
    for name, value in values.items():
        flag = parser.flag_of(name)
        if isinstance(value, dict):
            words += [flag, *(f"{key}={one}" for key, one in value.items())]
        elif value is True:
            words += [flag]
        elif name == "dt_s":
            words += [flag, str(value * 1e3)]
        else:
            words += [flag, *map(str, value if isinstance(value, tuple) else (value,))]
    return words


def parser_of_search() -> Parser:
    parser = Parser("rate2spike search", None)
    command.add_arguments(parser)
    return parser


def test_every_field_has_another_value_here():
    assert set(OTHER) == set(FIELDS)
    assert all(OTHER[name] != default_of(SearchOptions, name) for name in FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_a_flag_in_the_sidecar_and_taken_by_the_bridge(name, tmp_path):
    value, parser = OTHER[name], parser_of_search()
    flag = parser.flag_of(name)
    assert flag is not None and flag in parser.format_help()
    wanted = getattr(SearchOptions(**{name: value}), name)
    assert wanted != default_of(SearchOptions, name)
    arguments = parser.parse_args(["m.mat", *flags_of(**{name: value})])
    by_flag = getattr(command.options_of(arguments), name)
    assert by_flag == ({key: str(one) for key, one in wanted.items()} if name == "task_options" else wanted)

    options = SearchOptions(**{"task": "go-nogo", "seed": 1, name: value})
    claim = SearchClaim(sidecar_path(tmp_path / "m.mat"), None, options)
    claim.save()
    assert json.loads(claim.path.read_text())["settings"][name] == json.loads(json.dumps(value))
    assert read_claim(tmp_path / "m.mat").settings == options
    others = SearchOptions(task="go-nogo", seed=1)
    assert bool(others.differences(options)) == (name not in ("scaling_factors", "resolution"))

    (tmp_path / "request.mat").write_bytes(mat_bytes({name: list(value) if isinstance(value, tuple) else value}))
    request = loadmat(tmp_path / "request.mat")
    assert getattr(SearchOptions(**settings_of(request, SearchOptions)), name) == wanted


def test_default_sidecars_are_those_of_the_first_version(tmp_path):
    """Which read them, and whose sidecars are read."""
    settings = {
        "task": "go-nogo",
        "n_trials": 6,
        "seed": 3,
        "scaling_factors": [25.0, 60.0],
        "initial_weights": False,
        "task_options": {},
        "strategy": "grid",
        "resolution": 1.0,
        "device": "cpu",
    }
    path = sidecar_path(tmp_path / "m.mat")
    path.write_text(json.dumps({"owner": None, "settings": settings, "finished": []}, indent=1))
    written = path.read_text()
    claim = read_claim(tmp_path / "m.mat")
    assert claim.settings == SearchOptions(task="go-nogo", n_trials=6, seed=3, scaling_factors=(25, 60))
    claim.save()
    assert path.read_text() == written


def test_execution_decides_nothing_and_is_checked():
    assert not {item.name for item in fields(SearchExecution)} & set(FIELDS)
    with pytest.raises(InputError, match=r"^n_threads is for a search in one process.* \(n_workers, scheduler\)$"):
        SearchExecution(n_threads=2, n_workers=2)
    for wrong, message in (
        (dict(strategy="fast"), "unknown strategy 'fast': choose from grid, adaptive"),
        (dict(resolution=0), "resolution must be a positive number"),
        (dict(neuron="eiff"), "did you mean eif"),
        (dict(neuron="eif", neuron_options={"slope": 2}), "eif neurons have no 'slope'"),
        (dict(scale=("EI",)), "scale must be FROM-TO=FACTOR"),
        (dict(downsample=0), "downsampling must be a whole number from 1"),
    ):
        with pytest.raises(InputError, match=message):
            SearchOptions(**wrong)


def test_python_files_command_and_bridge_search_the_same_networks(model_file, cli, tmp_path):
    model = load_model(model_file)
    params = EIFParams(slope_mv=1.5)
    expected = grid_search(model, "go-nogo", (22, 40), 6, 3, params=params, downsample=2)
    by_name = grid_search(
        model, "go-nogo", (22, 40), 6, 3, neuron="eif", neuron_options={"slope_mv": 1.5}, downsample=2
    )
    assert by_name.factors == expected.factors != grid_search(model, "go-nogo", (22, 40), 6, 3).factors
    (found,) = search_each(model_file, EIF)
    assert found.result.factors == expected.factors
    as_written = model_file.read_bytes()
    flags = flags_of(
        **{name: getattr(EIF, name) for name in FIELDS if getattr(EIF, name) != default_of(SearchOptions, name)}
    )
    code, _, error = cli("search", model_file, "--force", *flags)
    assert code == 0, error
    variables = loadmat(model_file)
    assert variables["all_perfs"].ravel().tolist() == expected.accuracies.tolist()
    assert loadmat(model_file)["r2s_search_network"] == json.dumps(
        {
            "neuron": "eif",
            "neuron_options": {"slope_mv": 1.5},
            "downsample": 2,
            "accuracies": expected.accuracies.tolist(),
        }
    )
    assert len(model_file.read_bytes()) == len(as_written)

    append(model_file, {}, remove=["opt_scaling_factor", "all_perfs", "r2s_search_network"])
    savemat(
        tmp_path / "request.mat",
        {
            "action": "search",
            "model_path": str(model_file),
            "scaling_factors": [22.0, 40.0],
            "n_trials": 6.0,
            "seed": 3.0,
            "use_initial_weights": 0.0,
            "neuron": "eif",
            "neuron_options": {"slope_mv": 1.5},
            "downsample": 2.0,
        },
    )
    code, _, error = cli("matlab-bridge", tmp_path / "request.mat", tmp_path / "answer.mat")
    assert code == 0, loadmat(tmp_path / "answer.mat")
    assert loadmat(model_file)["r2s_search_network"] == variables["r2s_search_network"]
    assert loadmat(model_file)["all_perfs"].tolist() == variables["all_perfs"].tolist()


def test_a_population_takes_them_too(model_file, cli):
    other = Path(shutil.copy(model_file, model_file.with_name("Task_go-nogo_2.mat")))
    flags = ["--neuron", "qif", "--scaling-factors", "40", "--n-trials", "4", "--seed", "1", "--frozen-noise"]
    code, _, error = cli("search", model_file.parent, "--n-workers", "2", *flags)
    assert code == 0, error
    expected = grid_search(load_model(other), "go-nogo", 40, 4, 1, neuron="qif", frozen_noise=True)
    for file in (model_file, other):
        assert load_model(file).scaling_accuracies.ravel().tolist() == expected.accuracies.tolist()
        assert loadmat(file)["r2s_search_options"] == '{"frozen_noise": true}'


def test_evaluate_diagnose_and_simulate_make_the_network_that_was_searched(model_file, cli, tmp_path):
    list(search_each(model_file, replace(EIF, shuffle=("w_in",))))
    model = load_model(model_file)
    options = searched_options(model)
    assert (options.neuron, options.neuron_options, options.downsample) == ("eif", {"slope_mv": 1.5}, 2)
    assert options.shuffle_seed == 3  # the search's, whatever seed the evaluation has
    network = options.network(model)
    assert network.scaling_factor == model.scaling_factor and network.params.kind == "eif"
    evaluation = ("--n-trials", 4, "--seed", 1, "--json")
    code, out, error = cli("evaluate", model_file, *evaluation)
    assert code == 0 and json.loads(out)["neuron"] == "eif"
    assert f"{model_file}: network as in its search: neuron eif, neuron_options slope_mv=1.5, downsample 2" in error
    explicit = flags_of(neuron="eif", neuron_options={"slope_mv": 1.5}, downsample=2, shuffle=("w_in",), shuffle_seed=3)
    assert cli("evaluate", model_file, *evaluation, *explicit) == (0, out, "")
    code, out, error = cli("evaluate", model_file, *evaluation, "--neuron", "lif")
    assert code == 0 and json.loads(out)["neuron"] == "lif" and "slope" not in error
    savemat(tmp_path / "in.mat", {"u": np.zeros((1, 9))})
    code, out, error = cli("simulate", model_file, "--input", tmp_path / "in.mat", "--output", tmp_path / "o.mat")
    assert code == 0 and "400 steps of 0.1 ms" in out and "as in its search" in error
    code, out, error = cli("diagnose", model_file, "--n-trials", 3, "--seed", 1, "--output", tmp_path / "d.png")
    assert code == 0 and "as in its search" in error
    found = diagnose(model, "go-nogo", n_trials=3, seed=1, options=options)
    assert f"accuracy {found.accuracy:.2f} over 3 trials" in out
    assert found.outputs.shape == found.rate_outputs.shape == (3, 1, 99)
    with pytest.warns(UserWarning, match="searched for another network, .*eif"):
        SpikingNetwork.from_model(model)


def test_what_is_known_of_an_earlier_search_does_not_outlive_it(model_file):
    list(search_each(model_file, EIF))
    searched = load_model(model_file)
    # a version that knows nothing of the record, or another program, searches again
    append(model_file, {"all_perfs": np.array([[0.25], [0.5]])})
    assert searched_options(searched) == replace(
        NetworkOptions(), neuron="eif", neuron_options={"slope_mv": 1.5}, downsample=2
    )
    assert searched_options(load_model(model_file)) == NetworkOptions()
    plain = SearchOptions(scaling_factors=(25.0,), n_trials=2, seed=1)
    (found,) = search_each(model_file, plain, SearchExecution(force=True))
    assert found.state is SearchState.SEARCHED
    assert not {"r2s_search_network", "r2s_search_options"} & set(loadmat(model_file))


def test_a_search_with_other_networks_does_not_go_on_with_finished_values(model_file):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(search_each(model_file, EIF, on_factor=interrupt))
    with pytest.raises(InputError, match=r"other settings \(neuron 'eif' there, None here; neuron_options"):
        list(search_each(model_file, replace(EIF, neuron=None, neuron_options={})))
    (found,) = search_each(model_file, EIF)
    assert (
        found.result.factors
        == grid_search(
            load_model(model_file), "go-nogo", (22, 40), 6, 3, params=EIFParams(slope_mv=1.5), downsample=2
        ).factors
    )


def test_flags_left_open_are_as_searched():
    model = Namespace(
        settings={"search_network": '{"neuron": "eif", "neuron_options": {"slope_mv": 3.0}, "accuracies": [1.0]}'},
        scaling_accuracies=np.array([1.0]),
    )
    assert as_searched(model, {"neuron_options": ["t_ref_s=0.003"]}).neuron_options == {
        "slope_mv": 3.0,
        "t_ref_s": 0.003,
    }
    assert as_searched(model, {"neuron": "qif"}).neuron_options == {}
    model.settings = {"search_network": '{"neuron_options": {"t_ref_s": 0.003}, "accuracies": [1.0]}'}
    assert as_searched(model, {"neuron": "lif"}).neuron_options == {"t_ref_s": 0.003}  # the kind it was searched with
    model.settings = {"search_network": "{broken"}
    assert as_searched(model, {}) == NetworkOptions()


def test_what_is_said_to_be_as_searched_is_not_what_was_given(model_file, cli):
    list(search_each(model_file, replace(EIF, dt_s=0.0003 / 3)))
    flags = ("--n-trials", 2, "--seed", 1, "--neuron-option", "t_ref_s=0.003", "--lesion", 7)
    code, _, error = cli("evaluate", model_file, *flags)
    assert code == 0 and error.splitlines()[0] == (
        f"{model_file}: network as in its search: neuron eif, neuron_options slope_mv=1.5, dt_s 0.0001, downsample 2"
    )
    assert "search trials, network with neuron eif, neuron_options slope_mv=1.5, dt_s" in cli("inspect", model_file)[1]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("scale", 3, "scale must be text, or several texts, got 3"),
        ("lesion", [3, 4], "lesion must be text, or several texts, got 3"),
        ("lesion", None, "lesion must be text, or several texts, got None"),
        ("shuffle", ("w", None), "weights to shuffle must be text, or several texts, got None"),
        ("neuron_options", 3, "constants of neurons must be text, or several texts, got 3"),
        ("neuron_options", {"speed": 1}, ""),
        ("task_options", 3, "task options must be values by name, got 3"),
        ("scaling_factors", "30", "scaling factors are numbers, got '30'"),
        ("scaling_factors", [None], "scaling factors are numbers, got None"),
        ("scaling_factors", ["much"], "scaling factors are numbers, got 'much'"),
        ("scaling_factors", None, "scaling factors are numbers, got None"),
        ("scaling_factors", -1, "scaling factor must be positive, got -1"),
    ],
)
def test_values_of_wrong_types_are_refused_by_the_fields_name(field, value, message):
    with pytest.raises(InputError) as caught:
        SearchOptions(**{"neuron": "lif", field: value})
    assert caught.value.fields == (field,) and message in str(caught.value)


def test_grid_search_refuses_neurons_that_are_none(model_file):
    with pytest.raises(InputError, match=r"neurons must be a record such as EIFParams\(\), got .eif."):
        grid_search(load_model(model_file), "go-nogo", 25, 2, params="eif")
    with pytest.raises(InputError, match="scaling factors are numbers, got '30'"):
        grid_search(load_model(model_file), "go-nogo", "30", 2)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"neuron_option": "slope_mv=2"}, "there is no option 'neuron_option'; did you mean neuron_options?"),
        ({"nonsense": 1.0}, "there is no option 'nonsense'; known are"),
        ({"shard": "1/2"}, "there is no option 'shard'"),
        ({"lesion": np.array([3.0, 999.0])}, "lesion 999: the network has units 1 to 200"),
    ],
)
def test_the_bridge_refuses_options_that_would_do_nothing(model_file, cli, tmp_path, option, message):
    before = model_file.read_bytes()
    request = {"action": "search", "model_path": str(model_file), "task": "go-nogo", "n_trials": 2.0, **option}
    savemat(tmp_path / "request.mat", request)
    assert cli("matlab-bridge", tmp_path / "request.mat", tmp_path / "answer.mat")[0] == 2
    assert message in loadmat(tmp_path / "answer.mat")["error_message"]
    assert model_file.read_bytes() == before


def test_a_shuffle_seed_that_decides_nothing_is_not_kept():
    assert SearchOptions(shuffle_seed=3).as_record() == ({}, {})
    assert SearchOptions(shuffle=("w",), seed=7).as_record()[0]["shuffle_seed"] == 7

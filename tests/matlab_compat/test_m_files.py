"""The .m functions in real GNU Octave: what MATLAB users call, with the classes, sizes and errors they expect."""

import os
import platform
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from rate2spike.cli.main import main
from rate2spike.matlab_compat.matfile import append, loadmat, savemat
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.spiking.simulator.network import SpikingNetwork

FOLDER = Path(__file__).parents[2] / "matlab_compat" / "m"
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
M_FILES = sorted(FOLDER.rglob("*.m"))


@pytest.fixture
def matlab(octave, tmp_path, monkeypatch, go_nogo_path):
    """Run Octave code with the .m functions on the path and a Go-NoGo model in the folder; nothing may be left behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("RATE2SPIKE_PYTHON", sys.executable)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nonexistent")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # rate2spike_check keeps a preference there
    shutil.copy(go_nogo_path, tmp_path / "go-nogo.mat")

    def run(code: str) -> str:
        output = octave(f"addpath('{FOLDER}'); {code}", tmp_path)
        assert not list(temporary.iterdir()), "temporary files are left"
        return output

    return run


@pytest.mark.octave
def test_package_and_plain_equations_agree_on_every_setting(matlab):
    output = matlab("worst = rate2spike_verify(); printf('%d', worst < 1e-8)")
    assert output.rstrip().endswith("1") and output.count("spikes, largest difference") == 6


@pytest.mark.octave
@pytest.mark.parametrize("n_outputs", range(1, 8))
def test_first_outputs_have_the_historic_classes_and_sizes(matlab, n_outputs):
    names = ["W", "REC", "spk", "rs", "all_fr", "out", "params"][:n_outputs]
    output = matlab(f"""
        stims.mode = 'none'; u = zeros(1, 201); u(50:75) = 1;
        [{", ".join(names)}] = LIF_network_fnc('go-nogo.mat', 25, u, stims, 1, false);
        values = {{{", ".join(names)}}};
        for k = 1:numel(values), printf('%s %d %d;', class(values{{k}}), size(values{{k}})); end""")
    expected = [
        "single 200 200",
        "double 200 20000",
        "double 200 20000",
        "double 200 20000",
        "double 200 1",
        "single 1 20000",
        "struct 1 1",
    ]
    assert output.split(";")[:-1] == expected[:n_outputs]


@pytest.mark.octave
def test_results_are_those_of_the_package_and_follow_the_random_stream(matlab, tmp_path):
    matlab("""
        stims.mode = 'exc'; stims.dur = [100 900]; mask = false(200, 1); mask([3 7]) = true; u = zeros(1, 11); u(4:6) = 1;
        rand('twister', 5); seed = floor(rand * 2^31);
        stims.units = mask;
        rand('twister', 5); [~, ~, a, ~, ~, out, params] = LIF_network_fnc('go-nogo.mat', 25, u, stims, 1, false);
        stims.units = [3; 7];
        rand('twister', 5); [~, ~, b] = LIF_network_fnc('go-nogo.mat', 25, u, stims, 1, false);
        [~, ~, c] = LIF_network_fnc('go-nogo.mat', 25, u, stims, 1, false);
        same = isequal(a, b); differs = ~isequal(a, c);
        save('-v7', 'results.mat', 'seed', 'a', 'out', 'params', 'same', 'differs')""")
    results = loadmat(tmp_path / "results.mat")
    assert results["same"].item() and results["differs"].item()
    u = np.zeros((1, 11))
    u[0, 3:6] = 1
    from rate2spike.spiking.simulator.stimulation import Stimulation

    network = SpikingNetwork.from_model(load_model(tmp_path / "go-nogo.mat"), 25)
    stimulation = Stimulation.from_matlab("exc", [100, 900], [3, 7])
    record = network.run(
        u, seed=int(results["seed"].item()), stimulation=stimulation, record=("output", "spikes", "ipsc")
    )
    np.testing.assert_array_equal(results["a"], record.spikes)
    np.testing.assert_array_equal(results["out"], record.output)
    np.testing.assert_array_equal(results["params"]["IPSCs"][0, 0], record.ipsc.astype(np.float64))


@pytest.mark.octave
def test_fewer_inputs_mean_defaults(matlab):
    output = matlab("""
        u = zeros(1, 11); rand('twister', 5); a = LIF_network_fnc('go-nogo.mat', 25, u);
        b = LIF_network_fnc('go-nogo.mat', 25, u, struct('mode', 'none'), 2, true);
        [~, ~, ~, ~, ~, out] = LIF_network_fnc('go-nogo.mat', 25, u, [], 2, true);
        printf('%d %d', isequal(a, b), numel(out))""")
    assert output.split() == ["0", "500"]


@pytest.mark.octave
def test_many_trials_in_one_call(matlab):
    output = matlab("""
        u = zeros(1, 31, 6); u(1, 8:20, 4:6) = 1;
        [out, all_fr, spikes] = rate2spike_run('go-nogo.mat', [25 40], u);
        s = spikes{6, 2};
        printf('%s %d %d %d;%d %d %d;%d %d;%d %d;%d', class(out), size(out), size(all_fr), size(spikes), ...
            min(s(1, :)) >= 1, max(s(2, :)) <= 3000, abs(sum(s(2, :) >= 10) - sum(all_fr(:, 6, 2)) * 0.15) < 1e-6)""")
    assert output == "single 6 3000 2;200 6 2;6 2;1 1;1"


@pytest.mark.octave
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("LIF_network_fnc('absent.mat', 25, u, stims)", "cannot read absent.mat: No such file"),
        ("LIF_network_fnc('go-nogo.mat', -25, u, stims)", "scaling factor must be positive, got -25"),
        ("LIF_network_fnc('go-nogo.mat', 25, zeros(2, 11), stims)", r"u must have 1 row\(s\)"),
        (
            "LIF_network_fnc('go-nogo.mat', 25, u, struct('mode', 'exc', 'dur', [1 9], 'units', 201))",
            "stimulated unit 201",
        ),
        ("LIF_network_fnc('go-nogo', 25, u, struct('mode', 'exc'))", "needs the fields dur and units"),
        ("LIF_network_fnc('go-nogo', 25, u, 5)", "stims must be a struct with the field mode"),
        ("LIF_network_fnc('go-nogo', 25, u, stims, 1.5)", "downsample must be a whole number, got 1.5"),
        ("LIF_network_fnc(5, 25, u, stims)", "model_path must be text"),
        ("LIF_network_fnc('go-nogo.mat', 25)", "needs model_path, scaling_factor and u"),
        ("rate2spike_run('go-nogo.mat', [], u)", "give at least one scaling factor"),
        ("rate2spike_search('nowhere', 10)", "cannot read nowhere"),
        ("rate2spike_eval_go_nogo('go-nogo.mat')", "no opt_scaling_factor yet"),
    ],
)
def test_errors_arrive_with_identifier_and_message(matlab, call, message):
    output = matlab(f"""
        stims.mode = 'none'; u = zeros(1, 11);
        try, x = {call}; catch e, printf('%s|%s', e.identifier, e.message), end""")
    assert re.match(rf"(?s).*rate2spike:input\|.*{message}", output), output
    assert "Traceback" not in output


@pytest.mark.octave
def test_paths_with_blanks_quotes_and_accents(matlab, tmp_path):
    folder = tmp_path / "Größe d'été $HOME"
    folder.mkdir()
    shutil.copy(tmp_path / "go-nogo.mat", folder / "a b.mat")
    quoted = str(folder / "a b.mat").replace("'", "''")
    assert matlab(f"printf('%d', size(LIF_network_fnc('{quoted}', 25, zeros(1, 11)), 1))") == "200"


@pytest.mark.octave
def test_search_script_honours_the_variables_set_before_and_fills_the_file(matlab, tmp_path):
    (tmp_path / "models").mkdir()
    shutil.move(tmp_path / "go-nogo.mat", tmp_path / "models" / "go-nogo.mat")
    before = loadmat(tmp_path / "models" / "go-nogo.mat")
    output = matlab("""
        model_dir = 'models'; n_trials = 6; scaling_factors = [20 25]; lambda_grid_search
        loaded = load('models/go-nogo.mat');
        printf('|%g %g|%d %d|%s', opt_scaling_factor == loaded.opt_scaling_factor, numel(mat_files), ...
            size(loaded.all_perfs), class(loaded.opt_scaling_factor))
        W = (loaded.w * loaded.m) .* loaded.som_m / loaded.opt_scaling_factor;
        printf('|%d %s %d %d', any(W(:) ~= 0 & W(:) ~= round(W(:))), class(W), double(loaded.N), ...
            sum(sum(W(:, loaded.inh) > 0)))
        lambda_grid_search""")
    assert "|1 1|2 1|double|1 single 200 0" in output and "is already in the file" in output
    after = loadmat(tmp_path / "models" / "go-nogo.mat")
    assert all(np.array_equal(after[name], value) for name, value in before.items())


@pytest.mark.octave
def test_go_nogo_script_draws_and_leaves_its_results(matlab, tmp_path):
    append(tmp_path / "go-nogo.mat", {"opt_scaling_factor": 25})
    (tmp_path / "P" / "seed_1").mkdir(parents=True)
    (tmp_path / "go-nogo.mat").rename(tmp_path / "P" / "seed_1" / "model.mat")
    output = matlab("""
        set(0, 'defaultfigurevisible', 'off'); model_dir = 'P'; eval_go_nogo
        titles = cellfun(@(h) get(get(h, 'xlabel'), 'string'), num2cell(findall(0, 'type', 'axes')), 'UniformOutput', false);
        printf('%d %d %d %g %d', size(out_go), size(spk_nogo, 1), opt_scaling_factor, numel(findall(0, 'type', 'figure')));
        printf(' %d', 3 * ~isempty(available_graphics_toolkits()))  % without one Octave cannot draw""")
    assert output.split()[:4] == "1 20000 200 25".split()
    n_figures, n_expected = output.split()[4:]
    assert n_figures == n_expected


@pytest.mark.octave
def test_check_says_what_it_found_or_what_to_fix(matlab):
    output = matlab("""
        v = rate2spike_check(); printf('%s|%s|', v.rate2spike, v.executable)
        try, rate2spike_check('/nowhere/python'); catch e, printf('%s %s', e.identifier, e.message), end
        assert(~ispref('rate2spike', 'python') || ~strcmp(getpref('rate2spike', 'python'), '/nowhere/python'))""")
    version, executable, error = output.split("|")
    assert version == "0.1.0" and executable == sys.executable
    assert error.startswith("rate2spike:python /nowhere/python cannot import rate2spike: ") and "not found" in error


@pytest.mark.octave
def test_variables_for_other_pythons_do_not_reach_ours(matlab, tmp_path, monkeypatch):
    """PYTHONHOME and PYTHONPATH are set where MATLAB runs, for its own Python."""
    (tmp_path / "numpy.py").write_text("raise RuntimeError('of another Python')")
    for name in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    output = matlab("""
        v = rate2spike_check(); printf('%s|', v.rate2spike)
        try, rate2spike_check('/usr/bin/env'); catch e, printf('%s', e.message), end""")
    version, error = output.split("|")
    assert version == "0.1.0"
    assert error.startswith("/usr/bin/env cannot import rate2spike: ") and "pip install" not in error
    monkeypatch.setenv("PYTHONIOENCODING", "nonsense")  # for which every Python ends before it begins
    error = matlab("try, rate2spike_check, catch e, printf('%s', e.message), end")
    assert "the first answered: LookupError: unknown encoding: nonsense)" in error and "pip install" not in error


@pytest.mark.octave
def test_a_package_that_only_pythonpath_leads_to_is_found(matlab, tmp_path, monkeypatch):
    import venv

    venv.create(tmp_path / "bare", symlinks=True)
    bare = tmp_path / "bare" / "bin" / "python"
    ask = f"try, rate2spike_check('{bare}'); catch e, printf('%s', e.message), end"
    assert "No module named 'rate2spike'. Type there:" in matlab(ask)
    places = [str(Path(np.__file__).parents[1]), str(tmp_path / "here")]
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "rate2spike").symlink_to(Path(__file__).parents[2], target_is_directory=True)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    assert f"Python {platform.python_version()}: {bare}" in matlab(ask)


@pytest.mark.octave
@pytest.mark.parametrize("version", ["5", "7"])
def test_octave_reads_every_class_we_write(octave, tmp_path, version):
    import scipy.sparse

    savemat(
        tmp_path / "f.mat",
        {
            "d": np.array([[1.5, np.nan]]),
            "s": np.float32([[1.5]]),
            "z": np.array([[1 + 2j]]),
            "b": [True, False],
            "t": "go",
            "c": ["a", "bc"],
            "m": [1, "x"],
            "st": {"a": 1, "b": {"c": "y"}},
            "n": None,
            "nd": np.ones((2, 3, 4)),
            "sa": np.array([[(1.0, "a"), (2.0, "b")]], dtype=[("f", object), ("g", object)]),
            "rows": np.array(["ab", "cd"]),
            "sp": scipy.sparse.csc_matrix([[0, 2.5], [0, 0]]),
            "spb": scipy.sparse.csc_matrix([[False, True]]),
            "spi": scipy.sparse.csc_matrix(np.array([[0, 3]], np.int32)),
            "e": np.empty((0, 3)),
            **{name: np.array([[7]], name) for name in INTEGERS},
        },
        version,
    )
    code = """
        load f.mat
        assert(isequal(d(1), 1.5) && isnan(d(2)) && isa(s, 'single') && s == 1.5 && z == 1 + 2i && isequal(b, [true false]))
        assert(strcmp(t, 'go') && isequal(c, {'a'; 'bc'}) && isequal(m, {1, 'x'}) && strcmp(st.b.c, 'y') && isequal(n, []))
        assert(isequal(size(nd), [2 3 4]) && isequal({sa.g}, {'a', 'b'}) && isequal(rows, ['ab'; 'cd']))
        assert(issparse(sp) && isequal(full(sp), [0 2.5; 0 0]) && isequal(full(spb), [0 1]))  % Octave drops logical here
        assert(isequal(full(spi), [0 3]) && isa(spi, 'double') && isequal(size(e), [0 3]))
        names = {'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'};
        for k = 1:8, assert(isa(eval(names{k}), names{k}) && eval(names{k}) == 7), end
        disp('all')"""
    assert octave(code, tmp_path).strip() == "all"


# one Octave, as starting one takes most of the time: (call, what the message says)
MISTAKES = [
    ("LIF_network_fnc(net, '25', u, stims)", "scaling_factor must be a number, got the text '25'"),
    ("LIF_network_fnc(net, u, 25, stims)", "scaling_factor must be one real number, got an array of 1 x 11"),
    ("LIF_network_fnc(net, {25}, u, stims)", "scaling_factor must be a number, got cell of 1 x 1"),
    ("LIF_network_fnc(net, 25, {u}, stims)", "u must be inputs x columns of numbers, got cell of 1 x 1"),
    ("LIF_network_fnc(net, 25, 'u', stims)", "u must be inputs x columns of numbers, got the text 'u'"),
    (
        "LIF_network_fnc(net, 25, u, 'none')",
        "stims must be a struct with the field mode (none, exc or inh), got the text 'none'",
    ),
    ("LIF_network_fnc(net, 25, u, struct('mode', 1))", "stims.mode must be text, 'none', 'exc' or 'inh', got 1"),
    (
        "LIF_network_fnc(net, 25, u, struct('mode', 'exc', 'dur', [1 9], 'units', 'exc'))",
        "stims.units must be numbers of units or a logical mask, got the text 'exc'",
    ),
    (
        "LIF_network_fnc(net, 25, u, struct('mode', 'exc', 'dur', 'ab', 'units', 1:5))",
        "stims.dur must be [on off] in steps, got the text 'ab'",
    ),
    ("LIF_network_fnc(net, 25, u, stims, '1')", "downsample must be a whole number, got the text '1'"),
    (
        "LIF_network_fnc(net, 25, u, stims, 1, 'false')",
        "use_initial_weights must be true or false, got the text 'false'",
    ),
    ("LIF_network_fnc(net, 25, u, stims, 1, 5)", "use_initial_weights must be true or false, got 5"),
    ("rate2spike_run(net, '20:5:75', u)", "scaling_factors must be numbers, got the text '20:5:75'"),
    ("rate2spike_run(load(net), 20, u)", "model_path must be text, the path of a model file, got struct of 1 x 1"),
    ("rate2spike_search(net, '5')", "n_trials must be a whole number, got the text '5'"),
    ("rate2spike_search(net, 20:5:75, 100)", "n_trials must be one real number, got an array of 1 x 12"),
    ("rate2spike_search(net, 0, 20)", "number of trials must be a whole number from 1, got 0 (n_trials)"),
    ("rate2spike_search(net, 2, '20')", "scaling_factors must be numbers, got the text '20'"),
    ("rate2spike_search(net, 2, 20, 'no')", "use_initial_weights must be true or false, got the text 'no'"),
    ("rate2spike_search(net, 2, 20, false, 1)", "task must be text, such as 'go-nogo', got 1"),
    ("rate2spike_search(net, 2, 20, false, '', 'yes')", "reclaim must be true or false, got the text 'yes'"),
    ("rate2spike_search(net, 2, 20, false, '', false, 'eif')", "options must be one struct"),
    ("rate2spike_search(net, 2, 20, false, '', false, struct('lesion', {'E', '3'}))", "options must be one struct"),
    (
        "rate2spike_search(net, 2, 20, false, '', false, struct('n_threads', 'two'))",
        "n_threads must be one real number, got the text 'two'",
    ),
    ("rate2spike_eval_go_nogo()", "rate2spike_eval_go_nogo needs a model file or a folder"),
    ("rate2spike_eval_go_nogo(5)", "model_path must be text, a model file or a folder, got 5"),
    ("rate2spike_eval_go_nogo('notes.txt')", "cannot read notes.txt as a MAT file"),
    ("rate2spike_eval_go_nogo('other.mat')", "other.mat is not a model file"),
    ("rate2spike_check(3)", "python must be text, the path of a Python, got 3"),
]


@pytest.mark.octave
def test_wrong_kinds_of_arguments_are_named_with_what_was_expected(matlab, tmp_path):
    (tmp_path / "notes.txt").write_text("notes")
    savemat(tmp_path / "other.mat", {"a": 1})
    calls = "\n".join("'" + call.replace("'", "''") + "'" for call, _ in MISTAKES)
    output = matlab(f"""
        stims.mode = 'none'; u = zeros(1, 11); net = 'go-nogo.mat';
        calls = {{ {calls} }};
        for k = 1:numel(calls)
            try, eval(['x = ' calls{{k}} ';']); disp('no error'), catch e, printf('%s|%s\\n', e.identifier, e.message), end
        end""")
    answers = output.splitlines()
    assert len(answers) == len(MISTAKES), output
    wrong = [
        (call, answer)
        for (call, message), answer in zip(MISTAKES, answers, strict=True)
        if not answer.startswith("rate2spike:input|" + message)
    ]
    assert not wrong


@pytest.mark.octave
@pytest.mark.parametrize("script", ["lambda_grid_search", "eval_go_nogo"])
def test_a_script_without_the_published_folder_says_what_to_set(matlab, script):
    output = matlab(f"try, {script}, catch e, printf('%s|%s|%d', e.identifier, e.message, exist('model_dir')), end")
    assert output.startswith("rate2spike:input|set model_dir first") and output.endswith("|0"), output


@pytest.mark.octave
def test_octave_reads_on_after_an_append_behind_a_matrix_it_declared_too_long(octave, tmp_path):
    octave("a = ['ab'; 'cd']; save('-v6', 'f.mat', 'a')", tmp_path)
    append(tmp_path / "f.mat", {"b": 5})
    assert loadmat(tmp_path / "f.mat")["a"].tolist() == ["ab", "cd"]
    assert octave("load f.mat; printf('%s %d', a(2, :), b)", tmp_path) == "cd 5"


@pytest.mark.octave
def test_octave_reads_numbers_of_v73(octave, tmp_path):
    """More it cannot: GNU Octave 7 makes doubles of all numbers, and reads neither cells nor structs of v7.3."""
    savemat(tmp_path / "f.mat", {"d": np.arange(6.0).reshape(2, 3), "s": np.float32([[1.5]])}, "7.3")
    assert octave("load f.mat; printf('%d %d %g %s', size(d), d(2, 1), class(s))", tmp_path) == "2 3 3 double"


@pytest.mark.parametrize("path", M_FILES, ids=lambda path: path.name)
def test_syntax_stays_that_of_r2016a(path):
    # without texts and comments; a % within a text begins none
    code = re.sub(r"'(?:[^'\n]|'')*'|%.*", lambda found: "''" if found[0][0] == "'" else "", path.read_text())
    for newer in (
        r"^\s*arguments\b",
        r"\bstring\(",
        r"\bcontains\(",
        r"\bisfile\(",
        r"\bisfolder\(",
        r"\bnewline\b",
        r"\bstrip\(",
    ):
        assert not re.search(newer, code, re.MULTILINE), newer
    assert '"' not in code
    is_script = path.stem in ("lambda_grid_search", "eval_go_nogo")
    assert is_script != bool(re.search(rf"^function .*\b{path.stem}\(", code, re.MULTILINE)), (
        "the file name is what is called"
    )


def test_matlab_path_prints_the_folder_then_the_line_to_type(capsys):
    assert main(["matlab-path"]) == 0
    folder, line = capsys.readouterr().out.splitlines()
    assert Path(folder) == FOLDER and line == f"addpath('{folder}')"
    assert (FOLDER / "python_path.txt").read_text() == sys.executable


def test_bridge_refuses_what_it_does_not_know(tmp_path, capsys):
    savemat(tmp_path / "request.mat", {"action": "dance"})
    assert main(["matlab-bridge", str(tmp_path / "request.mat"), str(tmp_path / "answer.mat")]) == 2
    assert not capsys.readouterr().err  # the .m function says it, and may show standard error too
    assert "unknown action 'dance'" in loadmat(tmp_path / "answer.mat")["error_message"]

"""rate2spike_cascade.m in real GNU Octave, and the bridge behind it: structs with the published names, and mistakes."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rate2spike.cli.main import main
from rate2spike.matlab_compat.matfile import loadmat, savemat
from rate2spike.spiking.cascade.dendrite_soma_loop import simulate_dendrite_soma
from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams
from rate2spike.spiking.cascade.parallel_dendrite import simulate_parallel_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.cascade.subunit import SubunitParams, simulate_subunit

FOLDER = Path(__file__).parents[2] / "matlab_compat" / "m"
PULSE = np.r_[np.zeros(100), np.full(50, 20.0), np.zeros(350)]


@pytest.fixture
def matlab(octave, tmp_path, monkeypatch):
    """Run Octave code with the .m functions on the path; nothing may be left behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("RATE2SPIKE_PYTHON", sys.executable)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(code: str) -> str:
        output = octave(f"addpath('{FOLDER}'); {code}", tmp_path)
        assert not list(temporary.iterdir()), "temporary files are left"
        return output

    return run


def asked(tmp_path, figure, params=None):
    """(exit code, answer) of the bridge."""
    request = {"action": "cascade", "figure": figure} | ({} if params is None else {"params": params})
    savemat(tmp_path / "request.mat", request)
    code = main(["matlab-bridge", str(tmp_path / "request.mat"), str(tmp_path / "answer.mat")])
    return code, loadmat(tmp_path / "answer.mat")


@pytest.mark.octave
def test_fig4_gives_what_simulink_gave(matlab, tmp_path):
    matlab("""
        t = rate2spike_cascade('fig4', struct('peak', 1.75, 'loc', 1.9, 'gain', 3, 'sensit', 0.3, 'pulse_height', 2, ...
            'soma_thresh', 0.19));
        names = fieldnames(t)'; sizes = [size(t.time); size(t.Vs_nl); size(t.soma_thresh)];
        save('-v7', 'found.mat', 't', 'names', 'sizes')""")
    found = loadmat(tmp_path / "found.mat", simplify=True)
    assert found["names"] == [
        *("time", "input", "Vd", "Vd_lin", "Vs", "Vs_lin", "Vs_nl"),
        *("peak", "loc", "gain", "sensit", "pulse_height", "soma_thresh"),
    ]
    assert found["sizes"].tolist() == [[5003, 1], [5003, 1], [1, 1]]
    expected = simulate_recurrent_dendrite(params=RecurrentDendriteParams()).to_historic()
    assert found["t"].keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found["t"][name], value, err_msg=name)
    assert found["t"]["Vd"].max() == pytest.approx(0.925277, abs=1e-4)
    assert found["t"]["time"][found["t"]["Vs_nl"] > 0][0] == pytest.approx(7.4641, abs=0.01)


@pytest.mark.octave
def test_an_array_of_structs_gives_an_array_of_runs(matlab):
    output = matlab("""
        peaks = {1, 1.5; 1.75, 2};
        runs = rate2spike_cascade('fig4', struct('peak', peaks, 'dt_ms', 0.1));
        printf('%d %d|', size(runs)); printf('%g ', runs.peak); printf('|%.4f', arrayfun(@(run) max(run.Vd), runs))""")
    size, peaks, *largest = output.split("|")
    assert size == "2 2" and peaks.split() == ["1", "1.75", "1.5", "2"]
    expected = [
        simulate_recurrent_dendrite(params=RecurrentDendriteParams(peak=peak, dt_ms=0.1)) for peak in (1, 1.75, 1.5, 2)
    ]
    assert [float(one) for one in largest] == pytest.approx([run.max_dendrite for run in expected], abs=1e-4)


@pytest.mark.octave
def test_nothing_given_means_defaults(matlab):
    output = matlab("""
        a = rate2spike_cascade('fig4'); b = rate2spike_cascade('fig4', []); c = rate2spike_cascade('fig4', struct());
        d = rate2spike_cascade('fig4', struct('peak', []));
        e = rate2spike_cascade('fig4', struct('peak', single(1.75), 'soma_thresh', sparse(0.19)));
        printf('%d %d %d %d %g', isequal(a, b), isequal(a, c), isequal(a, d), isequal(a, e), a.peak)""")
    assert output == "1 1 1 1 1.75"


@pytest.mark.octave
def test_the_other_figures_have_our_names_and_numbers(matlab, tmp_path):
    matlab("""
        u = zeros(1, 500); u(101:150) = 20;
        fig3 = rate2spike_cascade('fig3', struct('input', u, 'tau_na_ms', 30, 'truncated', false));
        fig5 = rate2spike_cascade('fig5', struct('stimulus', u'));
        fig6 = rate2spike_cascade('fig6', struct('soma_input', u / 10, 'dendrite_input', u, 'backprop_gain', 0));
        fig4 = rate2spike_cascade('fig4', struct('input', sparse(u / 10), 'dt_ms', 0.1));
        save('-v7', 'found.mat', 'fig3', 'fig4', 'fig5', 'fig6')""")
    found = loadmat(tmp_path / "found.mat", simplify=True)
    subunit = simulate_subunit(PULSE, SubunitParams(tau_na_ms=30, truncated=False))
    dendrite = simulate_parallel_dendrite(PULSE)
    loop = simulate_dendrite_soma(PULSE / 10, PULSE, DendriteSomaParams(backprop_gain=0))
    recurrent = simulate_recurrent_dendrite(PULSE / 10, RecurrentDendriteParams(dt_ms=0.1))
    for name in ("time_ms", "stimulus", "v_linear", "drive", "v_dendrite"):
        np.testing.assert_array_equal(found["fig3"][name], getattr(subunit, name))
    for name in ("time_ms", "stimulus", "na", "ca", "nmda"):
        np.testing.assert_array_equal(found["fig5"][name], getattr(dendrite, name))
    for name, value in loop.table().items():
        np.testing.assert_array_equal(found["fig6"][name], value)
    np.testing.assert_array_equal(np.ravel(found["fig6"]["onsets_ms"]), loop.onsets_ms)
    np.testing.assert_array_equal(found["fig4"]["Vd"], recurrent.dendrite)


@pytest.mark.octave
def test_warnings_arrive(matlab):
    output = matlab("""
        u = zeros(1, 50); lastwarn('');
        t = rate2spike_cascade('fig6', struct('soma_input', u, 'dendrite_input', u, 'adaptation_first_tap', 'none'));
        [text, identifier] = lastwarn(); printf('%s|%s', identifier, text)""")
    assert output.startswith("rate2spike:cascade|not all filters have area 1")


# one Octave, as starting one takes most of the time: (call, what the message says)
MISTAKES = [
    ("rate2spike_cascade()", "rate2spike_cascade needs a figure: 'fig3', 'fig4', 'fig5' or 'fig6'"),
    ("rate2spike_cascade(4)", "figure_name must be text, 'fig3', 'fig4', 'fig5' or 'fig6', got 4"),
    ("rate2spike_cascade('fig9')", "unknown figure 'fig9': choose from fig3, fig4, fig5, fig6"),
    (
        "rate2spike_cascade('fig4', 5)",
        "params must be a struct such as struct('peak', 1.75), or an array of them, got 5",
    ),
    ("rate2spike_cascade('fig4', struct([]))", "params must be a struct"),
    (
        "rate2spike_cascade('fig4', struct('sens', 1))",
        "fig4 has no field 'sens'; did you mean sensit?; known are peak,",
    ),
    ("rate2spike_cascade('fig3', struct('loc', 1))", "fig3 has no field 'loc'; known are tau_membrane_ms,"),
    ("rate2spike_cascade('fig4', struct('sensit', 'steep'))", "sensit must be one real number, got the text 'steep'"),
    ("rate2spike_cascade('fig4', struct('sensit', 0))", "sensit must be a positive number, got 0"),
    ("rate2spike_cascade('fig4', struct('sensitivity', 0))", "sensitivity must be a positive number, got 0"),
    (
        "rate2spike_cascade('fig4', struct('sensit', 1, 'sensitivity', 1))",
        "sensitivity is given twice, under both of its names",
    ),
    ("rate2spike_cascade('fig4', struct('peak', [1 2]))", "peak must be one real number, got an array of 1 x 2"),
    ("rate2spike_cascade('fig4', struct('peak', 1 + 2i))", "peak must be one real number"),
    ("rate2spike_cascade('fig4', struct('peak', NaN))", "peak must be one real number, got nan"),
    ("rate2spike_cascade('fig4', struct('peak', {{1}}))", "peak must be one real number"),
    (
        "rate2spike_cascade('fig4', struct('soma_thresh', {1, 'x'}))",
        "soma_thresh must be one real number, got the text",
    ),
    ("rate2spike_cascade('fig4', struct('input', 1))", "input must have two samples or more"),
    ("rate2spike_cascade('fig4', struct('duration_ms', 1e30))", "duration_ms holds too many samples of dt_ms"),
    ("rate2spike_cascade('fig3')", "fig3 needs the field stimulus, a vector with a value every dt_ms"),
    ("rate2spike_cascade('fig3', struct('input', 'abc'))", "input must be a real numeric array"),
    ("rate2spike_cascade('fig3', struct('input', [1 NaN]))", "input must be finite, element 2 is not"),
    ("rate2spike_cascade('fig5', struct('stimulus', ones(2, 3)))", "stimulus must be a vector, got an array of 2 x 3"),
    ("rate2spike_cascade('fig6', struct('soma_input', 1:5))", "fig6 needs the field dendrite_input"),
    (
        "rate2spike_cascade('fig6', struct('soma_input', 1:5, 'dendrite_input', 1:6))",
        "soma_input and dendrite_input must be equally long, got 5 and 6 samples",
    ),
]


@pytest.mark.octave
def test_mistakes_are_named_with_what_was_expected(matlab):
    calls = "\n".join("'" + call.replace("'", "''") + "'" for call, _ in MISTAKES)
    output = matlab(f"""
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


@pytest.mark.parametrize(
    ("figure", "params", "message"),
    [
        ("fig9", None, "unknown figure 'fig9': choose from fig3, fig4, fig5, fig6"),
        (5.0, None, "unknown figure"),
        ("fig4", "text", "params must be a struct"),
        ("fig4", {"peek": 1.0}, "fig4 has no field 'peek'; did you mean peak?"),
        ("fig4", {"peak": "x"}, "peak must be one real number, got the text 'x'"),
        ("fig6", {"soma_input": [1.0, 2.0]}, "fig6 needs the field dendrite_input"),
    ],
)
def test_the_bridge_answers_bad_requests_in_one_line(tmp_path, figure, params, message):
    code, answer = asked(tmp_path, figure, params)
    assert code == 2 and answer["error_message"].startswith(message) and "\n" not in answer["error_message"]


def test_the_bridge_gives_columns(tmp_path):
    code, answer = asked(tmp_path, "fig4", {"loc": 1.4, "peak": 0.0, "sensit": 0.2, "soma_thresh": 1.0})
    run = answer["runs"][0, 0]
    assert code == 0 and run["Vd"].shape == (5001, 1) and run["loc"].item() == 1.4 and not answer["notes"].size
    np.testing.assert_allclose(run["Vd"], 0.00273315, atol=1e-8)

"""What a MATLAB user waits for, timed inside GNU Octave: one trial by LIF_network_fnc, 1 200 by rate2spike_run.

`plain .m`: the same trial by the bundled statement of the equations (rate2spike_reference), without Python.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODEL = next((ROOT / "tests" / "data" / "models").glob("Task_go-nogo*.mat"))
REPEATS = 5
CODE = f"""
addpath('{ROOT / "matlab_compat" / "m"}');
model = '{MODEL}'; stims.mode = 'none'; u = zeros(1, 201); u(50:75) = 1; U = zeros(1, 201, 100); U(1, 50:75, 51:100) = 1;
LIF_network_fnc(model, 25, u, stims, 1, false);
t = zeros(4, {REPEATS});
for k = 1:{REPEATS}
    tic; [~, ~, ~, ~, ~, out] = LIF_network_fnc(model, 25, u, stims, 1, false); t(1, k) = toc;
    tic; [W, REC, spk, rs, all_fr, out, params] = LIF_network_fnc(model, 25, u, stims, 1, false); t(2, k) = toc;
    tic; out = rate2spike_run(model, 20:5:75, U); t(3, k) = toc;
    tic; rate2spike_reference(model, 25, u, stims, 1, false); t(4, k) = toc;
end
printf('%g ', median(t, 2));
"""


def run() -> dict[str, float]:
    """Medians in seconds; nothing where there is no Octave."""
    octave = shutil.which("octave-cli") or shutil.which("octave")
    if octave is None:
        return {}
    done = subprocess.run(
        [octave, "--no-gui", "--quiet", "--eval", CODE],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"RATE2SPIKE_PYTHON": sys.executable},
    )
    six, seven, many, plain = map(float, done.stdout.split())
    return {
        "Octave: 1-s trial, six outputs, s": six,
        "Octave: 1-s trial, seven outputs, s": seven,
        "Octave: 1 200 trials in one call, s": many,
        "Octave: plain .m trial, s": plain,
        "plain .m / one of the 1 200": plain / (many / 1200),
    }

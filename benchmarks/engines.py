"""The same networks in this package, in Brian2 (C++ standalone) and in NEST: first that they agree, then what a step costs.

    python benchmarks/engines.py --environments .venv-engines --output bench
    python benchmarks/engines.py --environments .venv-engines --output bench --only cores trials

The rivals get environments of their own in the folder --environments, from the package index, if they are not there. Nothing
is timed unless the gate is passed. engines.csv and engines.png go to --output. Copied to docs/ they are those of
docs/engines.md, which says what is compared; `python benchmarks/pages.py` then writes its tables.

Engines take turns; every program makes an untimed run first. On one core times are those of the processor, so that others on
it do not count, on two those of the clock.
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from rate2spike.io.figure_file import save_figure

from engines_gate import gate, without_noise
from engines_ours import at_rate, network_of
from engines_page import TABLES, TIMED, figure_of
from engines_programs import BRIAN2, BRIAN2_FLOAT32, NEST, OURS, Engine, Network, Program, make_environments
from engines_rows import Row, read, row_of, write
from engines_yardsticks import yardsticks
from timing import machine

REPEATS = 5
SIZES, P_CONNECTED, RATE_HZ, N_STEPS = (200, 1000, 3000, 10_000), 0.01, 5.0, 10_000
RATES_HZ, RATES_AT, RATES_P = (1.0, 5.0, 20.0, 100.0), 1000, 0.1
CORES_STEPS = 2000  # fewer: on a core that others use too, threads that wait for each other take very long
UNTIMED = ("machine", "gate")
STUDIES = (*UNTIMED, *TIMED, "yardsticks")
TRIALS, TRIALS_AT, TRIAL_STEPS = (1, 10, 100), 200, 4000


@dataclass(frozen=True)
class Case:
    """What is timed."""

    study: str
    network: Network
    p_connected: float
    target_hz: float
    engines: tuple[Engine, ...]
    cores: int = 1
    trials: int = 1

    def program(self, engine: Engine, environments: Path) -> Program:
        """On two cores: the rivals share a trial among threads, and trials among programs, which is what they do best."""
        if self.trials == 1:
            threads = 1 if engine == OURS else self.cores
            return Program(engine, self.network, environments, threads)
        copies = 1 if engine == OURS else self.cores
        return Program(engine, self.network, environments, self.cores // copies, self.trials, copies)

    def rows(self, engine: Engine, program: Program, runs: list[dict[str, float]]) -> Iterator[Row]:
        """Of an engine's runs."""
        n_steps = self.trials * self.network.n_steps
        clock = "cpu_s" if self.cores == 1 else "wall_s"
        per_step = [run[clock] / self.network.n_units / n_steps * 1e9 for run in runs]
        per_s = self.network.n_units * n_steps * self.network.dt_ms / 1000
        yield self._row(engine, "ns per unit and step", per_step)
        yield self._row(engine, "cores used", [run["cpu_s"] / run["wall_s"] for run in runs])
        yield self._row(engine, "mean rate, Hz", [run["n_spikes"] / per_s for run in runs])
        yield self._row(engine, "building, s", [program.build_s])
        yield self._row(engine, "memory, MB", [run["peak_mb"] for run in runs[-1:]])

    def _row(self, engine: Engine, quantity: str, values: list[float]) -> Row:
        return row_of(
            self.study,
            engine.name,
            quantity,
            values,
            n_units=self.network.n_units,
            p_connected=self.p_connected,
            target_hz=self.target_hz,
            cores=self.cores,
            trials=self.trials,
        )


def cases() -> Iterator[Case]:
    """All that is timed."""
    for n in SIZES:
        network = _at_moderate_rate(n, N_STEPS)
        yield Case("units", network, P_CONNECTED, RATE_HZ, (OURS, BRIAN2, BRIAN2_FLOAT32, NEST))
        network = replace(network, n_steps=CORES_STEPS)
        yield Case("cores", network, P_CONNECTED, RATE_HZ, (OURS, BRIAN2, NEST), cores=2)
    for rate in RATES_HZ:
        network = at_rate(network_of(RATES_AT, RATES_P, N_STEPS), rate)
        yield Case("rate", network, RATES_P, rate, (OURS, BRIAN2, NEST))
    yield Case("quiet", without_noise(network_of(RATES_AT, RATES_P, N_STEPS)), RATES_P, 0.0, (OURS, BRIAN2, NEST))
    for n_trials in TRIALS:
        network = _at_moderate_rate(TRIALS_AT, TRIAL_STEPS)
        for cores in (1, 2) if n_trials > 1 else (1,):
            yield Case("trials", network, P_CONNECTED, RATE_HZ, (OURS, BRIAN2, NEST), cores, n_trials)


@cache
def _at_moderate_rate(n_units: int, n_steps: int) -> Network:
    return at_rate(network_of(n_units, P_CONNECTED, n_steps), RATE_HZ)


def timed(case: Case, environments: Path, repeats: int) -> list[Row]:
    """The engines' programs in turn, after an untimed run of each."""
    with ExitStack() as stack:
        programs = {one: stack.enter_context(case.program(one, environments)) for one in case.engines}
        runs: dict[Engine, list[dict[str, float]]] = {engine: [] for engine in programs}
        for program in programs.values():
            program.run()
        for _ in range(repeats):
            for engine, program in programs.items():
                runs[engine].append(program.run())
        return [row for engine in programs for row in case.rows(engine, programs[engine], runs[engine])]


def where_and_when() -> Row:
    """The machine, for the page."""
    its = machine()
    return row_of(
        "machine", f"{its['processor']}, Python {its['python']}, {date.today()}", "cores", [float(its["cores"] or 1)]
    )


def main() -> None:
    """The gate, then everything else or a part of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environments", type=Path, default=Path(".venv-engines"), help="folder of the rivals'")
    parser.add_argument("--output", type=Path, default=Path("bench"), help="folder of engines.csv and engines.png")
    parser.add_argument(
        "--only", nargs="+", choices=STUDIES, default=STUDIES, help="others keep their rows in engines.csv"
    )
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"timed runs of each (default: {REPEATS})")
    arguments = parser.parse_args()
    make_environments(arguments.environments)
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / "engines.csv"
    rows = {study: [row for row in read(path) if row.study == study] for study in STUDIES} if path.exists() else {}
    rows |= {"machine": [where_and_when()], "gate": gate(arguments.environments)}
    print("gate passed", flush=True)
    for study in arguments.only:
        rows[study] = (
            measured(study, arguments.environments, arguments.repeats) if study not in UNTIMED else rows[study]
        )
        write([row for one in STUDIES for row in rows.get(one, [])], path)
        print(f"\n{study}\n{TABLES[study](rows[study])}", flush=True)
    if all(rows.get(study) for study in STUDIES):
        save_figure(figure_of(read(path)), arguments.output / "engines")


def measured(study: str, environments: Path, repeats: int) -> list[Row]:
    """A study's rows."""
    if study == "yardsticks":
        return list(yardsticks(SIZES[-1], repeats))
    return [row for case in cases() if case.study == study for row in timed(case, environments, repeats)]


if __name__ == "__main__":
    main()

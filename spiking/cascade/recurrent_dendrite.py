"""A dendrite with a sodium-like nonlinearity that somatic spikes reach too: as published for Simulink, in closed form.

    40 dVs_lin/dt = u - Vs_lin                                    the soma, which the dendrite does not reach
    p = pulse_height for 1 ms after each time that Vs_lin rises above soma_threshold, else 0
    20 dVd_lin/dt = u + p - Vd_lin                                the dendrite
     2 dy/dt      = u + p - y                                     what opens its sodium channels
    Vd = Vd_lin + gain / (1 + exp(-(y - half_activation) / sensitivity))

u is the input, by default an alpha function (Harkin, Shen, Goel, Richards & Naud 2022, Fig. 4). Rising above the threshold
while a pulse lasts begins it anew.
"""

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.spiking.cascade.given import params_given
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_stages import LinearStages
from rate2spike.spiking.cascade.recurrent_dendrite_traces import RecurrentDendriteTraces
from rate2spike.spiking.cascade.signals import as_signal


@public()
def simulate_recurrent_dendrite(
    stimulus: np.ndarray | None = None, params: RecurrentDendriteParams | None = None
) -> RecurrentDendriteTraces:
    """Simulate a dendrite with a sodium-like nonlinearity, which spikes of the soma reach.

    The solution is exact at all samples, for any distance between them: closed forms, and the moment at which the soma
    crosses its threshold found to the last digits. Nothing is drawn at random.

    Parameters
    ----------
    stimulus : ndarray (n_samples,), optional
        Input in place of the alpha function, samples dt_ms apart, joined by straight lines. Default: an alpha function with
        the maximum params.peak.
    params : RecurrentDendriteParams, optional
        Default: the published run with a spike of the soma.

    Returns
    -------
    RecurrentDendriteTraces
        All signals, spikes of the soma and largest values.

    Raises
    ------
    InputError
        For params that are none, and a stimulus that is no row of two or more finite numbers.

    Examples
    --------
    >>> run = simulate_recurrent_dendrite(params=RecurrentDendriteParams(peak=1.75))
    >>> run
    RecurrentDendriteTraces(peak=1.75, max_dendrite=0.9253, max_dendrite_ms=8.464, max_dendrite_linear=0.4412, n_spikes=1,
    first_spike_ms=7.464)
    >>> alone = simulate_recurrent_dendrite(params=RecurrentDendriteParams(peak=1.75, soma_threshold=1.0))
    >>> round(alone.max_dendrite, 4), alone.n_spikes
    (0.6107, 0)
    """
    params = params_given(params, RecurrentDendriteParams)
    samples = None if stimulus is None else as_signal(stimulus, "stimulus")
    if samples is not None and samples.size < 2:
        raise InputError("{stimulus} must have two samples or more", "stimulus")
    return RecurrentDendriteTraces.of(params, LinearStages.of(params, samples), samples is not None)

"""A soma and a dendrite that excite each other, sample by sample: three exponential filters that end, two nonlinearities."""

import numpy as np

from rate2spike.spiking.kernels.compiled import compiled

# rows of the states, as the caller has them
SOMA_LINEAR, ADAPTATION, DENDRITE_LINEAR, SPIKES, DENDRITE = range(5)
# columns of the filters, of which the rows are soma, adaptation and dendrite
DECAY, ENTERING, LEAVING, FIRST_TAP_ADDED = range(4)


@compiled()
def run_loop(soma_input, dendrite_input, filters, n_taps, spike, sigmoid, backprop_gain, states):
    """Fill the (5, n_samples) states from sample 1 on; sample 0 is given.

    filters (3, 4): decay per sample, the weight with which a sample enters, that with which it leaves after n_taps (3,)
    samples, and what is added to the first tap only. spike: threshold, height. sigmoid: gain, half activation, sensitivity.
    Everything in a sample follows from the samples before, so that every arrow of the loop takes one sample.
    """
    memory = np.zeros(3)
    drive = np.empty((3, soma_input.size))  # what the filters are fed with
    for n in range(1, soma_input.size):
        last = n - 1
        drive[0, last] = soma_input[last] + states[DENDRITE, last] - states[ADAPTATION, last]
        drive[1, last] = states[SPIKES, last]
        drive[2, last] = dendrite_input[last] + backprop_gain * states[SPIKES, last]
        for k in range(3):
            memory[k] = filters[k, DECAY] * memory[k] + filters[k, ENTERING] * drive[k, last]
            if last >= n_taps[k]:
                memory[k] -= filters[k, LEAVING] * drive[k, last - n_taps[k]]
            states[k, n] = memory[k] + filters[k, FIRST_TAP_ADDED] * drive[k, last]
        states[SPIKES, n] = 0.0 if states[SOMA_LINEAR, last] < spike[0] else spike[1]
        distance = (states[DENDRITE_LINEAR, last] - sigmoid[1]) / sigmoid[2]
        states[DENDRITE, n] = sigmoid[0] / (1.0 + np.exp(-distance))

: Conductance of a receptor: two exponentials with their peak as unit; blocked by magnesium, if there is any (mg, in mM)

NEURON {
    POINT_PROCESS r2s_Receptor
    RANGE gmax, rise, decay, e, slope, mg, g
    NONSPECIFIC_CURRENT i
}

UNITS {
    (mV) = (millivolt)
    (nA) = (nanoamp)
    (uS) = (microsiemens)
    (mM) = (milli/liter)
}

PARAMETER {
    gmax = 0 (uS)
    rise = 0.3 (ms)
    decay = 3 (ms)
    e = 0 (mV)
    slope = 0 (/mV)
    mg = 0 (mM)
}

ASSIGNED {
    v (mV)
    i (nA)
    g (uS)
    factor
}

STATE { r d }

BREAKPOINT {
    SOLVE decline METHOD cnexp
    g = gmax * (d - r)
    IF (mg > 0) {
        g = g / (1 + exp(-slope * v) * mg / 3.57)
    }
    i = g * (v - e)
}

INITIAL {
    LOCAL peak
    peak = rise * decay / (decay - rise) * log(decay / rise)
    factor = 1 / (exp(-peak / decay) - exp(-peak / rise))
    r = 0
    d = 0
}

DERIVATIVE decline {
    r' = -r / rise
    d' = -d / decay
}

NET_RECEIVE(weight) {
    r = r + weight * factor
    d = d + weight * factor
}

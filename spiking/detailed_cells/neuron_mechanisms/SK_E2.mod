: Calcium-activated potassium current

NEURON {
    SUFFIX r2s_SK_E2
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gbar
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (mM) = (milli/liter)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
    tau = 1 (ms)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    cai (mM)
    zinf
}

STATE { z }

BREAKPOINT {
    SOLVE gate METHOD cnexp
    ik = gbar * z * (v - ek)
}

INITIAL {
    opening(cai)
    z = zinf
}

DERIVATIVE gate {
    opening(cai)
    z' = (zinf - z) / tau
}

PROCEDURE opening(ca (mM)) {
    LOCAL c
    c = ca
    IF (c < 1e-7) {
        c = c + 1e-7
    }
    zinf = 1 / (1 + (0.00043 / c)^4.8)
}

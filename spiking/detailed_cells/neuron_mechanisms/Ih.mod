: Hyperpolarization-activated cation current; shift moves its gate along the voltage

NEURON {
    SUFFIX r2s_Ih
    NONSPECIFIC_CURRENT ih
    RANGE gbar, eh, shift
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
    eh = -45 (mV)
    shift = 0 (mV)
}

ASSIGNED {
    v (mV)
    ih (mA/cm2)
    minf
    mtau (ms)
}

STATE { m }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ih = gbar * m * (v - eh)
}

INITIAL {
    rates(v)
    m = minf
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m) / mtau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = linoid(-(v - shift + 154.9), 0.00643, 11.9)
    b = 0.193 * exp((v - shift) / 33.1)
    minf = a / (a + b)
    mtau = 1 / (a + b)
}

FUNCTION linoid(x, k, y) {  : k x / (1 - exp(-x / y)), with its limit where x is 0
    IF (fabs(x / y) < 1e-6) {
        linoid = k * y * (1 + x / y / 2)
    } ELSE {
        linoid = k * x / (1 - exp(-x / y))
    }
}

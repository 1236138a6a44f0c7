: Persistent sodium current

NEURON {
    SUFFIX r2s_Nap_Et2
    USEION na READ ena WRITE ina
    RANGE gbar
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ina (mA/cm2)
    minf
    mtau (ms)
    hinf
    htau (ms)
}

STATE { m h }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ina = gbar * m * m * m * h * (v - ena)
}

INITIAL {
    rates(v)
    m = minf
    h = hinf
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m) / mtau
    h' = (hinf - h) / htau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    minf = 1 / (1 + exp(-((v + 52.6) / 4.6)))
    a = linoid(v + 38, 0.182, 6)
    b = linoid(-(v + 38), 0.124, 6)
    mtau = 6 / ((a + b) * 2.3^1.3)
    hinf = 1 / (1 + exp((v + 48.8) / 10))
    a = linoid(-(v + 17), 2.88e-6, 4.63)
    b = linoid(v + 64.4, 6.94e-6, 2.63)
    htau = 1 / ((a + b) * 2.3^1.3)
}

FUNCTION linoid(x, k, y) {  : k x / (1 - exp(-x / y)), with its limit where x is 0
    IF (fabs(x / y) < 1e-6) {
        linoid = k * y * (1 + x / y / 2)
    } ELSE {
        linoid = k * x / (1 - exp(-x / y))
    }
}

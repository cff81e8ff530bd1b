COMMENT
Sodium, potassium and leak channels after Traub and Miles 1991, as in the network benchmark COBAHH.
ENDCOMMENT

NEURON {
    SUFFIX traub_miles
    USEION na READ ena WRITE ina
    USEION k READ ek WRITE ik
    NONSPECIFIC_CURRENT il
}

UNITS {
    (mA) = (milliamp)
    (mV) = (millivolt)
    (S) = (siemens)
}

PARAMETER {
    gna = 0.1 (S/cm2)
    gk = 0.03 (S/cm2)
    gl = 5e-5 (S/cm2)
    el = -60 (mV)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ek (mV)
    ina (mA/cm2)
    ik (mA/cm2)
    il (mA/cm2)
}

STATE { m h n }

INITIAL {
    m = am(v)/(am(v) + bm(v))
    h = ah(v)/(ah(v) + bh(v))
    n = an(v)/(an(v) + bn(v))
}

BREAKPOINT {
    SOLVE change METHOD cnexp
    ina = gna*m*m*m*h*(v - ena)
    ik = gk*n*n*n*n*(v - ek)
    il = gl*(v - el)
}

DERIVATIVE change {
    m' = am(v)*(1 - m) - bm(v)*m
    h' = ah(v)*(1 - h) - bh(v)*h
    n' = an(v)*(1 - n) - bn(v)*n
}

FUNCTION ratio(x) {
    if (fabs(x) < 1e-5) {
        ratio = 1 - x/2 + x*x/12
    } else {
        ratio = x/(exp(x) - 1)
    }
}

FUNCTION am(v) { am = 1.28*ratio((-50 - v)/4) }

FUNCTION bm(v) { bm = 1.4*ratio((v + 23)/5) }

FUNCTION ah(v) { ah = 0.128*exp((-46 - v)/18) }

FUNCTION bh(v) { bh = 4/(1 + exp((-23 - v)/5)) }

FUNCTION an(v) { an = 0.16*ratio((-48 - v)/5) }

FUNCTION bn(v) { bn = 0.5*exp((-53 - v)/40) }

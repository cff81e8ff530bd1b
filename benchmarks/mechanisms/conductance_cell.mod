COMMENT
Leaky integrate-and-fire cell with two conductances, towards 0 and -80 mV, integrated by CVODE.
The potential is u, not that of the section; while it is refractory, active is 0 and u stands still.
Negative weights are those of inhibition.
ENDCOMMENT

NEURON {
    POINT_PROCESS ConductanceCell
    RANGE C, g, E, th, reset, t_ref, start, drive
}

PARAMETER {
    C = 0.2
    g = 0.01
    E = -60
    th = -50
    reset = -60
    t_ref = 5
    start = -60
    drive = 0
}

ASSIGNED { active }

STATE { u ge gi }

INITIAL {
    u = start
    ge = 0
    gi = 0
    active = 1
    net_send(0, 1)
}

BREAKPOINT {
    SOLVE change METHOD derivimplicit
}

DERIVATIVE change {
    u' = active*(g*(E - u) - ge*u + gi*(-80 - u) + drive)/C
    ge' = -ge/5
    gi' = -gi/10
}

NET_RECEIVE (weight) {
    if (flag == 0) {
        if (weight > 0) {
            ge = ge + weight
        } else {
            gi = gi - weight
        }
    } else if (flag == 1) {
        WATCH (u > th) 2
    } else if (flag == 2) {
        net_event(t)
        u = reset
        active = 0
        net_send(t_ref, 3)
    } else if (flag == 3) {
        active = 1
    }
}

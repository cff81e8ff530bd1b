COMMENT
Integrate-and-fire cell whose potential jumps at each event; between events a closed form.
x is the distance from rest. A rest above the threshold makes the cell fire by itself.
ENDCOMMENT

NEURON {
    ARTIFICIAL_CELL JumpCell
    RANGE taum, v_rest, v_th, v_reset, t_ref, v_start
}

PARAMETER {
    taum = 20 (ms)
    v_rest = -49
    v_th = -50
    v_reset = -60
    t_ref = 5 (ms)
    v_start = -60
}

ASSIGNED {
    x
    last (ms)
    is_refractory
}

INITIAL {
    x = v_start - v_rest
    last = t
    is_refractory = 0
    net_send(interval(), 1)
}

FUNCTION interval() (ms) {
    if (x > v_th - v_rest) {
        interval = 0
    } else if (v_th < v_rest) {
        interval = taum*log(x/(v_th - v_rest))
    } else {
        interval = 1e9
    }
}

NET_RECEIVE (w) {
    if (is_refractory == 0) {
        x = x*exp(-(t - last)/taum)
    }
    last = t
    if (flag == 0) {
        if (is_refractory == 0) {
            x = x + w
            net_move(t + interval())
        }
    } else if (is_refractory == 1) {
        is_refractory = 0
        net_send(interval(), 1)
    } else {
        net_event(t)
        x = v_reset - v_rest
        is_refractory = 1
        net_send(t_ref, 1)
    }
}

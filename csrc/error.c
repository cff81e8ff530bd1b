/* The text of every error code. */
#include "error.h"

const char *evsim_error_text(int code) {
    if (code >= 0)
        return "no error";
    switch (code) {
    case EVSIM_NO_MEMORY:
        return "out of memory";
    case EVSIM_NOT_FINITE:
        return "a state is not finite";
    case EVSIM_ENDLESS:
        return "a loop of synapses with zero delay fires for ever at one instant";
    case EVSIM_STUCK:
        return "the threshold holds after the reset and there is no refractory period";
    case EVSIM_BAD_ARGUMENT:
        return "an argument is out of its range";
    case EVSIM_INTERRUPTED:
        return "the run was interrupted";
    case EVSIM_TOO_OFTEN:
        return "a neuron spikes so often that the run would not end";
    case EVSIM_NO_THREAD:
        return "no thread could be started";
    default:
        return "unknown error code";
    }
}

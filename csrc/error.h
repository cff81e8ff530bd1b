/* Error codes of the core: zero or a count is success, a negative number is one of these. */
#ifndef EVSIM_ERROR_H
#define EVSIM_ERROR_H

enum evsim_error {
    EVSIM_OK = 0,
    EVSIM_NO_MEMORY = -1,    /* an allocation failed; the object is as it was before the call */
    EVSIM_NOT_FINITE = -2,   /* a state became infinite or not a number */
    EVSIM_ENDLESS = -3,      /* a loop of zero delays fires for ever at one instant */
    EVSIM_STUCK = -4,        /* the threshold holds after the reset, and t_ref is zero */
    EVSIM_BAD_ARGUMENT = -5, /* the caller broke the contract of the function */
    EVSIM_INTERRUPTED = -6,  /* the run was stopped at a consistent time and may go on */
    EVSIM_NO_THREAD = -7,    /* the system gave no thread */
    EVSIM_TOO_OFTEN = -8     /* a neuron spikes so often that its window would not end */
};

/* One line in English for a code; never NULL, also for numbers that are no code. */
const char *evsim_error_text(int code);

#endif

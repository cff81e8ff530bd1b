/* Elementary functions for generated C: evsim_exp, evsim_expm1, evsim_exprel, evsim_tanh,
 * evsim_log, evsim_log1p, evsim_sin, evsim_cos, evsim_pow.
 *
 * They give the same bits on every machine and in vectors of every width, under
 * -ffp-contract=off, and are vectorised in plain loops, also under -fno-trapping-math. */
#ifndef EVSIM_KERNEL_ELEMENTARY_H
#define EVSIM_KERNEL_ELEMENTARY_H

#include "expm1.h"
#include "log.h"
#include "pow.h"
#include "sin.h"

#endif

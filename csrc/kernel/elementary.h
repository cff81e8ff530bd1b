/* Elementary functions for generated C: evsim_exp.
 *
 * They give the same bits on every machine and in vectors of every width, under
 * -ffp-contract=off, and are vectorised in plain loops, also under -fno-trapping-math. */
#ifndef EVSIM_KERNEL_ELEMENTARY_H
#define EVSIM_KERNEL_ELEMENTARY_H

#include "exp.h"

#endif

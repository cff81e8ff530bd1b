/* The text of every error code. */
#include "../error.h"

#include <string.h>

#include "check.h"

static void test_every_code_has_a_text_of_its_own(void) {
    for (int a = EVSIM_NO_THREAD; a < 0; a++) {
        CHECK(strcmp(evsim_error_text(a), "unknown error code") != 0);
        for (int b = a + 1; b <= 0; b++)
            CHECK(strcmp(evsim_error_text(a), evsim_error_text(b)) != 0);
    }
}

static void test_counts_are_no_errors_and_other_numbers_are_unknown(void) {
    CHECK(strcmp(evsim_error_text(EVSIM_OK), "no error") == 0);
    CHECK(strcmp(evsim_error_text(17), "no error") == 0);
    CHECK(strcmp(evsim_error_text(EVSIM_TOO_OFTEN - 1), "unknown error code") == 0);
    CHECK(strcmp(evsim_error_text(-12345), "unknown error code") == 0);
}

int main(void) {
    test_every_code_has_a_text_of_its_own();
    test_counts_are_no_errors_and_other_numbers_are_unknown();
    return check_report("error");
}

/* The program of an exported network, from its arrays to its results. */
#define _POSIX_C_SOURCE 200809L

#include "standalone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"

#define MOST_THREADS 4096
#define LONG 1e9 /* ms of wall time */

static const char START[8] = "evsim 1"; /* of the file of arrays, then 1 in the machine's order */

int complain(const char *what, const char *about) {
    fprintf(stderr, "%s: %s\n", about, what);
    return -1;
}

int copy_state(evsim_simulation *sim, int population, int state, const double *values,
               int64_t count) {
    double *const to = evsim_state(sim, population, state);
    if (count > 0)
        memcpy(to, values, (size_t)count * sizeof *to);
    evsim_touch(sim);
    return 0;
}

/* `name` beside the program, which was started as `program`; NULL without memory. */
static char *beside(const char *program, const char *name) {
    const char *const slash = strrchr(program, '/');
    const size_t length = slash ? (size_t)(slash - program) + 1 : 0;
    char *const path = malloc(length + strlen(name) + 1);
    if (path) {
        memcpy(path, program, length);
        strcpy(path + length, name);
    }
    return path;
}

static unsigned char *read_open(FILE *file, const char *path) {
    if (fseek(file, 0, SEEK_END)) {
        complain(strerror(errno), path);
        return NULL;
    }
    const long size = ftell(file);
    unsigned char *const arrays = size < 16 ? NULL : malloc((size_t)size);
    rewind(file);
    if (!arrays || fread(arrays, 1, (size_t)size, file) != (size_t)size) {
        complain(size < 16 ? "too short" : arrays ? "cannot be read" : "no memory for it", path);
        free(arrays);
        return NULL;
    }
    int64_t order;
    memcpy(&order, arrays + sizeof START, sizeof order);
    if (memcmp(arrays, START, sizeof START) || order != 1) {
        complain("not the arrays of a network that was exported on this kind of machine", path);
        free(arrays);
        return NULL;
    }
    return arrays;
}

static unsigned char *read_arrays(const char *path) {
    FILE *const file = fopen(path, "rb");
    if (!file) {
        complain(strerror(errno), path);
        return NULL;
    }
    unsigned char *const arrays = read_open(file, path);
    fclose(file);
    return arrays;
}

/* Says which synapse a run failed at, and when. */
static int complain_of_synapse(const struct project *project, evsim_simulation *sim, int projection,
                               int64_t synapse, double at) {
    const int variable = evsim_failed_variable(sim);
    for (int k = 0; k < project->n_final_values; k++) {
        const struct final_values *f = &project->final_values[k];
        for (int v = 0; v < f->n_variables && f->is_projection && f->number == projection; v++)
            if (f->variables[v] == variable)
                fprintf(stderr,
                        "%s: its code has made %s of synapse %lld infinite or NaN, at %.9g ms\n",
                        f->name, f->names[v], (long long)synapse, at);
    }
    return -1;
}

/* Says which neuron a run failed at, and when. */
static int complain_of_run(const struct project *project, evsim_simulation *sim, int code) {
    int population = 0;
    int64_t neuron = 0, tick = 0;
    double offset = 0.0;
    const int has_neuron = code == EVSIM_NOT_FINITE || code == EVSIM_ENDLESS ||
                           code == EVSIM_STUCK || code == EVSIM_TOO_OFTEN;
    if (!has_neuron)
        return complain(evsim_error_text(code), "the run ended");
    evsim_failure(sim, &population, &neuron, &tick, &offset);
    const double at = 1e3 * ((double)tick * project->clock.length + offset);
    if (population < -1)
        return complain_of_synapse(project, sim, -2 - population, neuron, at);
    fprintf(stderr, "%s[%lld]: %s, at %.9g ms\n", project->populations[population],
            (long long)neuron, evsim_error_text(code), at);
    return -1;
}

static int build_and_run(const struct project *project, evsim_simulation *sim,
                         const unsigned char *arrays, int n_threads) {
    int code = project->build(sim, arrays);
    if (code < 0)
        return complain(evsim_error_text(code), "the network cannot be built");
    do
        code = evsim_run(sim, project->end_tick, project->end_offset, n_threads, project->is_grid,
                         LONG);
    while (code == 0);
    return code < 0 ? complain_of_run(project, sim, code) : 0;
}

static int simulate(const struct project *project, const unsigned char *arrays, int n_threads,
                    const char *folder) {
    const struct clock *const clock = &project->clock;
    evsim_simulation *const sim = evsim_new(clock->dt, clock->steps, clock->parts, project->seed);
    if (!sim)
        return complain("no memory", "the network cannot be built");
    int code = build_and_run(project, sim, arrays, n_threads);
    if (code >= 0)
        code = results_write(project, sim, folder);
    evsim_free(sim);
    return code;
}

static int threads_of(const char *text) {
    char *end;
    const long number = strtol(text, &end, 10);
    return *text == '\0' || *end != '\0' || number < 1 || number > MOST_THREADS ? -1 : (int)number;
}

static int in_folders(const struct project *project, const char *data, const char *folder,
                      int n_threads) {
    if (mkdir(folder, 0777) && errno != EEXIST)
        return complain(strerror(errno), folder);
    unsigned char *const arrays = read_arrays(data);
    if (!arrays)
        return -1;
    const int code = simulate(project, arrays, n_threads, folder);
    free(arrays);
    return code;
}

int project_main(const struct project *project, int n, char **arguments) {
    const int n_threads = n > 2 ? threads_of(arguments[2]) : project->n_threads;
    if (n > 3 || n_threads < 1) {
        fprintf(stderr, "usage: %s [folder for results [number of threads]]\n", arguments[0]);
        return EXIT_FAILURE;
    }
    char *const data = beside(arguments[0], "arrays.bin");
    char *const usual = beside(arguments[0], "results");
    int code = -1;
    if (data && usual)
        code = in_folders(project, data, n > 1 ? arguments[1] : usual, n_threads);
    else
        complain("no memory", arguments[0]);
    free(data);
    free(usual);
    return code < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

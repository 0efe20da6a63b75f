/* A library with a descriptor and nothing behind it.
 *
 * Macros choose what the descriptor says. Unless OPENABLE is defined, the constructor ends the process: a library that
 * is refused by its descriptor must be refused before it runs. */

#include <stdint.h>
#include <stdlib.h>

#ifndef MAGIC
#define MAGIC "PROZPLUG"
#endif
#ifndef SIZE
#define SIZE sizeof(struct descriptor)
#endif
/* FEATURES_BYTES is the length of that field in the interface's descriptor. */
#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef KIND
#define KIND 1
#endif
#ifndef ID
#define ID "bad-plugin"
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef TARGET
#define TARGET "x86_64-unknown-linux-gnu"
#endif

struct descriptor {
    char magic[8];
    uint32_t size_bytes;
    uint32_t generation;
    uint32_t kind;
    uint32_t reserved;
    char id[64];
    char version[48];
    char vm_type[32];
    char features[FEATURES_BYTES];
    char compiler[80];
    char target[48];
};

#ifndef NO_DESCRIPTOR
/* Arrays are initialised without their final NUL where they are full. */
const struct descriptor PROZ_PLUGIN_DESCRIPTOR = {
    MAGIC, SIZE, GENERATION, KIND, 0, ID, VERSION, "bad", "echo", "cc", TARGET,
};
#else
int another_symbol = 1;
#endif

#ifdef HEADER
/* What abi_stable looks for, with other magic bytes. */
const struct { char magic[32]; uint32_t major, minor; } _1as_0lib_1header_0root_bmodule_bloader = { HEADER, 7, 8 };
#endif

#ifdef UNDEFINED
/* A function that no library has. */
extern int proz_no_such_function(void);
int call_it(void) { return proz_no_such_function(); }
#endif

#ifndef OPENABLE
__attribute__((constructor)) static void run(void) { abort(); }
#endif

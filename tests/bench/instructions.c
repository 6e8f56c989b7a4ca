// A plugin of qemu-user for tests/bench/instructions: counts how often each block of instructions follows another in the same thread, in a file that both
// programs map. The declarations are those of qemu's plugin interface, version 1, whose header Debian does not package.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*executed)(unsigned int cpu, void *data), int flags, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { RANGES = 1024, PAIRS = 1 << 22 };

// As tests/bench/instructions reads and writes it.
static struct counts {
    uint64_t counting, ranges;
    struct { uint64_t start, end; } stubs[RANGES]; // A call through one of them is a call of whoever called it.
    struct { uint64_t before, block, instructions, times; } pairs[PAIRS];
} *counts;

struct block { uint64_t address, instructions; int is_stub; };

static __thread uint64_t before;

static void executed(unsigned int cpu, void *data) {
    (void)cpu;
    const struct block *block = data;
    if (counts->counting) {
        uint64_t slot = (before * 31 + block->address) * 0x9E3779B97F4A7C15 >> 42;
        for (;; slot = (slot + 1) % PAIRS) {
            uint64_t nobody = 0;
            // An entry belongs to whoever writes its block first; whoever comes between the two writes takes another one, which sums up the same.
            if (counts->pairs[slot].block == block->address && counts->pairs[slot].before == before) break;
            if (counts->pairs[slot].block == 0
                && __atomic_compare_exchange_n(&counts->pairs[slot].block, &nobody, block->address, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
                counts->pairs[slot].before = before;
                counts->pairs[slot].instructions = block->instructions;
                break;
            }
        }
        __atomic_fetch_add(&counts->pairs[slot].times, 1, __ATOMIC_RELAXED);
    }
    if (!block->is_stub) before = block->address;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    struct block *block = malloc(sizeof *block);
    *block = (struct block){ qemu_plugin_tb_vaddr(tb), qemu_plugin_tb_n_insns(tb), 0 };
    for (uint64_t i = 0; i < counts->ranges; i++)
        block->is_stub |= block->address >= counts->stubs[i].start && block->address < counts->stubs[i].end;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv) {
    (void)info;
    if (argc != 1 || strncmp(argv[0], "counts=", 7) != 0) return -1;
    int file = open(argv[0] + 7, O_RDWR);
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || counts == MAP_FAILED) return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}

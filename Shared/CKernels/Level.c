// SPDX-License-Identifier: MIT
// Which build of the kernels runs: the best that this CPU has, or what the calling thread asks for.
#include "CKernels.h"
#include <stdatomic.h>

/// The best level, once it is known.
static atomic_int best = -1;
/// What this thread has asked for; -1 where it has not.
static _Thread_local int own = -1;

static int best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd"))
    return 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) return 1;
#endif
  return 0;
}

int kernel_level(void) {
  if (own >= 0) return own;
  int level = atomic_load_explicit(&best, memory_order_relaxed);
  if (level < 0) atomic_store_explicit(&best, level = best_level(), memory_order_relaxed);
  return level;
}

int kernel_set_level(int level) {
  int highest = best_level();
  own = level > highest ? highest : level < 0 ? -1 : level;
  return kernel_level();
}

const char *kernel_level_name(void) {
  static const char *const names[] = {"plain", "AVX2", "AVX-512"};
  return names[kernel_level()];
}

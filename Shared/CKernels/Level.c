// SPDX-License-Identifier: MIT
// Which build of the kernels runs on this CPU.
#include "CKernels.h"
#include <stdatomic.h>

static atomic_int chosen = -1;

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
  int level = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (level < 0) atomic_store_explicit(&chosen, level = best_level(), memory_order_relaxed);
  return level;
}

int kernel_set_level(int level) {
  int best = best_level();
  atomic_store(&chosen, level < 0 ? 0 : level > best ? best : level);
  return kernel_level();
}

const char *kernel_level_name(void) {
  static const char *const names[] = {"plain", "AVX2", "AVX-512"};
  return names[kernel_level()];
}

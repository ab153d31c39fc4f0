// SPDX-License-Identifier: MIT
// One source, three levels.  A family X defines its functions once in X.inc under the name KERNEL(f); X.c compiles that text
// for each instruction set (EveryLevel.inc) and exports one function a kernel that picks the level.
#pragma once
#include "CKernels.h"
#include <math.h>
#include <string.h>

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define KERNEL(name) JOIN(name, LEVEL)

#if defined(__x86_64__)
#define HAVE_LEVELS 1
#define PICK(name, ...) \
  switch (kernel_level()) { \
  case 2: return name##_avx512(__VA_ARGS__); \
  case 1: return name##_avx2(__VA_ARGS__); \
  default: return name##_plain(__VA_ARGS__); }
#else
#define PICK(name, ...) return name##_plain(__VA_ARGS__);
#endif

#define REASSOCIATE _Pragma("clang fp reassociate(on)")

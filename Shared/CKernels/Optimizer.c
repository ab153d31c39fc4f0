// SPDX-License-Identifier: MIT
// AdamW: the three levels of Optimizer.inc and their dispatch.
#include "Levels.h"

#define FAMILY "Optimizer.inc"
#include "EveryLevel.inc"

void kernel_adamw(float *w, float *m, float *v, const float *g, float gradient_scale, float rate1, float beta2,
                  float rate2, float epsilon, float step_size, float root_correction, float decay, size_t n) {
  PICK(adamw, w, m, v, g, gradient_scale, rate1, beta2, rate2, epsilon, step_size, root_correction, decay, n)
}

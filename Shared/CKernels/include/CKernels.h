// SPDX-License-Identifier: MIT
// Vectorised numeric kernels, f32, one source compiled for three levels and chosen at run time.
//
// Conventions
//   x, y, w…     inputs and outputs; dx is the gradient of x everywhere, in forward, backward and test alike
//   accumulate   functions whose name ends in _add add to their output, all others overwrite it
//   aliasing     an output may be the input itself where the comment says "in place"; otherwise they must not overlap
//   alignment    none demanded; 64 bytes is fastest
//   NaN          passes through: no kernel hides one
//   threads      none: a caller splits the work; the same call gives the same bits at the same level
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which build of the kernels runs on this thread: 0 plain (SSE2), 1 AVX2+FMA, 2 AVX-512.
int kernel_level(void);
/// Asks for a level on the calling thread alone, so that tests can compare levels while others compute; -1: the best again.
/// Returns the level that now runs, at most the best that the CPU offers.
int kernel_set_level(int level);
/// "plain", "AVX2" or "AVX-512".
const char *kernel_level_name(void);

// --- dtypes (Convert.c) ---------------------------------------------------------------------------------------------
void kernel_bf16_to_f32(const uint16_t *x, float *y, size_t n);
void kernel_f16_to_f32(const uint16_t *x, float *y, size_t n);
void kernel_f64_to_f32(const double *x, float *y, size_t n);
/// Round to nearest even; NaN stays NaN.
void kernel_f32_to_bf16(const float *x, uint16_t *y, size_t n);
void kernel_f32_to_f16(const float *x, uint16_t *y, size_t n);
/// y[p, c·k + i] = (x[p, c·k + i] / 255 - mean[c]) / std[c]: RGB patches, channel-major; k = pixels a patch
void kernel_normalize_patches(const uint8_t *x, float *y, size_t patches, size_t k, const float *mean, const float *std);

// --- elementwise (Elementwise.c) ------------------------------------------------------------------------------------
void kernel_add(const float *a, const float *b, float *y, size_t n);          // in place allowed
void kernel_axpy(float a, const float *x, float *y, size_t n);                // y += a·x
void kernel_scale(float a, float *y, size_t n);                               // y *= a
/// y[t,:] = bias for each of the rows (the start value of a product with beta = 1)
void kernel_fill_rows(const float *bias, float *y, size_t rows, size_t n);
/// db += column sums of dy [rows, n]
void kernel_column_sums_add(const float *dy, float *db, size_t rows, size_t n);
double kernel_sum_of_squares(const float *x, size_t n);
float kernel_max_abs(const float *x, size_t n);
/// True where every value is finite.
bool kernel_all_finite(const float *x, size_t n);

enum { GELU_TANH = 0, GELU_ERF = 1, GELU_QUICK = 2 };
/// GELU (arXiv 1606.08415): tanh approximation, exact erf, or x·sigmoid(1.702x).  y in place allowed.
void kernel_gelu(int kind, const float *x, float *y, size_t n);
void kernel_gelu_backward(int kind, const float *x, const float *dy, float *dx, size_t n);   // dx may be dy
/// y = silu(gate)·up   SwiGLU, arXiv 2002.05202
void kernel_swiglu(const float *gate, const float *up, float *y, size_t n);
void kernel_swiglu_backward(const float *gate, const float *up, const float *dy, float *dgate, float *dup, size_t n);
void kernel_exp(const float *x, float *y, size_t n);                          // max. relative error 2e-7 on [-87, 88]

// --- rows (Rows.c) --------------------------------------------------------------------------------------------------
/// y[t,:] = (x[t,:] - mean[t])·rstd[t]·gain + bias      layer norm, arXiv 1607.06450;  two passes
/// mean, rstd [rows] are written for the backward pass
void kernel_layer_norm(const float *x, const float *gain, const float *bias, float eps, float *y, float *mean,
                       float *rstd, size_t rows, size_t n);
/// dx overwritten; dgain, dbias [n] accumulated (either may be NULL: not wanted)
void kernel_layer_norm_backward(const float *x, const float *gain, const float *mean, const float *rstd, const float *dy,
                                float *dx, float *dgain, float *dbias, size_t rows, size_t n);
/// y[t,:] = x[t,:]·rstd[t]·gain,  rstd = 1/sqrt(mean(x²) + eps)      RMS norm, arXiv 1910.07467
void kernel_rms_norm(const float *x, const float *gain, float eps, float *y, float *rstd, size_t rows, size_t n);
void kernel_rms_norm_backward(const float *x, const float *gain, const float *rstd, const float *dy, float *dx,
                              float *dgain, size_t rows, size_t n);
/// Rotary position embedding (arXiv 2104.09864), the half-split form: in each head (x1, x2) -> (x1·c - x2·s, x2·c + x1·s).
/// x [rows, heads·2·half] in place; c, s [rows, half].  direction -1 rotates back, which is the backward pass.
void kernel_rotary(float *x, const float *c, const float *s, int direction, size_t rows, size_t heads, size_t half);

// --- softmax (Softmax.c) --------------------------------------------------------------------------------------------
/// In place on scores [rows, n] (stride ld): softmax over the first visible[r] entries, 0 after them;
/// lse[r] = log of the sum of exponentials, for the backward pass
void kernel_softmax_visible(float *scores, size_t ld, const int32_t *visible, float *lse, size_t rows, size_t n);
/// In place: scores -> exp(scores - lse[r]) over the first visible[r] entries, 0 after them
void kernel_softmax_from_lse(float *scores, size_t ld, const int32_t *visible, const float *lse, size_t rows, size_t n);
/// dp -> scale·p·(dp - delta[r]), in place
void kernel_softmax_backward(const float *p, float *dp, size_t ld, const float *delta, float scale, size_t rows, size_t n);
/// y[r] = Σ a[r,:]·b[r,:]
void kernel_row_dots(const float *a, size_t lda, const float *b, size_t ldb, float *y, size_t ldy, size_t rows, size_t n);
/// max[r] and sum[r] = Σ exp(x[r,:] - max[r]) of one chunk of logits [rows, n]
void kernel_max_and_sum_exp(const float *x, float *max, float *sum, size_t rows, size_t n);
/// In place on logits [rows, n]: x -> -g[r]·exp(x - lse[r]);  the caller adds g[r] at the target
void kernel_log_softmax_backward(float *x, const float *lse, const float *g, size_t rows, size_t n);

// --- decoding (Decode.c) --------------------------------------------------------------------------------------------
/// y[r, j] = Σ_i x[r, i]·w[j, i] + bias[j]:  a few rows times a matrix in the dtype in which it is stored.
/// x [rows, n], w [outputs, n], bias [outputs] or NULL, y [rows, outputs] (stride ldy).  Every weight is read once for eight
/// rows.  bf16 and f16 become f32 exactly; sums are f32.  A row's bits do not depend on `rows` or on the other rows.
void kernel_rows_times_bf16(const float *x, const uint16_t *w, const float *bias, float *y, size_t ldy, size_t rows,
                            size_t outputs, size_t n);
void kernel_rows_times_f16(const float *x, const uint16_t *w, const float *bias, float *y, size_t ldy, size_t rows,
                           size_t outputs, size_t n);
void kernel_rows_times_f32(const float *x, const float *w, const float *bias, float *y, size_t ldy, size_t rows,
                           size_t outputs, size_t n);
/// Attention of one position: out[h,:] = Σ_t softmax_t(scale·q[h,:]·k[t,:])·v[t,:]  for the `group` heads that share a key head.
/// q, out [group, d];  keys and values lie in `runs` runs of counts[i] rows, ld apart;  scores [group, Σ counts] is room to work
void kernel_attend(const float *q, float *out, size_t group, size_t d, const float *const *keys,
                   const float *const *values, const size_t *counts, size_t runs, size_t ld, float scale, float *scores);

// --- softmax regression (Regression.c) ------------------------------------------------------------------------------
/// Σ x·y in f64
double kernel_dot(const float *x, const float *y, size_t n);
/// Adds, over the rows of logits x = z + t·dz [rows, n], loss = log Σ exp(x) - x[target]:
/// slopes[0] += dloss/dt,  slopes[1] += d²loss/dt²
void kernel_softmax_line(const float *z, const float *dz, float t, const int32_t *target, double slopes[2], size_t rows,
                         size_t n);
/// residual = softmax(z) - onehot(target) [rows, n], without cancellation where the target's probability nears 1;
/// spread[n] += p·(1 - p) over the rows.  Returns the sum of the losses.
double kernel_softmax_residual(const float *z, const int32_t *target, float *residual, float *spread, size_t rows,
                               size_t n);

// --- optimizer (Optimizer.c) ----------------------------------------------------------------------------------------
/// One AdamW step (arXiv 1711.05101) as PyTorch writes it.  g is multiplied by gradient_scale first.
/// rate1 = 1 - β1 and rate2 = 1 - β2, rounded once (1 - 0.999f in f32 is off by 5e-5);
/// step_size = lr / (1 - β1^t), root_correction = sqrt(1 - β2^t), decay = lr·weight_decay
void kernel_adamw(float *w, float *m, float *v, const float *g, float gradient_scale, float rate1, float beta2,
                  float rate2, float epsilon, float step_size, float root_correction, float decay, size_t n);

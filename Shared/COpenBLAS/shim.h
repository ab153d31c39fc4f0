#include <cblas.h>

// LAPACK, which OpenBLAS contains: eigenvalues and eigenvectors of a symmetric matrix by divide and conquer.
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);

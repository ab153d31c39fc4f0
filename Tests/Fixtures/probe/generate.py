#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logistic regressions and their optima, from scikit-learn. Rewrites the *.safetensors beside this file.

    pip install scikit-learn==1.9.1 numpy==2.4.6 safetensors
    python3 Tests/Fixtures/probe/generate.py

Each file: train [N, D], test [M, D] F32; train_labels, test_labels I32; c [n] F64; for each c the optimum of
1/2 ||W||^2 + C * sum of losses: objectives [n] F64, probabilities [n, M, K] F32, correct [n] I32 (of M).
The optimum is Newton's (solver newton-cholesky, f64) on features that were centred first, which changes neither W nor the
probabilities; a bound on what is left of the objective (strong convexity: half the squared norm of the gradient, with the
intercepts at their best) is printed and must be below 1e-10 of it.
"""
import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).parent


def optimum(x, y, c):
    """-> objective, a function from features to log-probabilities, bound."""
    mean = x.mean(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-13, max_iter=500).fit(x - mean, y)

    def log_probabilities(features):
        z = (features - mean) @ model.coef_.T + model.intercept_
        return log_softmax(np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z, axis=1)

    logs = log_probabilities(x)
    objective = 0.5 * (model.coef_ ** 2).sum() - c * logs[np.arange(len(y)), y].sum()
    residuals = np.exp(logs)
    residuals[np.arange(len(y)), y] -= 1
    residuals = residuals[:, 1:] if residuals.shape[1] == 2 else residuals
    gradient = model.coef_ + c * residuals.T @ (x - mean)
    bound = 0.5 * (gradient ** 2).sum() / objective
    assert bound < 1e-10 and abs(c * residuals.sum(0)).max() < 1e-5 * objective, (c, bound)
    return objective, log_probabilities, bound


def write(name, x, y, test_count, c):
    x = x.astype(np.float32)
    train, test = x[test_count:], x[:test_count]
    labels, test_labels = y[test_count:].astype(np.int32), y[:test_count].astype(np.int32)
    assert set(test_labels) <= set(labels) and set(labels) == set(range(labels.max() + 1)), name
    objectives, probabilities, correct = [], [], []
    for value in c:
        objective, log_probabilities, bound = optimum(train.astype(np.float64), labels, value)
        logs = log_probabilities(test.astype(np.float64))
        objectives.append(objective)
        probabilities.append(np.exp(logs).astype(np.float32))
        correct.append((logs.argmax(1) == test_labels).sum())
        print(f"{name} C {value}: objective {objective:.9g}, {correct[-1]} of {test_count}, bound {bound:.1e}")
    save_file({"train": train, "train_labels": labels, "test": test, "test_labels": test_labels,
               "c": np.array(c, np.float64), "objectives": np.array(objectives), "probabilities": np.array(probabilities),
               "correct": np.array(correct, np.int32)}, HERE / f"{name}.safetensors")


def main():
    random = np.random.default_rng(20251021)
    normal = lambda *shape: random.normal(size=shape)
    labels = lambda n, k: np.concatenate([np.arange(k), random.integers(0, k, n - 2 * k), np.arange(k)])

    y = labels(240, 5)
    plain = normal(5, 12)[y] * 0.6 + normal(240, 12)
    write("plain", plain, y, 60, [0.01, 0.316, 3.16])
    write("offset", plain + 1000, y, 60, [0.1, 1])
    write("normalised", (plain + 1) / np.linalg.norm(plain + 1, axis=1, keepdims=True), y, 60, [0.01, 0.1, 1, 3.16])
    y = labels(200, 4)
    write("separable", normal(4, 10)[y] * 3 + 0.2 * normal(200, 10), y, 50, [1e-6, 3.16, 1e4])
    y = labels(200, 2)
    write("two-classes", normal(2, 8)[y] * 0.5 + normal(200, 8), y, 50, [1e-4, 0.1, 3.16])
    y = labels(200, 4)
    write("correlated", (normal(4, 3)[y] + normal(200, 3)) @ normal(3, 24) + 1e-3 * normal(200, 24), y, 50, [0.01, 1, 100])
    y = labels(240, 4)
    write("scaled", (normal(4, 10)[y] + normal(240, 10)) * 10.0 ** np.linspace(-4, 3, 10), y, 60, [0.01, 3.16])
    y = np.tile(np.arange(6), 4)
    write("few", normal(6, 40)[y] * 0.3 + normal(24, 40), y, 12, [0.01, 3.16])
    y = np.concatenate([np.arange(6), np.arange(6), np.minimum(random.geometric(0.5, 588) - 1, 5)])
    write("unbalanced", np.eye(6, 16)[y] * 1.5 + normal(600, 16), y, 100, [3.16, 100])
    y = labels(420, 70)
    write("many", normal(70, 12)[y] + 0.5 * normal(420, 12), y, 70, [0.316, 3.16])


main()

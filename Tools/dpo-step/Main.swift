// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct DpoStep: ParsableCommand {}

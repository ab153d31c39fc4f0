// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct Score: ParsableCommand {}

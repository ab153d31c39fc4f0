// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct Encode: ParsableCommand {}

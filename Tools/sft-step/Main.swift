// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct SftStep: ParsableCommand {}

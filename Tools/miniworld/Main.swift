// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct Miniworld: ParsableCommand {}

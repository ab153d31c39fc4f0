// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct Frames: ParsableCommand {}

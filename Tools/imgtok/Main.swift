// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct Imgtok: ParsableCommand {}

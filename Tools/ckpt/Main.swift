// SPDX-License-Identifier: MIT
import ArgumentParser

@main struct Ckpt: ParsableCommand {}

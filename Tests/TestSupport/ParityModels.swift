// SPDX-License-Identifier: MIT

/// Names of the tiny checkpoints under Tests/Fixtures/models whose numbers PyTorch has recorded in Tests/Fixtures/parity:
/// between them both key layouts, F32, F16 and BF16, tied and untied heads, SigLIP and Qwen2 (the first three), CLIP and Llama.
public let parityModels = ["published", "transformers5", "last-layer", "llava", "llava-llama3"]

/**
 * @file Where does word2vec go on after an interruption? From one file: matrices, and where each thread stood.
 *
 *   input, output, nodes [rows, stride]      as far as the model has them
 *   states [T, WORD_STATE_LENGTH] u32        sentences that were not full
 *   metadata                                 run: which training this is · positions, losses: JSON
 *
 * It is written while no thread runs: when the training is interrupted, and after each iteration. With one thread the
 * resumed run ends with the bytes of one that never stopped.
 */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import type { NamedTensor } from "../checkpoint/safetensors.js";
import { loadSealed, saveSealed } from "../checkpoint/sealed-tensors.node.js";
import { ConfigError, FormatError } from "../core/errors.js";
import type { KernelInfo } from "../kernels/contract.js";
import type { Vocabulary } from "./vocabulary.js";
import type { Word2VecOptions } from "./word2vec-options.js";
import type { Word2VecRun } from "./word2vec-run.js";

/** All that the vectors depend on, as a hash. */
export function fingerprintRun(
  vocabulary: Vocabulary,
  options: Word2VecOptions,
  run: Pick<Word2VecRun, "numIds" | "numThreads">,
  info: KernelInfo,
): string {
  const { arena, offsets, counts } = vocabulary.parts;
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of [arena, offsets, counts]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const { numIds, numThreads } = run;
  return hash
    .update(JSON.stringify({ options, numIds, numThreads, backend: info.backend, isa: info.isa }))
    .digest("hex");
}

/** A file that one training is saved to and resumed from. */
export class Word2VecCheckpoint {
  readonly path: string;
  private readonly fingerprint: string;

  constructor(path: string, fingerprint: string) {
    this.path = path;
    this.fingerprint = fingerprint;
  }

  /** No thread may be training. @throws {StorageError} if the file cannot be written; the last one then stands. */
  save(run: Word2VecRun): void {
    saveSealed(this.path, tensorsOf(run), {
      run: this.fingerprint,
      positions: JSON.stringify([...run.positions]),
      losses: JSON.stringify([...run.losses]),
    });
  }

  /**
   * Puts `run` where the file's training stood. @returns false if there is no file.
   * @throws {ConfigError} if the file is of another training. @throws {FormatError} if it is damaged.
   */
  load(run: Word2VecRun): boolean {
    const remedy = "remove it to train from the beginning";
    const stored = loadSealed(this.path, remedy);
    if (stored === null) return false;
    if (stored.metadata.run !== this.fingerprint) {
      throw new ConfigError(
        `${this.path}: expected a checkpoint of this training, got one of other options, words, threads or kernels; ` +
          `give the same ones to go on, or ${remedy}`,
      );
    }
    for (const { name, data } of tensorsOf(run)) {
      const found = stored.tensors.get(name);
      if (found?.data.length !== data.length) {
        throw new FormatError({ file: this.path }, `expected ${data.length} numbers of ${name}; ${remedy}`);
      }
      data.set(found.data);
    }
    run.positions.set(JSON.parse(stored.metadata.positions));
    run.losses.set(JSON.parse(stored.metadata.losses));
    return true;
  }

  /** Removes the file, if there is one. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function tensorsOf({ model, states }: Word2VecRun): NamedTensor[] {
  const { input, negatives, tree } = model;
  return [
    { name: "input", shape: [input.length], data: input },
    ...(negatives ? [{ name: "output", shape: [negatives.output.length], data: negatives.output }] : []),
    ...(tree ? [{ name: "nodes", shape: [tree.nodes.length], data: tree.nodes }] : []),
    { name: "states", shape: [states.length], data: states },
  ];
}

/**
 * @file Did the model on disk change? A look at its manifest's file, and at those of worlds that failed, once a second.
 *
 * Whatever writes a model renames its manifest into place last, or renames the whole directory: either way another file
 * stands under the name, with another inode, size or time. Looking by name sees both, on every file system, symbolic links
 * to directories included; a watch on a directory that is itself replaced would go on watching the old one. A look costs
 * some tens of microseconds, off the event loop.
 *
 * A manifest that is not there (between the two renames of a replacement) is no change: it will come.
 */
import { readdirSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST_FILE } from "../../checkpoint/index.js";

/** Stands for a file that is not there. */
const ABSENT = "";

type FileStat = { readonly ino: bigint; readonly size: bigint; readonly mtimeNs: bigint };

/** What identifies a state of a file, or "" if it is not there. */
export function fileState(root: string, file: string): string {
  try {
    return stateOf(statSync(join(root, file), { bigint: true }));
  } catch {
    return ABSENT;
  }
}

/** States of the manifest and of all world files: what to watch after a model could not be loaded at all. */
export function allFileStates(root: string): Map<string, string> {
  let worlds: string[] = [];
  try {
    worlds = readdirSync(join(root, "worlds")).filter((name) => /^world-\d+\.safetensors$/.test(name));
  } catch {
    // No folder, no worlds: the manifest alone is watched.
  }
  const files = [MANIFEST_FILE, ...worlds.map((name) => `worlds/${name}`)];
  return new Map(files.map((file) => [file, fileState(root, file)]));
}

function stateOf({ ino, size, mtimeNs }: FileStat): string {
  return `${ino}:${size}:${mtimeNs}`;
}

export class ModelWatch {
  private readonly root: string;
  private readonly intervalMs: number;
  private readonly onChange: () => Promise<void>;
  private watched: ReadonlyMap<string, string> = new Map();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  /** `onChange` is called when a watched file changed, and not again before it resolves. It must not reject. */
  constructor(root: string, intervalMs: number, onChange: () => Promise<void>) {
    this.root = root;
    this.intervalMs = intervalMs;
    this.onChange = onChange;
  }

  /** Files to watch from now on, with the state that is known of them. */
  expect(watched: ReadonlyMap<string, string>): void {
    this.watched = watched;
  }

  start(): void {
    if (this.stopped || this.timer !== null) return;
    this.timer = setTimeout(() => {
      void this.look();
    }, this.intervalMs);
    // Watching alone keeps no process alive.
    this.timer.unref();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async look(): Promise<void> {
    if (await this.hasChanged()) {
      if (!this.stopped) await this.onChange();
    }
    this.timer = null;
    this.start();
  }

  private async hasChanged(): Promise<boolean> {
    const { watched } = this;
    const states = await Promise.all(
      [...watched.keys()].map(async (file) => {
        try {
          return stateOf(await stat(join(this.root, file), { bigint: true }));
        } catch {
          return ABSENT;
        }
      }),
    );
    // Another `expect` in between: what was looked at is old.
    if (watched !== this.watched) return false;
    return [...watched].some(([file, state], i) => {
      const isAwaited = file === MANIFEST_FILE && states[i] === ABSENT;
      return states[i] !== state && !isAwaited;
    });
  }
}

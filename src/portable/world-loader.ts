/**
 * @file How do the worlds of a model come in, and what if one does not?
 *
 *   load    all of them, three abreast; one that chance kept away (no connection, status 429 or 5xx) is asked for again
 *           after 0.25 and 1 s
 *   retry   those that chance still kept away, the same way once more, 5 s after the last round at the earliest
 *
 * A world that is damaged or that the host does not have stays away: asking again would only fetch the same.
 */
import type { Kernels } from "../kernels/contract.js";
import { FetchError, messageOf, type PortableFiles } from "./portable-files.js";
import { portableWorldFile } from "./portable-index.js";
import { PortableWorld } from "./portable-world.js";

/** A world with its place among the groups of the input. */
export interface PlacedWorld {
  readonly world: PortableWorld;
  readonly group: number;
}

interface WantedWorld {
  readonly world: number;
  readonly group: number;
}

/** Worlds fetched at a time: enough to hide a host's latency, few enough that the first is soon there. */
const WORLDS_ABREAST = 3;

/** Milliseconds before a world is asked for again: what a lost connection, or a host's hiccup, may take. */
const RETRY_DELAYS_MS: readonly number[] = [250, 1000];

/** Milliseconds between a round and the next: a host that is down is not asked with every key that somebody types. */
export const RETRY_INTERVAL_MS = 5000;

export class WorldLoader {
  /** In the order of their arrival. */
  readonly arrived: PlacedWorld[] = [];
  private readonly kernels: Kernels;
  private readonly files: PortableFiles;
  private readonly onWorlds: (isLast: boolean) => void;
  private readonly reasons = new Map<number, string>();
  /** Worlds that chance kept away. */
  private missed: WantedWorld[];
  private isLoading = false;
  private lastRoundMs = 0;

  /** `onWorlds` is called after each world, come or failed, and with true at the end of a round. */
  constructor(kernels: Kernels, files: PortableFiles, onWorlds: (isLast: boolean) => void) {
    this.kernels = kernels;
    this.files = files;
    this.onWorlds = onWorlds;
    this.missed = files.index.worlds.map((world, group) => ({ world, group }));
  }

  /** Worlds that failed, ascending, and why. */
  get failed(): { readonly world: number; readonly reason: string }[] {
    return [...this.reasons].map(([world, reason]) => ({ world, reason })).sort((x, y) => x.world - y.world);
  }

  /** Loads the worlds that are not here and may come. Resolves when each has come or failed. */
  async load(): Promise<void> {
    this.isLoading = true;
    const queue = this.missed;
    this.missed = [];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await this.loadWorld(next);
    };
    try {
      await Promise.all(Array.from({ length: WORLDS_ABREAST }, work));
      this.onWorlds(true);
    } finally {
      this.isLoading = false;
      this.lastRoundMs = performance.now();
    }
  }

  /** Loads those that chance kept away, unless that is under way or was tried a moment ago. */
  async retry(): Promise<void> {
    if (this.isLoading || this.missed.length === 0) return;
    if (performance.now() - this.lastRoundMs >= RETRY_INTERVAL_MS) await this.load();
  }

  private async loadWorld(wanted: WantedWorld): Promise<void> {
    const { world, group } = wanted;
    const { index } = this.files;
    const file = portableWorldFile(world);
    try {
      const content = await this.fetchWorld(file);
      const options = { world, options: index.network, bits: index.bits };
      this.arrived.push({ world: new PortableWorld(this.kernels, options, content, file), group });
      this.reasons.delete(world);
    } catch (error) {
      this.reasons.set(world, messageOf(error));
      if (isByChance(error)) this.missed.push(wanted);
    }
    this.onWorlds(false);
  }

  /** @throws {FetchError | FormatError} what the last attempt met. */
  private async fetchWorld(file: string): Promise<Uint8Array> {
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        return await this.files.read(file);
      } catch (error) {
        if (!isByChance(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    return this.files.read(file);
  }
}

/** True where the same request may succeed a moment later. */
function isByChance(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  return error.status === null || error.status === 429 || error.status >= 500;
}

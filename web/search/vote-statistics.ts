/**
 * @file What do the votes for a label amount to? The figures of "why?": in how many worlds its bucket is among the best,
 * how many other labels those buckets hold, and in how many of them the closest other label is.
 */
import type { Companion, Vote } from "../../src/mach/search-contract.js";

/** "Among the best …": the first of these that most worlds meet, else the last. */
const GRADES = [1, 3, 12, 100] as const;
/** Most worlds: three of four. */
const MOST = 0.75;

export interface VoteStatistics {
  readonly numWorlds: number;
  /** The grade that was chosen: buckets that count as best. */
  readonly best: number;
  /** Worlds in which the label's bucket is among the `best`. */
  readonly numBest: number;
  /** Other labels of the buckets, each counted in every world in which it shares one. */
  readonly numOthers: number;
  /** Most buckets that any other label shares with it, 0 if none shares any; null if the answer does not say. */
  readonly mostShared: number | null;
  /** Others that share that many, of those that are named. */
  readonly closest: readonly Companion[];
}

export function voteStatistics(votes: readonly Vote[], companions?: readonly Companion[]): VoteStatistics {
  const among = (grade: number): number => votes.filter(({ rank }) => rank <= grade).length;
  const best = GRADES.find((grade) => among(grade) >= MOST * votes.length) ?? GRADES[GRADES.length - 1];
  const mostShared = companions === undefined ? null : Math.max(0, ...companions.map(({ worlds }) => worlds.length));
  return {
    numWorlds: votes.length,
    best,
    numBest: among(best),
    numOthers: votes.reduce((sum, { shared }) => sum + shared.count, 0),
    mostShared,
    closest: companions?.filter(({ worlds }) => worlds.length === mostShared) ?? [],
  };
}

/** "In 7 of 8 worlds its bucket is the best." */
export function describeRanks({ numWorlds, best, numBest }: VoteStatistics): string {
  const where = best === 1 ? "the best" : `among the best ${best}`;
  if (numBest === numWorlds) return `In all ${numWorlds} worlds its bucket is ${where}.`;
  if (numBest === 0) return `In none of ${numWorlds} worlds is its bucket ${where}.`;
  return `In ${numBest} of ${numWorlds} worlds its bucket is ${where}.`;
}

/** "Those buckets hold 404 other labels, but none is in more than 2 of them." Empty if it cannot be said. */
export function describeCompany({ numWorlds, numOthers, mostShared, closest }: VoteStatistics, name: string): string {
  if (mostShared === null) return "";
  if (numOthers === 0) return `It has its ${numWorlds} buckets to itself.`;
  const others = `Its ${numWorlds} buckets hold ${numOthers.toLocaleString("en-US")} other labels`;
  if (mostShared === numWorlds && numWorlds > 1)
    return `${closest[0].label} fell into the same bucket in every world: the votes cannot tell it from ${name}.`;
  if (mostShared === 1) return `${others}, but none of them is in more than one: only ${name} is in all.`;
  return `${others}, but none of them is in more than ${mostShared}: only ${name} is in all.`;
}

import { describe, expect, it } from "vitest";
import type { Vote } from "../../src/mach/search-contract.js";
import { describeCompany, describeRanks, voteStatistics } from "../../web/search/vote-statistics.js";

const vote = (world: number, rank: number, others = 15): Vote => ({
  world,
  bucket: 7,
  probability: 0.1,
  rank,
  shared: { count: others, labels: [] },
});
const votes = (ranks: readonly number[]): Vote[] => ranks.map((rank, world) => vote(world, rank));

describe("statistics of votes", () => {
  it("choose the strictest grade that three of four worlds meet", () => {
    const gradeOf = (ranks: readonly number[]): readonly number[] => {
      const { best, numBest } = voteStatistics(votes(ranks));
      return [best, numBest];
    };
    expect(gradeOf([1, 1, 1, 1])).toEqual([1, 4]);
    expect(gradeOf([1, 1, 1, 900])).toEqual([1, 3]);
    expect(gradeOf([1, 1, 3, 900])).toEqual([3, 3]);
    expect(gradeOf([1, 12, 4, 900])).toEqual([12, 3]);
    expect(gradeOf([80, 100, 101, 2])).toEqual([100, 3]);
    expect(gradeOf([500, 600, 700, 800])).toEqual([100, 0]);
  });

  it("count the other labels, and how many buckets the closest of them shares", () => {
    const companions = [
      { label: "a", worlds: [0, 2] },
      { label: "b", worlds: [1, 2] },
      { label: "c", worlds: [3] },
    ];
    const statistics = voteStatistics(votes([1, 2, 1, 4]), companions);
    expect(statistics).toMatchObject({ numWorlds: 4, numOthers: 60, mostShared: 2 });
    expect(statistics.closest.map(({ label }) => label)).toEqual(["a", "b"]);
    expect(voteStatistics(votes([1])).mostShared).toBeNull();
    expect(voteStatistics(votes([1]), []).mostShared).toBe(0);
  });

  it("say in words how well the worlds agree", () => {
    const said = (ranks: readonly number[]): string => describeRanks(voteStatistics(votes(ranks)));
    expect(said([1, 1, 1, 1])).toBe("In all 4 worlds its bucket is the best.");
    expect(said([1, 2, 3, 50])).toBe("In 3 of 4 worlds its bucket is among the best 3.");
    expect(said([500, 600, 700, 800])).toBe("In none of 4 worlds is its bucket among the best 100.");
  });

  it("say in words how close another label comes", () => {
    const said = (companions: Parameters<typeof voteStatistics>[1], others = 15): string =>
      describeCompany(voteStatistics([vote(0, 1, others), vote(1, 1, others)], companions), "it");
    expect(said([{ label: "x", worlds: [0] }])).toBe(
      "Its 2 buckets hold 30 other labels, but none of them is in more than one: only it is in all.",
    );
    expect(said([{ label: "x", worlds: [0, 1] }])).toBe(
      "x fell into the same bucket in every world: the votes cannot tell it from it.",
    );
    expect(said([], 0)).toBe("It has its 2 buckets to itself.");
    expect(said(undefined)).toBe("");
    const three = voteStatistics(votes([1, 1, 1]), [{ label: "x", worlds: [0, 2] }]);
    expect(describeCompany(three, "it")).toBe(
      "Its 3 buckets hold 45 other labels, but none of them is in more than 2: only it is in all.",
    );
  });
});

import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/checkpoint/crc32.js";
import { FORMAT_VERSION, formatManifest, type Manifest, parseManifest } from "../../src/checkpoint/manifest.js";
import { FormatError } from "../../src/core/index.js";
import { sampleManifest } from "./sample-manifest.js";

/** The manifest's text after `change`, with a checksum that fits. */
function edited(change: (manifest: Record<string, unknown>) => void): string {
  const manifest = JSON.parse(JSON.stringify(sampleManifest())) as Record<string, unknown>;
  change(manifest);
  return formatManifest(manifest as unknown as Manifest);
}

describe("manifest", () => {
  it("round-trips", () => {
    const manifest = sampleManifest();
    expect(parseManifest(formatManifest(manifest), "manifest.json")).toEqual(manifest);
    // Reformatting is no damage: the checksum is of the content.
    expect(parseManifest(JSON.stringify(JSON.parse(formatManifest(manifest))), "manifest.json")).toEqual(manifest);
  });

  it("asks for an upgrade when it is newer, whatever else has changed", () => {
    const text = JSON.stringify({ format: "manyworlds", formatVersion: FORMAT_VERSION + 1, quantum: true });
    expect(() => parseManifest(text, "m/manifest.json")).toThrow(
      /^m\/manifest\.json: format version 2 is newer .* upgrade/,
    );
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /expected JSON/],
    ["nothing", "", /expected JSON/],
    ["another kind of file", "[1]", /not the manifest of a model/],
    ["null", "null", /not the manifest of a model/],
    ["a missing field", edited((m) => delete m.hash), /hash: /],
    [
      "an unknown field",
      edited((m) => {
        m.extra = 1;
      }),
      /extra/,
    ],
    [
      "a wrong type",
      edited((m) => {
        m.merge = "maximum";
      }),
      /merge: /,
    ],
    [
      "a path out of the directory",
      edited((m) => {
        m.labelsFile = "../labels.bin";
      }),
      /labelsFile: /,
    ],
    [
      "an absolute path",
      edited((m) => {
        m.vectorizerFile = "/etc/passwd";
      }),
      /vectorizerFile: /,
    ],
    [
      "a file that is not listed",
      edited((m) => {
        m.vectorizerFile = "other.json";
      }),
      /expected other\.json among the files/,
    ],
    [
      "no SHA-256",
      edited((m) => {
        (m.worlds as { sha256: string }[])[0].sha256 = "f00";
      }),
      /worlds\.0\.sha256/,
    ],
    [
      "a world twice",
      edited((m) => {
        (m.worlds as unknown[]).push((m.worlds as unknown[])[0]);
      }),
      /expected worlds ascending/,
    ],
    [
      "a world beyond the hash",
      edited((m) => {
        (m.worlds as { world: number }[])[0].world = 4;
      }),
      /below 4/,
    ],
    [
      "buckets that disagree",
      edited((m) => {
        (m.network as { numBuckets: number }).numBuckets = 7;
      }),
      /equal numbers of buckets/,
    ],
    [
      "a format version of old or none",
      edited((m) => {
        m.formatVersion = 0;
      }),
      /formatVersion/,
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseManifest(text, "m/manifest.json")).toThrow(FormatError);
    expect(() => parseManifest(text, "m/manifest.json")).toThrow(message);
  });

  it("notices every changed digit and a missing checksum", () => {
    const text = formatManifest(sampleManifest());
    for (const match of text.matchAll(/\d/g)) {
      const digit = (Number(match[0]) + 1) % 10;
      const changed = text.slice(0, match.index) + digit + text.slice(match.index + 1);
      let parsed: Manifest | null = null;
      try {
        parsed = parseManifest(changed, "manifest.json");
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
      expect(parsed, text.slice(match.index - 20, match.index + 5)).toBeNull();
    }
    const { checksum: _, ...rest } = JSON.parse(text);
    expect(() => parseManifest(JSON.stringify(rest), "manifest.json")).toThrow(/damaged or edited/);
  });
});

describe("crc32", () => {
  it("gives the standard check value", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

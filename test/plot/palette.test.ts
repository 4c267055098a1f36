/** @file Colours of series stay apart for every kind of colour vision, and stand out from their background. */
import { describe, expect, it } from "vitest";
import { DARK, LIGHT } from "../../src/plot/palette.js";

type Triple = readonly [number, number, number];

/** Rows of matrices on linear RGB, severity 1: Machado, Oliveira, Fernandes, 2009, table 1. */
const VISIONS: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  whole: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function linear(hex: string): Triple {
  const channel = (at: number): number => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const LUMINANCE: Triple = [0.2126729, 0.7151522, 0.072175];

/** CIE L*a*b*, white D65. */
function lab(rgb: Triple): Triple {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f(dot([0.4124564, 0.3575761, 0.1804375], rgb) / 0.95047);
  const y = f(dot(LUMINANCE, rgb));
  const z = f(dot([0.0193339, 0.119192, 0.9503041], rgb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
])("the %s palette", (_, { background, text, muted, series }) => {
  it.each(Object.entries(VISIONS))("keeps its colours apart: %s", (_name, matrix) => {
    const seen = series.map((color) => {
      const rgb = linear(color);
      const clamp = (row: Triple): number => Math.min(1, Math.max(0, dot(row, rgb)));
      return lab([clamp(matrix[0]), clamp(matrix[1]), clamp(matrix[2])]);
    });
    seen.forEach((a, i) => {
      for (const b of seen.slice(i + 1)) expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(33);
    });
  });

  it("stands out from its background: graphics by 3, text by 4.5", () => {
    const contrast = (color: string): number => {
      const [a, b] = [color, background].map((c) => dot(LUMINANCE, linear(c)) + 0.05);
      return Math.max(a, b) / Math.min(a, b);
    };
    for (const color of series) expect(contrast(color)).toBeGreaterThan(3);
    for (const color of [text, muted]) expect(contrast(color)).toBeGreaterThan(4.5);
  });
});

/**
 * @file Where is there room for a label? Text is measured by a rule of thumb, since there is no browser to ask.
 */

/** A rectangle; y grows downwards. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type TextAnchor = "start" | "middle" | "end";

export interface PlacedLabel {
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  readonly anchor: TextAnchor;
}

/** Widths of characters in units of the font's size, those of a wide sans-serif font: a label had better be too short. */
const CHARACTER_WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[iljtfrI.,:;|!'()[\] ]/, 0.4],
  [/[mwMW@%]/, 0.95],
  [/[A-Z]/, 0.72],
];
const CHARACTER_WIDTH = 0.62;

/** Pixels that `text` takes, about. */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const c of text) width += CHARACTER_WIDTHS.find(([pattern]) => pattern.test(c))?.[1] ?? CHARACTER_WIDTH;
  return width * fontSize;
}

/** Moves `tops`, ascending or not, apart to at least `gap` within [low, high], each as little as a single pass allows. */
export function spreadApart(tops: readonly number[], gap: number, low: number, high: number): number[] {
  const order = tops.map((_, i) => i).sort((a, b) => tops[a] - tops[b]);
  const placed = [...tops];
  let least = low;
  for (const i of order) {
    placed[i] = Math.max(placed[i], least);
    least = placed[i] + gap;
  }
  let most = high;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], most);
    most = placed[i] - gap;
  }
  return placed;
}

/**
 * Puts `text` beside the point (x, y): on the side, or at the corner, where it covers the fewest `obstacles` and does not leave `frame`.
 * Adds its box to `obstacles`.
 */
export function placeBeside(
  text: string,
  fontSize: number,
  x: number,
  y: number,
  frame: Box,
  obstacles: Box[],
): PlacedLabel {
  const { label, box } = bestPlace(text, fontSize, x, y, frame, obstacles);
  obstacles.push(box);
  return label;
}

/** As placeBeside, but null, and no box, where the label would cover anything or leave `frame`. */
export function placeIfFree(
  text: string,
  fontSize: number,
  x: number,
  y: number,
  frame: Box,
  obstacles: Box[],
): PlacedLabel | null {
  const { label, box, cost } = bestPlace(text, fontSize, x, y, frame, obstacles);
  if (cost > 0) return null;
  obstacles.push(box);
  return label;
}

function bestPlace(
  text: string,
  fontSize: number,
  x: number,
  y: number,
  frame: Box,
  obstacles: readonly Box[],
): { readonly label: PlacedLabel; readonly box: Box; readonly cost: number } {
  const width = textWidth(text, fontSize);
  const candidates: readonly (PlacedLabel & { readonly left: number })[] = [
    { x: x + 8, y: y + fontSize * 0.35, anchor: "start", left: x + 8 },
    { x, y: y - 9, anchor: "middle", left: x - width / 2 },
    { x, y: y + fontSize + 6, anchor: "middle", left: x - width / 2 },
    { x: x - 8, y: y + fontSize * 0.35, anchor: "end", left: x - 8 - width },
    { x: x + 6, y: y - 9, anchor: "start", left: x + 6 },
    { x: x + 6, y: y + fontSize + 6, anchor: "start", left: x + 6 },
    { x: x - 6, y: y - 9, anchor: "end", left: x - 6 - width },
    { x: x - 6, y: y + fontSize + 6, anchor: "end", left: x - 6 - width },
  ];
  const boxes = candidates.map(({ left, y: baseline }) => ({
    left,
    top: baseline - fontSize,
    width,
    height: fontSize * 1.25,
  }));
  const costs = boxes.map(
    (box) => obstacles.filter((other) => overlap(box, other)).length + (inside(box, frame) ? 0 : 100),
  );
  const best = costs.indexOf(Math.min(...costs));
  const { x: labelX, y: labelY, anchor } = candidates[best];
  return { label: { x: labelX, y: labelY, anchor }, box: boxes[best], cost: costs[best] };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

function inside(box: Box, frame: Box): boolean {
  return (
    box.left >= frame.left &&
    box.left + box.width <= frame.left + frame.width &&
    box.top >= frame.top &&
    box.top + box.height <= frame.top + frame.height
  );
}

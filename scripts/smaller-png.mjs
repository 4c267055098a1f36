/**
 * @file A screenshot in fewer bytes: 256 colours are enough for letters and flat areas. Plain Node, for pictures that are
 * committed.
 *
 * Takes an opaque PNG as browsers write it (8-bit RGB or RGBA, not interlaced), keeps the 256 colours that most pixels
 * have, and gives each other pixel the nearest of them: those are shades within the edges of letters. A palette's numbers
 * are names, whose differences mean nothing: rows are not filtered. Not for photographs.
 *
 * Format: ISO/IEC 15948 (PNG), clauses 5 (chunks), 9 (filters), 11.2 (chunk contents).
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = { 2: 3, 6: 4 };
const PALETTE_TYPE = 3;
const PALETTE_SIZE = 256;

/** `png` with a palette. @throws for PNGs of another kind. */
export function smallerPng(png) {
  const { width, height, colors } = decode(png);
  const palette = commonColors(colors);
  const index = new Map(palette.map((color, i) => [color, i]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = colors[y * width + x];
      let at = index.get(color);
      if (at === undefined) {
        at = nearest(palette, color);
        index.set(color, at);
      }
      rows[y * (width + 1) + 1 + x] = at;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE_TYPE, 0, 0, 0], 8);
  const entries = Buffer.alloc(3 * palette.length);
  for (const [i, color] of palette.entries()) entries.writeUIntBE(color, 3 * i, 3);
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", entries),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** @returns the pixels as 24-bit numbers, row by row. */
function decode(png) {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error("smaller-png: expected a PNG");
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const [depth, type, , , interlace] = png.subarray(24, 29);
  const channels = CHANNELS[type];
  if (depth !== 8 || channels === undefined || interlace !== 0) {
    throw new Error(`smaller-png: expected 8-bit RGB or RGBA, not interlaced, got depth ${depth}, colour type ${type}`);
  }
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const bytes = unfilter(inflateSync(Buffer.concat(parts)), height, width * channels, channels);
  const colors = new Uint32Array(width * height);
  for (let i = 0; i < colors.length; i++) {
    if (channels === 4 && bytes[4 * i + 3] !== 255) throw new Error("smaller-png: expected an opaque picture");
    colors[i] = bytes.readUIntBE(channels * i, 3);
  }
  return { width, height, colors };
}

/** The rows' bytes, as they were before filters (clause 9.2). `step`: bytes of a pixel. */
function unfilter(raw, height, rowBytes, step) {
  const out = Buffer.alloc(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const kind = raw[y * (rowBytes + 1)];
    for (let x = 0; x < rowBytes; x++) {
      const at = y * rowBytes + x;
      const left = x >= step ? out[at - step] : 0;
      const above = y > 0 ? out[at - rowBytes] : 0;
      const corner = x >= step && y > 0 ? out[at - rowBytes - step] : 0;
      out[at] = raw[y * (rowBytes + 1) + 1 + x] + predicted(kind, left, above, corner);
    }
  }
  return out;
}

/** What the filter `kind` took from a byte, given those to the left, above, and above left. */
function predicted(kind, a, b, c) {
  if (kind === 0) return 0;
  if (kind === 1) return a;
  if (kind === 2) return b;
  if (kind === 3) return (a + b) >> 1;
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

function commonColors(colors) {
  const counts = new Map();
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
  return [...counts]
    .sort((x, y) => y[1] - x[1] || x[0] - y[0])
    .slice(0, PALETTE_SIZE)
    .map(([color]) => color);
}

/** Place of the colour of least squared distance. */
function nearest(palette, color) {
  const distance = (other) =>
    [16, 8, 0].reduce((sum, shift) => sum + (((color >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
  return palette.reduce((best, other, i) => (distance(other) < distance(palette[best]) ? i : best), 0);
}

function chunk(name, data) {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(name, 4, "latin1");
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

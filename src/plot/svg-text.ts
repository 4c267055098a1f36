/** @file How do numbers and strings become pieces of SVG? The texts, coordinates and escapes that all charts share. */
import type { TextAnchor } from "./label-placement.js";

/** A <text> element with these classes. */
export function text(x: number, y: number, content: string, classes: string, anchor: TextAnchor = "start"): string {
  const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text class="${classes}" x="${fixed(x)}" y="${fixed(y)}"${anchored}>${escapeXml(content)}</text>`;
}

/** A tenth of a pixel is enough. */
export function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Text as XML allows it: markup escaped, characters that XML forbids left out. */
export function escapeXml(content: string): string {
  return content
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

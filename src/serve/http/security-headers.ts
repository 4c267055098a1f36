/**
 * @file What may a browser do with our answers? Headers that are the same for every answer of a kind, made once.
 *
 *   pages     run our scripts and styles, show our images and those of the image origins, ask us; nothing inline
 *   the rest  nothing at all: JSON that is opened as a page stays text
 */

export type SecurityHeaders = Readonly<Record<string, string>>;

const EVERYWHERE: SecurityHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** Of answers that are data. */
export const DATA_HEADERS: SecurityHeaders = {
  ...EVERYWHERE,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
};

/** Of pages that may show images from `imageOrigins`. */
export function pageHeaders(imageOrigins: readonly string[]): SecurityHeaders {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${["'self'", ...imageOrigins].join(" ")}`,
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return {
    ...EVERYWHERE,
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  };
}

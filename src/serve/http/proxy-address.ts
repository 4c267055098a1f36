/** @file Which proxies may say who asks? Those of an address or a network that the operator names. */
import { isIP } from "node:net";
import { ConfigError } from "../../core/errors.js";

/** `text` if it is an address or a network such as `10.0.0.0/8`. @throws {ConfigError} naming `flag`. */
export function parseProxyAddress(text: string, flag: string): string {
  const [address, bits, ...rest] = text.split("/");
  const version = isIP(address);
  const mostBits = version === 4 ? 32 : 128;
  const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= mostBits);
  if (version !== 0 && isNetwork && rest.length === 0) return text;
  throw new ConfigError(`${flag}: expected an address or a network such as 10.0.0.0/8 or ::1, got "${text}"`);
}

/**
 * @file May a page of another site reach a server that is for this machine alone? It may, by a name of its own that leads to
 * 127.0.0.1 (DNS rebinding): to the browser that name is then the page's own origin. Such requests carry the name in Host.
 *
 * Only a server on a loopback address is guarded, and only where nothing else is: neither keys nor a proxy before it.
 */
import { BlockList, isIPv6 } from "node:net";
import { HttpError } from "./http-error.js";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]"];

export class HostGuard {
  /** Null: any name. */
  private names: ReadonlySet<string> | null = null;

  /** Guards from now on if `address`, on which the server listens, is of this machine alone. @param host its name as given. */
  protect(host: string, address: string): void {
    if (!LOOPBACK.check(address, isIPv6(address) ? "ipv6" : "ipv4")) return;
    this.names = new Set([...LOCAL_NAMES, isIPv6(host) ? `[${host}]` : host].map((name) => name.toLowerCase()));
  }

  /** What a request with this Host header is refused with; null if it is not. No header: no browser sent it. */
  refusalOf(header: string | undefined): HttpError | null {
    if (this.names === null || header === undefined) return null;
    if (this.names.has(header.toLowerCase().replace(/:\d*$/, ""))) return null;
    const names = [...this.names].join(", ");
    return new HttpError(
      421,
      "bad_request",
      `expected Host to be one of ${names}: this server is for its machine alone; behind a proxy start it with --trust-proxy`,
    );
  }
}

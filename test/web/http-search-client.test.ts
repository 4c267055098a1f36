import { describe, expect, it } from "vitest";
import { HttpSearchClient, retryAfterMs } from "../../web/search/http-search-client.js";
import { SearchFailure } from "../../web/search/search-client.js";

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** A client whose requests `answer` answers; what it was asked is kept. */
function clientOf(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetcher = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    asked.push({ url: String(url), init });
    return answer(String(url), init);
  };
  return {
    client: new HttpSearchClient("https://host.example/some/where/?q=x", { fetcher: fetcher as typeof fetch }),
    asked,
  };
}

async function failureOf(promise: Promise<unknown>): Promise<SearchFailure> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SearchFailure);
  return error as SearchFailure;
}

describe("a client over HTTP", () => {
  it("asks beneath the page's own address, and gives what comes", async () => {
    const { client, asked } = clientOf((url) => json(200, { from: url }));
    expect(await client.search({ query: "a", k: 3 })).toEqual({ from: "https://host.example/some/where/v1/search" });
    expect(asked[0].init).toMatchObject({ method: "POST", body: '{"query":"a","k":3}' });
    expect(await client.model()).toEqual({ from: "https://host.example/some/where/v1/model" });
    expect(await client.label(7)).toEqual({ from: "https://host.example/some/where/v1/labels/7" });
  });

  it("gives null for a label that is not there, and fails for a search that is not there", async () => {
    const { client } = clientOf(() => json(404, { error: { code: "not_found", message: "no label 7" } }));
    expect(await client.label(7)).toBeNull();
    expect(await failureOf(client.search({ query: "a" }))).toMatchObject({ kind: "refused", message: "no label 7" });
  });

  it.each([429, 503, 504])("calls %d busy, to be asked again when the server says", async (status) => {
    const error = { error: { code: "overloaded", message: "queue full" } };
    const { client } = clientOf(() => json(status, error, { "retry-after": "3" }));
    expect(await failureOf(client.search({ query: "a" }))).toMatchObject({
      kind: "busy",
      message: "queue full",
      retryAfterMs: 3000,
    });
  });

  it("calls other failures what they are", async () => {
    const kindAt = async (answer: () => Response): Promise<string> =>
      (await failureOf(clientOf(answer).client.model())).kind;
    expect(await kindAt(() => json(400, { error: { code: "bad_request", message: "no" } }))).toBe("refused");
    expect(await kindAt(() => new Response("<html>", { status: 502 }))).toBe("broken");
    expect(await kindAt(() => new Response("{ cut", { status: 200 }))).toBe("broken");
    expect(
      await kindAt(() => {
        throw new TypeError("Failed to fetch");
      }),
    ).toBe("offline");
  });

  it("shows a key once it has one, and keeps it where it is told to", async () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (name: string): string | null => kept.get(name) ?? null,
      setItem: (name: string, value: string): void => void kept.set(name, value),
    };
    const fetcher = (async (_: unknown, { headers }: RequestInit) =>
      (headers as Record<string, string>).authorization === "Bearer s3cret"
        ? json(200, { version: "v" })
        : json(401, { error: { code: "unauthorized", message: "expected a key" } })) as typeof fetch;
    const client = new HttpSearchClient("https://host.example/", { fetcher, storage });
    expect(await failureOf(client.model())).toMatchObject({ kind: "locked", message: "expected a key" });
    client.useKey("s3cret");
    expect(await client.model()).toEqual({ version: "v" });
    expect(await new HttpSearchClient("https://host.example/", { fetcher, storage }).model()).toEqual({ version: "v" });
  });

  it("rejects with the reason of an abort, not as offline", async () => {
    const control = new AbortController();
    const { client } = clientOf(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(new TypeError("aborted")));
        }),
    );
    const answer = client.search({ query: "a" }, control.signal);
    control.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  it("is seconds or a date, within limits", () => {
    expect(retryAfterMs("3", now)).toBe(3000);
    expect(retryAfterMs("Thu, 01 Jan 2026 00:00:05 GMT", now)).toBe(5000);
    expect(retryAfterMs("0", now)).toBe(250);
    expect(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", now)).toBe(250);
    expect(retryAfterMs("86400", now)).toBe(60_000);
    for (const unsaid of [null, "", "soon", "-1s"]) expect(retryAfterMs(unsaid, now)).toBe(2000);
  });
});

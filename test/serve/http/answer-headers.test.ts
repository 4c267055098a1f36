/** @file Do answers carry the headers that caches and clients decide by? */
import { expect, it } from "vitest";
import { PredictionThreadError } from "../../../src/serve/engine/engine-errors.js";
import { createTestServer, errorCode } from "./test-server.js";

it("a thread that died is a fault that may be gone in a second", async () => {
  const { service, search } = await createTestServer();
  service.before = () => {
    throw new PredictionThreadError("a thread died");
  };
  const answer = await search({ query: "a" });
  expect([answer.statusCode, errorCode(answer.body), answer.headers["retry-after"]]).toEqual([503, "internal", "1"]);
});

it("a page's file differs by coding and by origin", async () => {
  const file = {
    url: "/",
    contentType: "text/html; charset=utf-8",
    immutable: false,
    etag: '"1"',
    bytes: { identity: Buffer.from("<!doctype html>") },
  };
  const { get } = await createTestServer({ page: [file], corsOrigins: ["https://shop.example"] });
  const { headers } = await get("/", { origin: "https://shop.example" });
  expect(headers).toMatchObject({
    vary: "accept-encoding, origin",
    "access-control-allow-origin": "https://shop.example",
  });
});

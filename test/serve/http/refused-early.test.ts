/** @file Is a search that the engine has no room for refused before its body is read? */
import { expect, it } from "vitest";
import { OverloadedError } from "../../../src/serve/engine/engine-errors.js";
import { SearchServer } from "../../../src/serve/http/search-server.js";
import { StandInService } from "./stand-in-service.js";

it("answers 503 with Retry-After to a body that it would refuse as malformed, and 400 once there is room", async () => {
  let overload: OverloadedError | null = new OverloadedError("1024 queries wait", 3);
  const service = Object.defineProperty(new StandInService(), "overload", { get: () => overload });
  const server = await SearchServer.create(service);
  const url = await server.listen("127.0.0.1", 0);
  const ask = () => {
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    return fetch(`${url}/v1/search`, request);
  };
  try {
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "3"]);
    expect(await refused.json()).toMatchObject({ error: { code: "overloaded" } });
    overload = null;
    expect((await ask()).status).toBe(400);
  } finally {
    await server.close({ drainMs: 0, graceMs: 0 });
  }
});

/** @file How far had a world come when its last checkpoint was written? Read from the file, as any reader could. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Steps that the checkpoint of `world` holds; 0 if there is none.
 * A safetensors file starts with a header's length (u64, little endian) and the header, JSON.
 */
export function checkpointStep(model: string, world: number): number {
  const path = join(model, "worlds", `world-${String(world).padStart(3, "0")}.partial.safetensors`);
  if (!existsSync(path)) return 0;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    // Gone since: the world is finished.
    return 0;
  }
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
  return (JSON.parse(header.__metadata__.state) as { step: number }).step;
}

/** Waits until the checkpoint of `world` holds at least `step` steps. @throws when that takes too long. */
export async function waitForCheckpoint(model: string, world: number, step: number): Promise<void> {
  for (const startedMs = Date.now(); checkpointStep(model, world) < step; ) {
    if (Date.now() - startedMs > 60_000) throw new Error(`no checkpoint of world ${world} at step ${step}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

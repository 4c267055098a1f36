/** @file Which flags did the user type, and with which words? Parsed values do not say: 1GB has become 1000000000. */
import type { Command } from "commander";
import type { GivenFlag } from "../train/run-history/records.js";

/**
 * Listens while `command` parses. @returns what was typed so far, in the order of first mention, the last value of each;
 * without the flags `except`, given with their dashes.
 */
export function collectTypedFlags(command: Command, except: readonly string[]): () => readonly GivenFlag[] {
  const typed = new Map<string, string | null>();
  for (const option of command.options) {
    const flag = option.long ?? option.flags;
    if (except.includes(flag)) continue;
    command.on(`option:${option.name()}`, (value: string | null | undefined) => typed.set(flag, value ?? null));
  }
  return () => [...typed].map(([flag, value]) => ({ flag, value }));
}

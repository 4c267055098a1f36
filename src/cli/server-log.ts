/**
 * @file Where do a server's log lines go? To a descriptor, without a request waiting for them. Where nobody reads on, lines
 * are dropped rather than kept without end, and how many is said once there is a reader again.
 */
import { type Logger, pino } from "pino";

/** Bytes that wait for a reader: some hundred thousand requests. */
const MOST_WAITING = 16 * 2 ** 20;

/** @param mostWaiting bytes, beyond which lines are dropped. */
export function createServerLog(level: string, fd: number, mostWaiting: number = MOST_WAITING): Logger {
  const destination = pino.destination({ fd, sync: false, maxLength: mostWaiting });
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  let numDropped = 0;
  destination.on("drop", () => {
    numDropped++;
  });
  destination.on("drain", () => {
    if (numDropped === 0) return;
    const counted = numDropped;
    numDropped = 0;
    log.warn({ numDropped: counted }, "lines of this log were dropped: its reader was too slow");
  });
  return log;
}

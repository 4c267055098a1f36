/**
 * @file When is an answer over? When all of it was taken, or when nobody is left to take it.
 *
 * The response says so by `close`, but of pipelined requests only the one whose turn it is: those behind it wait without
 * a socket, and if the connection ends Node forgets them in silence. So the socket is listened to as well, once for all
 * of its answers.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Who waits for the end of a socket. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `listener` once when `response` is over: at once if its connection has ended already.
 * @returns a function that calls it off.
 */
export function onceOver(response: ServerResponse, listener: () => void): () => void {
  const { socket } = response.req;
  const callOff = (): void => {
    response.off("close", end);
    waiting.get(socket)?.delete(end);
  };
  const end = (): void => {
    callOff();
    listener();
  };
  if (socket.destroyed) listener();
  else {
    response.once("close", end);
    listenersOf(socket).add(end);
  }
  return callOff;
}

function listenersOf(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  waiting.set(socket, listeners);
  socket.once("close", () => {
    waiting.delete(socket);
    for (const listener of [...listeners]) listener();
  });
  return listeners;
}

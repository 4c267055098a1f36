/** @file The worker that holds the model: the page never waits for a product of matrices. */
import { ModelAnswers } from "./model-answers.js";
import type { FromWorker, ToWorker } from "./worker-messages.js";

/** The part of a worker's globals that is used; the types of a page's have another postMessage. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const answers = new ModelAnswers((message) => scope.postMessage(message));
scope.onmessage = ({ data }) => void answers.take(data);

/**
 * @file How does a worker answer? The model that it loads, and each question of worker-messages.ts; no worker's globals.
 *
 * Loading starts with the first message. Questions wait for the first world, "model" for all of them, so that what is
 * said of the model is final. A loading that failed is tried again by the next question, for the connection may be back;
 * so are single worlds that failed, by the model itself.
 */
import { ConfigError } from "../../src/core/errors.js";
import { FetchError, type FileFetcher, httpFiles, type LoadProgress, PortableModel } from "../../src/portable/index.js";
import type { FailureKind } from "../search/search-client.js";
import type { FromWorker, Question, ToWorker, WorkerAnswer } from "./worker-messages.js";

export class ModelAnswers {
  private readonly send: (message: FromWorker) => void;
  private readonly filesOf: (base: string) => FileFetcher;
  private readonly running = new Map<number, AbortController>();
  private files: FileFetcher | null = null;
  private loading: Promise<PortableModel> | null = null;
  private progress: LoadProgress | null = null;
  private isDone = false;
  private hasAnswered = false;

  /** `send` carries a message to the page. `filesOf`: how files below an address are fetched; default by HTTP. */
  constructor(send: (message: FromWorker) => void, filesOf: (base: string) => FileFetcher = httpFiles) {
    this.send = send;
    this.filesOf = filesOf;
  }

  /** Takes a message of the page. Resolves when it was answered. */
  async take(message: ToWorker): Promise<void> {
    if ("base" in message) {
      this.files = this.filesOf(message.base);
      await this.model().catch(() => {}); // The questions will say why.
    } else if ("abort" in message) this.running.get(message.id)?.abort();
    else await this.answer(message.id, message);
  }

  private async answer(id: number, question: Question): Promise<void> {
    const control = new AbortController();
    this.running.set(id, control);
    try {
      const answer = await this.answerTo(question, control.signal);
      if (!control.signal.aborted) this.send({ id, answer });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!control.signal.aborted) this.send({ id, failure: { kind: kindOf(error), message } });
    } finally {
      this.running.delete(id);
    }
  }

  private async answerTo(question: Question, signal: AbortSignal): Promise<WorkerAnswer> {
    const model = await this.model();
    if (question.ask === "label") return model.label(question.label);
    if (question.ask === "model") {
      await model.complete;
      return model.model();
    }
    const answer = await model.search(question.request, signal);
    this.hasAnswered = true;
    this.report(model);
    return answer;
  }

  private model(): Promise<PortableModel> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  private async load(): Promise<PortableModel> {
    const { files } = this;
    if (files === null) throw new ConfigError("model: expected the address of its files first");
    // Worlds that the page heard of; while all of them come in, it does not hear of each.
    let told = Number.POSITIVE_INFINITY;
    const tell = (worlds: number): void => {
      if (worlds <= told) return;
      told = worlds;
      if (this.hasAnswered) this.send({ better: true });
    };
    const model: PortableModel = await PortableModel.load({
      files,
      onProgress: (progress) => {
        this.progress = progress;
        if (this.isDone) this.report(model);
        else this.send({ progress: { ...progress, done: false, fetchedBytes: progress.bytes } });
        tell(progress.worlds);
      },
    });
    const first = model.worldNumbers.length;
    void model.complete.then(() => {
      told = first;
      tell(model.worldNumbers.length);
    });
    void model.prefetched.then(() => {
      this.isDone = true;
      this.report(model);
    });
    return model;
  }

  /** Says how much was fetched, if that is final or was final before. */
  private report(model: PortableModel): void {
    if (!this.isDone || this.progress === null) return;
    this.send({ progress: { ...this.progress, done: true, fetchedBytes: model.bytesFetched } });
  }
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof FetchError && error.status === null) return "offline";
  return error instanceof ConfigError ? "refused" : "broken";
}

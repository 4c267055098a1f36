/** @file How much of the model is here? A line above the page: a bar while it comes in, then what was fetched. */
import type { JSX } from "preact";
import type { WorkerProgress } from "./worker-messages.js";

export function LoadingStrip({ progress }: { readonly progress: WorkerProgress | null }): JSX.Element {
  return (
    <aside class="loading-strip numbers" aria-label="The model in this browser">
      <div class="column">
        {progress?.done ? (
          <p>
            Answered by this browser alone; no word leaves it. {megabytes(progress.fetchedBytes)} fetched
            {progress.worlds < progress.numWorlds && `, ${progress.worlds} of ${progress.numWorlds} worlds answer`}.
          </p>
        ) : (
          <>
            <label for="loading">{progress === null ? "The model is coming in." : describe(progress)}</label>
            <progress id="loading" max={progress?.totalBytes ?? 1} value={progress?.bytes ?? 0} />
          </>
        )}
      </div>
    </aside>
  );
}

function describe({ worlds, numWorlds, bytes, totalBytes }: WorkerProgress): string {
  const size = `${megabytes(bytes)} of ${megabytes(totalBytes)}`;
  if (worlds === numWorlds) return `All worlds answer. Frequent words are coming in: ${size}.`;
  return `The model is coming in: ${size}, ${worlds} of ${numWorlds} worlds answer.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

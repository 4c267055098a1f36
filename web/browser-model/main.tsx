/** @file The search page that needs no server: the model lies beside it, in plain files, and answers in a worker. */
import { render } from "preact";
import { startTheme } from "../parts/theme.js";
import { showSearchPage } from "../search/search-page.js";
import { LoadingStrip } from "./loading-strip.js";
import type { WorkerProgress } from "./worker-messages.js";
import { WorkerSearchClient } from "./worker-search-client.js";

startTheme();
const strip = document.getElementById("loading-strip") as HTMLElement;
const show = (progress: WorkerProgress | null): void => render(<LoadingStrip progress={progress} />, strip);
show(null);
const worker = new Worker(new URL("./model-worker.ts", import.meta.url), { type: "module" });
const client = new WorkerSearchClient(worker, new URL("model/", document.baseURI).href, show);
showSearchPage(document.getElementById("page") as HTMLElement, client);

/** @file The search page of a server: asks the server that it came from. */
import { startTheme } from "../parts/theme.js";
import { HttpSearchClient } from "./http-search-client.js";
import { showSearchPage } from "./search-page.js";

startTheme();
const client = new HttpSearchClient(document.baseURI, { storage: tabStorage() });
showSearchPage(document.getElementById("page") as HTMLElement, client);

/** Storage of this tab; null where the browser forbids it. */
function tabStorage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
